"""The pages of the demonstration show the figures of its run."""

import json
from pathlib import Path

from getam.demo.pages import curves


def test_curves_begin_where_a_figure_first_occurs(tmp_path: Path) -> None:
    lines = [
        {"step": 10, "mAP": 0.1},
        {"step": 10, "epoch": 1, "mAP": 0.1},
        {"step": 20, "mAP": 0.2, "segmentation": 3.0},
    ]
    (tmp_path / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert curves(tmp_path, "mAP", "segmentation") == {
        "mAP": [(10, 0.1), (20, 0.2)],
        "segmentation": [(20, 3.0)],
    }
