"""A run folder holds configuration, environment and metrics; no accident overwrites it."""

import json
import logging
import os
import re
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from getam.data import Source
from getam.doctor import machine
from getam.evaluation.scores import without_nan
from getam.files import naming, sync, whole_file
from getam.inference import QUALITY
from getam.json_object import json_object
from getam.network import DESCRIPTION, WEIGHTS
from getam.plain_yaml import read_yaml
from getam.ranks import is_first
from getam.saliency import FOLDER, is_made
from getam.training.checkpoint import CHECKPOINT, has_checkpoint
from getam.training.corrected_photos import CORRECTED
from getam.training.frozen import FEATURES, LABELS, holds_features
from getam.training.loggers import LOGGERS
from getam.training.pictures import SAMPLES
from getam.training.train_photos import LEFT_OUT, TRAIN_PHOTOS, trained_on

logger = logging.getLogger(__name__)

CONFIG, ENVIRONMENT, METRICS = "config.yaml", "env.json", "metrics.jsonl"
VAL_PHOTOS = "val_photos.txt"  # the photos of a run that were scored and not trained on

WRITTEN = (CONFIG, ENVIRONMENT, METRICS, VAL_PHOTOS, TRAIN_PHOTOS, LEFT_OUT, CORRECTED, LABELS)
"""These files of a run may be there before its first checkpoint. A new run writes them anew."""

LATER = (CHECKPOINT, WEIGHTS, DESCRIPTION, "scores.json", QUALITY)
"""These files of a run come with its first checkpoint and at its end."""

FREE = frozenset(
    ("workers", "device", "devices", "strict", "out", "loggers", "save_minutes")
    + ("activation_checkpointing", "cache")
)
"""These settings may change when a run goes on."""

MOVABLE = frozenset({"data", "labels", "truth", "corrected"})
"""These inputs of a run may lie elsewhere when it goes on.

The tags and the corrected masks are compared by what they hold, photos by their ids, and masks to
score with are never learnt from. So may a folder of saliency maps; see `movable`."""


class RunFolder:
    """A run folder is where a run writes; nothing is written before :meth:`begin`.

    Parameters
    ----------
    path
        A new or empty folder, or that of a run that was killed before its first checkpoint.
    config
        Every setting of the run, written to ``config.yaml``.
    resume
        Go on in a folder that holds a run; without it such a folder is refused.

    Raises
    ------
    FileExistsError
        If the folder holds a run and ``resume`` is off, or anything else but a run.
    FileNotFoundError
        If ``resume`` is on and there is no run.
    ValueError
        If ``resume`` is on with other settings than the run began with, but for those of `FREE` and
        `MOVABLE`.
    """

    def __init__(self, path: Path, config: Mapping[str, Any], *, resume: bool = False) -> None:
        self.path = path
        # Plain values, as YAML reads them.
        self.config: dict[str, Any] = json.loads(json.dumps(config, default=str))
        self.resume = resume
        if resume:
            may_move = movable(path, self.config)
            check_same(path, self.config, free=FREE | may_move)
            moved = {name: self.config[name] for name in may_move & self.config.keys()}
            self.config = recorded_settings(path) | moved
        else:
            check_new(path)

    def begin(self) -> None:
        """Write the settings and the environment; a resumed run notes only where its inputs are.

        Files that a killed run left half-written are removed, and all that a run left which was
        killed before its first checkpoint.
        """
        for cut in filter(is_half_written, [*self.path.glob("*"), *self.path.glob(f"{SAMPLES}/*")]):
            cut.unlink()
        if not self.resume:
            check_new(self.path)  # again: another process may have trained here meanwhile
            # The environment comes first: it tells a run from a folder with settings of the user.
            with whole_file(self.path / ENVIRONMENT) as temporary:
                temporary.write_text(json.dumps(environment(), indent=2) + "\n")
            for name in set(WRITTEN) - {ENVIRONMENT}:
                (self.path / name).unlink(missing_ok=True)
        with whole_file(self.path / CONFIG) as temporary:
            temporary.write_text(yaml.safe_dump(self.config, sort_keys=False))
            sync(temporary)

    def write_val_photos(self, photos: Sequence[Path]) -> None:
        """Write the paths of the photos to score, one per line; see `val_photos_of`."""
        with whole_file(self.path / VAL_PHOTOS) as temporary:
            temporary.write_bytes(b"".join(os.fsencode(photo) + b"\n" for photo in photos))

    def log(self, entry: Mapping[str, Any]) -> None:
        """Append one line to ``metrics.jsonl``."""
        with naming(self.path / METRICS), (self.path / METRICS).open("a") as file:
            file.write(json.dumps(without_nan(dict(entry)), allow_nan=False) + "\n")

    def metrics(self) -> list[dict[str, Any]]:
        """Return everything logged so far; see `metrics_of`."""
        return metrics_of(self.path)

    def forget_after(self, step: int) -> None:
        """Drop what was logged after ``step``: a resumed run writes it again."""
        kept = [json.dumps(entry) + "\n" for entry in self.metrics() if entry["step"] <= step]
        with whole_file(self.path / METRICS) as temporary:
            temporary.write_text("".join(kept))

    def keep_log(self) -> None:
        """Wait until what was logged is on the disk, where a loss of power leaves it."""
        if (self.path / METRICS).exists():
            sync(self.path / METRICS)


def is_new(folder: Path) -> bool:
    """Return whether a run may begin in a folder: it holds nothing that could be lost.

    A run that was killed before its first checkpoint left only files that the next one writes anew.
    """
    if not folder.is_dir():
        return not folder.exists()
    paths = {path.name: path for path in folder.iterdir() if not is_half_written(path)}
    if FOLDER in paths and is_made(paths[FOLDER]):  # before the run begins
        del paths[FOLDER]
    if FEATURES in paths and holds_features(paths[FEATURES]):
        del paths[FEATURES]
    if ENVIRONMENT not in paths:  # a run writes it first, so all that is here is somebody else's
        return not paths
    if SAMPLES in paths and holds_pictures(paths[SAMPLES]):
        del paths[SAMPLES]
    return paths.keys() <= {*WRITTEN, *(known.folder for known in LOGGERS.values())}


def is_half_written(path: Path) -> bool:
    """Return whether a file is what `whole_file` leaves when its process is killed."""
    found = re.fullmatch(r"\.(.+)\.\d+(\.\w+)", path.name)
    name = "".join(found.groups()) if found else ""
    if path.parent.name == SAMPLES:
        return re.fullmatch(r"(epoch\d+|val)\.jpg", name) is not None
    return name in (*WRITTEN, *LATER)


def holds_pictures(folder: Path) -> bool:
    """Return whether a folder holds nothing but the pictures of epochs."""
    return folder.is_dir() and all(
        re.fullmatch(r"epoch\d+\.jpg", path.name) or is_half_written(path)
        for path in folder.iterdir()
    )


def was_cut_short(folder: Path) -> bool:
    """Return whether a folder holds what a run left that was killed before its first checkpoint."""
    return folder.is_dir() and any(folder.iterdir()) and is_new(folder)


def goes_on(folder: Path, *, resume: bool) -> bool:
    """Return whether a run goes on in a folder, as ``resume`` asks, or begins there.

    A run that was killed before its first checkpoint begins anew, and one line says so. A job that
    is always started again with ``--resume`` therefore never gets stuck.
    """
    if not (resume and was_cut_short(folder)):
        return resume
    if is_first():
        logger.warning("the run in %s had no checkpoint yet, so it begins anew", folder)
    return False


def val_photos_of(folder: Path) -> list[Path]:
    """Return the photos that a run was scored on, or none if it does not name any."""
    file = folder / VAL_PHOTOS
    lines = file.read_bytes().split(b"\n") if file.is_file() else []
    return [Path(os.fsdecode(line)) for line in lines if line]


def held_out_of(folder: Path, source: Source) -> set[str] | None:
    """Return the ids of the photos that a run held out, wherever they lie now.

    A run held a photo out if it did not train on it, and if its list of photos to score has a file
    of that name. So true masks that are drawn later do not change which photos train.

    Parameters
    ----------
    folder
        The run folder.
    source
        The photos of the run, those to train on and those held out.

    Returns
    -------
    set of str or None
        None if the run has not recorded yet which photos it trains on.

    Raises
    ------
    ValueError
        If ``train_photos.json`` is damaged.
    """
    trained = trained_on(folder)
    if trained is None:
        return None
    scored = {photo.name for photo in val_photos_of(folder)}
    return {r.id for r in source.records if r.id not in trained and r.image.name in scored}


def check_listable(photos: Sequence[Path]) -> None:
    """Raise a ValueError if the path of a photo cannot stand in one line of a list."""
    broken = next((str(photo) for photo in photos if "\n" in str(photo)), None)
    if broken is not None:
        raise ValueError(
            f"the name of the photo {broken!r} has a line break, which {VAL_PHOTOS} cannot hold: "
            "rename the photo or its folder"
        )


def metrics_of(folder: Path) -> list[dict[str, Any]]:
    """Return everything that a run logged, without a last line that was cut off.

    Raises
    ------
    ValueError
        If another line is damaged.
    """
    file = folder / METRICS
    lines = file.read_text(errors="replace").splitlines(keepends=True) if file.exists() else []
    whole = [line for line in lines if line.endswith("\n")]
    return [json_object(t, origin=f"line {n} of {file}") for n, t in enumerate(whole, start=1)]


def check_new(folder: Path) -> None:
    """Raise a FileExistsError if a folder holds anything that a new run could destroy."""
    if folder.is_file():
        raise FileExistsError(f"out: {folder} is a file: choose a folder")
    if not is_new(folder):
        hint = ", or go on with --resume" if has_checkpoint(folder) else ""
        raise FileExistsError(f"out: {folder} is not empty: choose another folder{hint}")


def movable(folder: Path, config: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the inputs that may lie elsewhere when the run in a folder goes on.

    A folder of saliency maps may. The name of a provider, which makes other maps, may not become a
    folder, nor may maps come or go.
    """
    given = (recorded_settings(folder).get("saliency"), config.get("saliency"))
    folders = all(value is not None and Path(value).is_absolute() for value in given)
    return MOVABLE | {"saliency"} if folders else MOVABLE


def check_same(folder: Path, config: Mapping[str, Any], *, free: Collection[str] = FREE) -> None:
    """Raise an error if the run in a folder began with other settings than these.

    Parameters
    ----------
    folder
        The run folder.
    config
        The settings, as plain values.
    free
        The names of the settings that may differ.

    Raises
    ------
    FileNotFoundError
        If there is no run.
    ValueError
        For the first setting that differs.
    """
    began = recorded_settings(folder)
    changed = [name for name in config if name not in free and began.get(name) != config[name]]
    if changed:
        name = changed[0]
        raise ValueError(
            f"{name} is {config[name]!r}, but the run in {folder} began with "
            f"{began.get(name)!r}: resume with the same settings"
        )


def recorded_settings(folder: Path) -> dict[str, Any]:
    """Return the settings that a run began with.

    Raises
    ------
    FileNotFoundError
        If the folder holds no run.
    ValueError
        If the file of the settings is damaged.
    """
    file = folder / CONFIG
    if not file.is_file():
        raise FileNotFoundError(f"nothing to resume: {folder} holds no {CONFIG}")
    try:
        settings = read_yaml(file.read_text(errors="replace"))
    except ValueError as error:
        settings = str(error)
    if not isinstance(settings, dict):
        raise ValueError(f"{file} is damaged ({settings or 'empty'}): restore it, or move it away")
    return settings


def environment() -> dict[str, Any]:
    """Return machine, versions and command, so that a result can be traced."""
    return {
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        **machine(),
    }
