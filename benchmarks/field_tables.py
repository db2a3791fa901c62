"""The tables of the field, of its ceiling, of what was tried to get ahead, and of a GPU."""

from statistics import mean
from typing import Any

from accelerator import RESULTS as ACCELERATOR
from ceiling import RESULTS as CEILING
from field import COST
from field import RESULTS as FIELD
from rows import read_rows
from trials import RESULTS as TRIALS
from whole import RESULTS as WHOLE

from getam.evaluation import spread

LINES = list[list[str]]
TRIED = {
    "default": "the default",
    "own50": "from half of the run on, labels are the network's own masks, told the tags",
    "own70": "the same, from 0.7 on",
    "own70sure": "the same, undecided below 0.8",
    "own70all": "the same, nothing undecided",
    "layer decay": "each block learns at 0.75 of the rate of the next",
    "decay and rate": "the same with twice the rate, and no block frozen",
    "drop path": "stochastic depth 0.1",
    "mixed": "the classifier sees two photos mixed, too",
    "robust": "a loss that bends for wrong labels (generalised cross entropy, q 0.5)",
    "plain": "every pixel counts alike, background or not",
    "epochs 9": "9 epochs instead of 6",
    "jitter": "colours change twice as much",
    "scale": "smaller photos, too (0.7 to 1.8)",
    "ema": "weights averaged over 0.3 of the run",
    "joint 025": "masks from a quarter of the run on",
    "crop 256": "crops of 256 pixels",
    "d1": "stochastic depth 0.1, thresholds 0.45 and 0.65",
    "d2": "the same, rates by layer, nothing frozen",
    "d3": "the same, tags count twice",
    "d6": "as d2, masks from a quarter on, averaged over 0.3",
    "d4": "as d1, tags count twice \\*",
}
SEEDS = (1, 2, 3)
SHOWN = {"default": "the default", "d1": TRIED["d1"], "d4": TRIED["d4"]}


def figure(value: float | None) -> str:
    """Write a score."""
    return "" if value is None else f"{value:.3f}"


def field() -> tuple[list[str], LINES]:
    """Return the rows of the field, the best prediction first."""
    rows, costs = read_rows(FIELD), read_rows(COST)
    lines = []
    for key in sorted(rows, key=lambda name: -rows[name]["scores"]["prediction"]):
        row, method = rows[key], key.partition(" (seed")[0]
        own = [figure(row["own"][name]) for name in ("raw map", "refined map", "pseudo label")]
        scores = [figure(row["scores"]["prediction"]), figure(row["full test"])]
        ignored = figure(row["own"]["ignored"])
        cost = [f"{costs[method][of]:.2f}" for of in ("ratio", "memory ratio")]
        lines.append([method, figure(row["tags"]), *own, ignored, *scores, *cost])
    head = ["method", "tag AP", "raw map", "refined map", "pseudo label", "ignored", "prediction"]
    return [*head, "full test", "time", "memory"], lines


def ceiling() -> tuple[list[str], LINES]:
    """Return what true masks give, beside what the default makes of tags alone."""
    rows, trials, whole = read_rows(CEILING), read_rows(TRIALS), read_rows(WHOLE)
    lines = []
    for name, shown, others in (
        (
            "short",
            "300 photos, scored on the choosing photos",
            first_three(trials, "field/default"),
        ),
        ("whole", "all photos, scored on `val`", seeds(whole, "default")),
    ):
        for stage in ("prediction, one plain pass", "prediction"):
            best, ours = (scores(own, stage) for own in (seeds(rows, name), others))
            if best and ours:
                share = f"{mean(ours) / mean(best):.2f}"
                lines.append([shown, stage, spread(best), spread(ours), share])
    return ["", "stage", "true masks", "tags alone", "share of it"], lines


def tried() -> tuple[list[str], LINES]:
    """Return the short trials, as means over their seeds."""
    trials = read_rows(TRIALS)
    lines = []
    for name, shown in TRIED.items():
        key = "field/default" if name == "default" else f"ahead/{name}"
        rows = [trials[k] for k in (f"{key} (seed {seed})" for seed in SEEDS) if k in trials]
        stages = [spread(scores(rows, stage)) for stage in ("pseudo label", "prediction")]
        lines.append([shown, str(len(rows)), *stages])
    return ["what was changed", "seeds", "pseudo label", "prediction"], lines


def ahead() -> tuple[list[str], LINES]:
    """Return whole runs, scored on `val`."""
    rows = read_rows(WHOLE)
    stages = ["pseudo label", "prediction, one plain pass", "prediction"]
    lines = []
    for name, shown in SHOWN.items():
        own = seeds(rows, name)
        full = spread([row["full test"] for row in own])
        lines.append([shown, *(spread(scores(own, stage)) for stage in stages), full])
    return ["", *stages, "full test"], lines


def joint_steps() -> tuple[list[str], LINES]:
    """Return the training steps that were measured on a GPU."""
    head = ["photos a second", "classification step, seconds", "gigabytes", "host waits"]
    head = ["seconds", *head, "share of the bf16 rate"]
    return ["joint step", *head], columns("joint step, ", head)


def device_maps() -> tuple[list[str], LINES]:
    """Return the maps that were measured on a GPU."""
    head = ["seconds", "forward", "ratio", "host waits"]
    return ["maps", *head], columns("maps, ", head)


def beside_processor() -> tuple[list[str], LINES]:
    """Return what was measured on a GPU and on the processor beside it."""
    head = ["seconds", "same on the processor"]
    return ["", *head], [*columns("pamr, ", head, "PAMR, "), *columns("crf, ", head, "CRF, ")]


def columns(begin: str, names: list[str], shown: str = "") -> LINES:
    """Return some figures of the rows whose name begins so."""
    rows = read_rows(ACCELERATOR)
    return [
        [shown + key.removeprefix(begin), *(str(row[name]) for name in names)]
        for key, row in rows.items()
        if key.startswith(begin)
    ]


def seeds(rows: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the rows of all seeds of a name."""
    return [row for key, row in rows.items() if key == name or key.startswith(f"{name} (seed")]


def first_three(rows: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the rows of seeds 0, 1 and 2 of a name; seed 0 has no mark."""
    return [rows[key] for key in (name, f"{name} (seed 1)", f"{name} (seed 2)") if key in rows]


def scores(rows: list[dict[str, Any]], stage: str) -> list[float]:
    """Return the scores of a stage that rows have."""
    return [row["scores"][stage] for row in rows if stage in row["scores"]]
