"""This module says how a run was made: its time, settings, machine and versions."""

from collections.abc import Mapping
from typing import Any

from getam.run_report.recorded_run import RecordedRun


def facts(run: RecordedRun) -> dict[str, Mapping[str, object]]:
    """Return the facts of each heading, by their names."""
    environment = {n: v for n, v in run.environment.items() if n != "versions"}
    saliency = {"Saliency maps": run.saliency} if run.saliency else {}
    return {
        "Time": timing(run),
        "Settings": run.config,
        **saliency,
        "Machine": environment,
        "Versions": run.environment.get("versions", {}),
    }


def timing(run: RecordedRun) -> dict[str, str]:
    """Return how long the run took and how fast its parts were."""
    found: dict[str, str] = {}
    if run.seconds is not None:
        found["training"] = duration(run.seconds)
    speeds: dict[str, float] = {e["phase"]: e["images_per_second"] for e in phases(run.metrics)}
    words = {"classification": "learning the tags", "joint": "learning the masks"}
    found |= {words.get(n, n): f"{speed:.1f} photos per second" for n, speed in speeds.items()}
    scored = run.scores.get("seconds")
    return found | ({} if scored is None else {"scoring": duration(scored)})


def phases(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries that name the phase of the training and its speed."""
    return [entry for entry in metrics if "phase" in entry and "images_per_second" in entry]


def duration(seconds: float) -> str:
    """Return a time in words.

    Examples
    --------
    >>> duration(2.31), duration(125), duration(7380)
    ('2.3 s', '2 min 05 s', '2 h 03 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
