"""Tables hold the figures of a run, and no column about which nothing is known."""

from pathlib import Path

from evaluation.test_quality import changed

from getam.evaluation import PhotoSigns
from getam.run_report.recorded_run import RecordedRun
from getam.run_report.tables import charts, class_table, stage_table

SCORES = {
    "miou": 0.5,
    "iou": {"background": 0.9, "cat": 0.1, "cow": None},
    "recall": {"background": 0.8, "cat": 0.2, "cow": None},
    "precision": {"background": 0.7, "cat": 0.3, "cow": None},
    "tags": {
        "mean_ap": 0.4,
        "ap": {"cat": 0.4, "cow": None, "dog": 1.0},
        "shown": {"cat": 5, "cow": 0, "dog": 4},
    },
    "stages": {
        "raw map": {
            "miou": 0.3,
            "ignored_share": 0.0,
            "threshold": 0.25,
            "curve": [{"threshold": 0.25, "miou": 0.3}, {"threshold": 0.5, "miou": 0.2}],
        },
        "prediction": {"miou": 0.5, "ignored_share": 0.125},
    },
}
SIGNS = [
    PhotoSigns("1", {"cat": changed(label_told=0.2), "dog": changed(label_told=0.6)}),
    PhotoSigns("2", {"cat": changed(label_told=0.4)}),
]


def run(**parts):
    empty = {
        "config": {},
        "environment": {},
        "metrics": [],
        "scores": {},
        "signs": [],
        "saliency": {},
    }
    return RecordedRun(folder=Path("run"), seconds=None, **{**empty, **parts})


def test_every_class_has_its_figures(source):
    table = class_table(run(scores=SCORES), source, SIGNS)
    rows = {row[0]: row[1:] for row in table.rows}
    assert table.head[1:] == [
        "Photos trained on",
        "Photos scored (n)",
        "How reliably the tag is recognised",
        "How much of each object was found",
        "How much of the mask is right",
        "Overlap with the true outline",
        "Quality found without true masks",
    ]
    assert rows["cat"][:6] == ["1", "5", 0.4, 0.2, 0.3, 0.1]
    assert abs(rows["cat"][6] - 0.3) < 1e-9
    assert rows["cow"] == ["2", "0", "too few to tell", None, None, None, None]
    assert rows["dog"] == ["2", "4", "too few to tell", None, None, None, 0.6]
    assert rows["background"] == [None, None, None, 0.8, 0.7, 0.9, None]
    assert table.note.startswith("Figures of masks compare")
    assert "of which n show the class. Fewer than 5 are too few to tell" in table.note


def test_columns_about_which_nothing_is_known_are_left_out():
    table = class_table(run(), None, SIGNS)
    assert table.head == ["Class", "Quality found without true masks"]
    assert table.note == "The quality score needs no true mask."
    assert class_table(run(), None, []).rows == []


def test_steps_and_curves():
    assert stage_table(run()).rows == []
    first, last = stage_table(run(scores=SCORES)).rows
    assert (first[1:], last[1:]) == ([0.3, 0.0, "0.25"], [0.5, 0.125, None])
    metrics = [{"step": 1, "classification": 0.7, "mAP": 0.2}, {"step": 2, "segmentation": 0.5}]
    losses, tags, thresholds = charts(run(scores=SCORES, metrics=metrics))
    assert losses.lines["tags"] == [(1, 0.7)]
    assert losses.lines["masks"] == [(2, 0.5)]
    assert tags.lines == {"mean average precision": [(1, 0.2)]}
    assert list(thresholds.lines.values()) == [[(0.25, 0.3), (0.5, 0.2)]]
