"""This module reads what a run wrote down about itself."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from getam.evaluation import PhotoSigns
from getam.inference import QUALITY, read_quality
from getam.json_object import json_object
from getam.saliency import origin_of
from getam.training.run_folder import CONFIG, ENVIRONMENT, metrics_of, recorded_settings

SCORES, WEIGHTS = "scores.json", "model.safetensors"

Points = list[tuple[float, float]]
"""The points of a curve: step and value."""


@dataclass(frozen=True)
class RecordedRun:
    """A recorded run holds the contents of a run folder; what is missing is empty.

    Attributes
    ----------
    folder
        The run folder.
    config
        Every setting of the run.
    environment
        The command, the machine and the versions.
    metrics
        The losses and scores over the steps, one entry per line that was logged.
    scores
        The scores at the end of the run.
    signs
        What is known about the masks and tags of photos, from ``quality.json``.
    saliency
        Where the saliency maps come from that the run made of its photos.
    seconds
        The time from the beginning to the finished model; None if it is not known.
    """

    folder: Path
    config: Mapping[str, Any]
    environment: Mapping[str, Any]
    metrics: list[dict[str, Any]]
    scores: Mapping[str, Any]
    signs: list[PhotoSigns]
    saliency: Mapping[str, Any]
    seconds: float | None

    def curves(self, names: Iterable[str]) -> dict[str, Points]:
        """Return the curves of the named figures over the steps."""
        return {
            name: list({e["step"]: e[name] for e in self.metrics if name in e}.items())
            for name in names
        }

    def command(self) -> str:
        """Return a command that makes the same run again, or the one that started the run."""
        if "data" not in self.config:
            return str(self.environment.get("command", ""))
        config = shlex.quote(str(self.folder / CONFIG))
        return f"getam train --config {config} --out {shlex.quote(f'{self.folder}_again')}"


def read_run(folder: str | Path) -> RecordedRun:
    """Read a run folder. A converted model has no record, which is no error.

    Raises
    ------
    ValueError
        If a file of the record is damaged.
    """
    folder = Path(folder)
    return RecordedRun(
        folder,
        recorded_settings(folder) if (folder / CONFIG).is_file() else {},
        _json(folder / ENVIRONMENT),
        metrics_of(folder),
        _json(folder / SCORES),
        [signs for part in read_quality(folder / QUALITY).values() for signs in part],
        origin_of(folder),
        _seconds(folder / ENVIRONMENT, folder / WEIGHTS),
    )


def _json(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    return json_object(file.read_text(encoding="utf-8", errors="replace"), origin=file)


def _seconds(first: Path, last: Path) -> float | None:
    if not first.is_file() or not last.is_file():
        return None
    return last.stat().st_mtime - first.stat().st_mtime
