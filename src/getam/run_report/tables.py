"""This module turns the figures of a run into tables and charts that need no special knowledge."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from getam.data import Source
from getam.evaluation import PhotoSigns, class_qualities
from getam.evaluation.tag_scores import FEWEST, TOO_FEW
from getam.report import Chart, Table
from getam.run_report.recorded_run import RecordedRun

STAGES = {
    "raw map": "First hint: where the network looked (activation map)",
    "refined map": "Hint moved to the edges in the photo (refined map)",
    "pseudo label": "Mask made from the tags (pseudo label)",
    "prediction, one plain pass": "Mask of the trained network, one look (prediction)",
    "prediction": "Mask of the trained network (prediction)",
}
"""The titles of the steps on the way to a mask, in words that need no special knowledge."""

LOSSES = {
    "classification": "tags",
    "segmentation": "masks",
    "saliency": "saliency maps",
    "energy": "edges",
}
"""The parts of the loss, by what they teach."""

NOTES = {
    "Overlap with the true outline": "Figures of masks compare the masks of the trained network "
    "with true masks of photos that it was not trained on; 100 % is perfect.",
    "How reliably the tag is recognised": "The reliability of a tag is its average precision: "
    "100 % means that every photo that shows the class is ranked before every photo that does not. "
    "It is measured on photos that the network was not trained on, of which n show the class. "
    f"Fewer than {FEWEST} are {TOO_FEW}: the figure would be chance.",
    "Quality found without true masks": "The quality score needs no true mask.",
}
"""What must be known about a column of the table of classes, by its title."""


def class_table(run: RecordedRun, trained: Source | None, signs: Sequence[PhotoSigns]) -> Table:
    """Return a table with a row per class; columns about which nothing is known are left out."""
    shown = Counter(n for r in (trained.records if trained else ()) for n in r.labels or ())
    qualities = class_qualities(signs)
    scores, tags = run.scores, run.scores.get("tags", {})
    columns: dict[str, Mapping[str, Any]] = {
        "Photos trained on": {name: str(count) for name, count in shown.items()},
        "Photos scored (n)": {name: str(n) for name, n in tags.get("shown", {}).items()},
        "How reliably the tag is recognised": {
            name: tags["ap"][name] if n >= FEWEST else TOO_FEW
            for name, n in tags.get("shown", {}).items()
        },
        "How much of each object was found": scores.get("recall", {}),
        "How much of the mask is right": scores.get("precision", {}),
        "Overlap with the true outline": scores.get("iou", {}),
        "Quality found without true masks": qualities,
    }
    known = {title: column for title, column in columns.items() if column}
    names = list(dict.fromkeys(n for column in known.values() for n in column))
    return Table(
        "Class by class",
        " ".join(note for title, note in NOTES.items() if title in known),
        ["Class", *known],
        [[name, *(column.get(name) for column in known.values())] for name in names],
    )


def stage_table(run: RecordedRun) -> Table:
    """Return a table with a row per step on the way to a mask, empty without true masks."""
    stages: Mapping[str, Any] = run.scores.get("stages", {})
    return Table(
        "Step by step",
        "The overlap is the mean over all classes and the background (mean IoU). A hint becomes a "
        "mask where it is stronger than a threshold; the table shows the best one. Pixels that a "
        "mask leaves undecided are not counted.",
        ["Step", "Overlap with the true outlines", "Left undecided", "Best threshold"],
        [
            [
                STAGES.get(name, name),
                stage["miou"],
                stage["ignored_share"],
                f"{stage['threshold']:.2f}" if "threshold" in stage else None,
            ]
            for name, stage in stages.items()
        ],
    )


def charts(run: RecordedRun) -> list[Chart]:
    """Return the charts of losses, tags and thresholds."""
    losses = {LOSSES[name]: points for name, points in run.curves(LOSSES).items()}
    curves = {
        STAGES[name]: [(p["threshold"], p["miou"]) for p in stage["curve"]]
        for name, stage in run.scores.get("stages", {}).items()
        if "curve" in stage
    }
    return [
        Chart(
            "What the network still gets wrong",
            "Lower is better. The masks are learnt in the second part of the training, so their "
            "line begins later.",
            "training step",
            losses,
        ),
        Chart(
            "How reliably tags are recognised",
            "1 is perfect. These are photos that the network trains on.",
            "training step",
            {"mean average precision": run.curves(["mAP"])["mAP"]},
        ),
        Chart(
            "How strong a hint must be to become a mask",
            "Overlap with the true outlines by threshold; the top of a line is the best threshold.",
            "threshold",
            curves,
        ),
    ]
