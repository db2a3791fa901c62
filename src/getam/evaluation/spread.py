"""This module summarises runs that differ only in their seed: mean, least and greatest score."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from getam.evaluation.text_table import aligned


def spread(values: Sequence[float | None]) -> str:
    """Return "mean (least to greatest)" of the values as text. None values are left out.

    A single value stands alone.

    Examples
    --------
    >>> spread([0.5, 0.7, None])
    '0.600 (0.500 to 0.700)'
    """
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    if len(known) == 1:
        return f"{known[0]:.3f}"
    return f"{statistics.mean(known):.3f} ({min(known):.3f} to {max(known):.3f})"


def spread_table(runs: Sequence[Path]) -> str:
    """Return a table with the spread of every stage and class over several runs.

    Parameters
    ----------
    runs
        The folders of the runs, each with a ``scores.json``.

    Raises
    ------
    FileNotFoundError
        If a run has no scores.
    """
    scores = [read_scores(run) for run in runs]
    rows = [[f"{len(runs)} runs", "mean (least to greatest)"]]
    for stage in scores[0]["stages"]:
        rows.append([stage, spread([each["stages"][stage]["miou"] for each in scores])])
    if "pseudo label" in scores[0]["stages"]:
        ignored = [each["stages"]["pseudo label"]["ignored_share"] for each in scores]
        rows.append(["pseudo label, share ignored", spread(ignored)])
    for name in scores[0].get("iou", {}):
        rows.append([f"  {name}", spread([each["iou"][name] for each in scores])])
    if "tags" in scores[0]:
        rows.append(["tags, mean AP", spread([each["tags"]["mean_ap"] for each in scores])])
    rows.append(["minutes", spread([minutes(run) for run in runs])])
    return aligned(rows)


def read_scores(run: Path) -> dict[str, Any]:
    """Read the scores of a run.

    Raises
    ------
    FileNotFoundError
        If the run has no scores.
    """
    file = run / "scores.json"
    if not file.is_file():
        raise FileNotFoundError(f"there is no {file}: the run is not finished or had no --val")
    scores: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return scores


def minutes(run: Path) -> float:
    """Return the minutes from the first file of a run to its scores."""
    first, last = (run / name for name in ("env.json", "scores.json"))
    return (last.stat().st_mtime - first.stat().st_mtime) / 60
