"""What the demonstration leaves behind: scores, example pictures and one page with everything."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from getam.data import Source
from getam.evaluation import StageScores
from getam.files import whole_file
from getam.inference import NOT_TRAINED_ON, TRAINED_ON
from getam.model import load_model
from getam.run_report import report_run


def write_pages(
    out: Path, stages: StageScores, sources: Mapping[str, Source], *, seconds: float, device: str
) -> None:
    """Write ``scores.json``, ``examples.jpg`` and ``report.html``.

    Parameters
    ----------
    out
        Folder of the demonstration; holds the run on scenes, ``run``.
    stages
        Scores on the unseen scenes.
    sources
        The scenes, ``train`` and ``val``.
    seconds
        That the whole demonstration took.
    device
        The device on which the steps of the pictures are computed.
    """
    scores = {**stages.to_dict(), "seconds": round(seconds, 1)}
    with whole_file(out / "scores.json") as path:
        path.write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
    shutil.copyfile(out / "run" / "samples" / "val.jpg", out / "examples.jpg")
    report_run(
        out / "run",
        {TRAINED_ON: sources["train"], NOT_TRAINED_ON: sources["val"]},
        model=load_model(out / "run", device=device),
        out=out / "report.html",
        title="GETAM demo: handwritten digits, learned from tags",
        workers=0,
    )
