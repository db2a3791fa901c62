"""What the demonstration leaves behind: scores, example pictures and one page with everything."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from getam.evaluation import StageScores
from getam.files import whole_file
from getam.report import write_html

Points = list[tuple[float, float]]


def write_pages(
    out: Path, stages: StageScores, *, seconds: float, settings: Mapping[str, object]
) -> None:
    """Write ``scores.json``, ``examples.jpg`` and ``report.html``.

    Parameters
    ----------
    out
        Folder of the demonstration; holds the run on scenes, ``run``.
    stages
        Scores on the unseen scenes.
    seconds
        That the whole demonstration took.
    settings
        Of the training on scenes, for the page.
    """
    scores = {**stages.to_dict(), "seconds": round(seconds, 1)}
    with whole_file(out / "scores.json") as path:
        path.write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
    last = max((out / "run" / "samples").glob("epoch*.jpg"))
    shutil.copyfile(out / "run" / "samples" / "val.jpg", out / "examples.jpg")
    write_html(
        out / "report.html",
        title="GETAM demo: handwritten digits, learned from tags",
        scores=stages,
        pictures={
            "scenes with unseen digits on unseen photos": out / "examples.jpg",
            "the last training batch": last,
        },
        facts={
            "whole demo": {"seconds": f"{seconds:.0f}", "command": "getam demo"},
            "training on scenes": settings,
        },
        curves={"scenes": curves(out / "run", "classification", "segmentation", "mAP")},
    )


def curves(run: Path, *names: str) -> dict[str, Points]:
    """Return figures of a run over its steps, by name; a figure begins where it first occurs."""
    lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    return {
        name: list({e["step"]: e[name] for e in entries if name in e}.items()) for name in names
    }
