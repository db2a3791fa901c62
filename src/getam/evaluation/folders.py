"""This module scores a folder of predicted masks against a folder of true masks."""

import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from getam.elsewhere import located
from getam.evaluation.confusion import ConfusionMatrix
from getam.evaluation.scores import Scores
from getam.open_picture import open_picture
from getam.vocabulary import IGNORE

THREADS = 8
"""Number of masks that are read at once. Decoding a PNG releases the interpreter lock."""


def score_folders(
    predictions_dir: str | Path,
    truth_dir: str | Path,
    *,
    classes: str | Path | Sequence[str],
    only: Sequence[str] | None = None,
    ids: str | Path | Sequence[str] | None = None,
) -> Scores:
    """Score predicted masks over a whole split, with one confusion matrix.

    A predicted mask ``x/a.png`` is scored against the true mask ``x/a.png``. If there is none, it
    is scored against another ``a.png``, provided that each side has only one file of that name.

    Parameters
    ----------
    predictions_dir, truth_dir
        Folders of palette or grey PNG files, which may lie in sub-folders. Pixels whose truth is
        255 are left out. Pixels that are predicted as 255 are left out too, and their share is
        reported.
    classes
        Class names, or a text file with one name per line. Background comes first, and the position
        of a name is its mask value.
    only
        Classes to score beside background. Pixels whose true class is another one are left out. A
        kept class that is predicted as another one is a miss. None scores all classes.
    ids
        Names of the true masks to score, or a text file with one name per line. A name is the path
        of a mask below the folder without its ending, or only the last part of this path if it is
        unique. None scores every true mask.

    Returns
    -------
    Scores
        The scores over all pixels of the split. ``seconds`` is the time of this call.

    Raises
    ------
    FileNotFoundError
        If a folder or a file is missing, if a folder has no masks, or if a mask has no partner.
    ValueError
        If two masks differ in size, if a value is no class, if a class has the value 255, or if a
        file is no mask.
    """
    start = time.perf_counter()
    names = read_class_names(classes)
    if len(names) > IGNORE:
        raise ValueError(
            f"classes: {names[IGNORE]!r} has the value {IGNORE} in masks, which means ignored: "
            "give it another value"
        )
    truths = _masks_in(Path(truth_dir), argument="truth")
    predictions = _masks_in(Path(predictions_dir), argument="predictions")
    partners = _partners(truths, predictions)
    if ids is None and not partners:
        raise FileNotFoundError(
            f"predictions: no file in {predictions_dir} has the name of one in {truth_dir}; "
            "name each predicted mask like its true mask"
        )
    wanted = list(truths) if ids is None else _named(_read_ids(ids), truths)
    _require(wanted, truths, argument="truth", folder=truth_dir)
    _require(wanted, partners, argument="predictions", folder=predictions_dir)
    total = ConfusionMatrix(len(names))
    with ThreadPoolExecutor(THREADS) as readers:
        for matrix in readers.map(
            _count_pair,
            [partners[name] for name in wanted],
            [truths[name] for name in wanted],
            repeat(len(names)),
        ):
            total.merge(matrix)
    return total.scores(names, only=only, seconds=time.perf_counter() - start)


def read_class_names(classes: str | Path | Sequence[str]) -> list[str]:
    """Return class names as given, or read them from a text file with one name per line.

    Background comes first.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If there are fewer than two names, if a name is there twice, or if a line between names is
        empty.
    """
    names = _lines(classes, argument="classes")
    if "" in names:
        line = names.index("") + 1
        raise ValueError(f"classes: line {line} of {classes} is empty, but lines are mask values")
    if len(names) < 2 or len(set(names)) != len(names):
        raise ValueError(
            f"classes must be at least two different names, background first, got {names}"
        )
    return names


def read_mask(path: str | Path) -> Tensor:
    """Read the values of a palette or grey PNG, [H, W] uint8.

    Raises
    ------
    ValueError
        If the file is no image, if its pixels are not single values of 8 bits, or too many.
    """
    try:
        with open_picture(located(path)) as picture:
            if picture.mode not in ("P", "L", "1"):
                raise ValueError(f"it must be a palette or 8-bit grey PNG, got mode {picture.mode}")
            return torch.from_numpy(np.array(picture, dtype=np.uint8))
    except (OSError, SyntaxError, ValueError) as error:  # a broken PNG raises SyntaxError
        raise ValueError(f"{path}: cannot be read as a mask ({error})") from error


def _count_pair(prediction: Path, truth: Path, size: int) -> ConfusionMatrix:
    matrix = ConfusionMatrix(size)
    prediction_mask, truth_mask = read_mask(prediction), read_mask(truth)
    try:
        matrix.update(truth_mask, prediction_mask)
    except ValueError as error:
        raise ValueError(f"{prediction} against {truth}: {error}") from error
    return matrix


def _masks_in(folder: Path, *, argument: str) -> dict[str, Path]:
    if not folder.is_dir():
        raise FileNotFoundError(f"{argument}: {folder} is not a folder")
    below = {path: path.relative_to(folder) for path in sorted(folder.rglob("*.png"))}
    masks = {
        unicodedata.normalize("NFC", name.with_suffix("").as_posix()): path
        for path, name in below.items()
        if not any(part.startswith(".") for part in name.parts)
    }
    if not masks:
        raise FileNotFoundError(f"{argument}: no PNG in {folder}; masks must be .png files")
    return masks


def _partners(truths: Mapping[str, Path], predictions: Mapping[str, Path]) -> dict[str, Path]:
    """Map every true mask to its prediction, by path or by a stem that is unique on both sides."""
    ours, theirs = _by_stem(truths), _by_stem(predictions)
    by_stem = {name: predictions[theirs[stem]] for stem, name in ours.items() if stem in theirs}
    return by_stem | {name: path for name, path in predictions.items() if name in truths}


def _by_stem(names: Iterable[str]) -> dict[str, str]:
    """Map each stem that is unique to the name that it belongs to."""
    names = list(names)
    often = Counter(name.rpartition("/")[2] for name in names)
    return {stem: name for name in names if often[stem := name.rpartition("/")[2]] == 1}


def _named(given: Iterable[str], truths: Mapping[str, Path]) -> list[str]:
    """Return the names of the true masks that a list names by path or by stem."""
    stems = _by_stem(truths)
    names = [unicodedata.normalize("NFC", name) for name in given]
    return [name if name in truths else stems.get(name, name) for name in names]


def _require(
    wanted: Sequence[str], masks: dict[str, Path], *, argument: str, folder: str | Path
) -> None:
    missing = [stem for stem in wanted if stem not in masks]
    if missing:
        raise FileNotFoundError(
            f"{argument}: {len(missing)} of {len(wanted)} masks are missing in {folder}, the "
            f"first is {missing[0]}.png; add them or list the wanted stems in ids"
        )


def _read_ids(ids: str | Path | Sequence[str]) -> list[str]:
    stems = list(dict.fromkeys(stem for stem in _lines(ids, argument="ids") if stem))
    if not stems:
        raise ValueError(f"ids must list at least one stem, {ids} is empty")
    return stems


def _lines(source: str | Path | Sequence[str], *, argument: str) -> list[str]:
    if not isinstance(source, str | Path):
        return list(source)
    path = Path(source)
    if not path.is_file():
        raise FileNotFoundError(f"{argument}: {path} is not a file")
    return [line.strip() for line in path.read_text(encoding="utf-8").rstrip().splitlines()]
