"""The demonstration leaves scores, example pictures and one page behind."""

import json
import re
from dataclasses import replace

from getam.demo.pages import write_pages
from getam.inference import NOT_TRAINED_ON, TRAINED_ON, score_stages
from getam.model import save_model


def test_scores_pictures_and_page_of_a_run(model, source, tmp_path):
    save_model(model, tmp_path / "run")
    (tmp_path / "run" / "samples").mkdir()
    (tmp_path / "run" / "samples" / "val.jpg").write_bytes(b"pictures")
    first, second = (replace(source, records=(record,)) for record in source.records[:2])
    stages = score_stages(model, second, workers=0)
    write_pages(tmp_path, stages, {"train": first, "val": second}, seconds=12.34, device="cpu")
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores == json.loads(json.dumps({**stages.to_dict(), "seconds": 12.3}))
    assert (tmp_path / "examples.jpg").read_bytes() == b"pictures"
    page = (tmp_path / "report.html").read_text()
    assert "GETAM demo: handwritten digits, learned from tags" in page
    shown = re.findall(r'data-name="(\w+)".*data-part="([\w ]+)"', page)
    assert sorted(shown) == [("a", TRAINED_ON), ("b", NOT_TRAINED_ON)]
