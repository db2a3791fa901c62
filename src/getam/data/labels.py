"""This module reads label files, which say what is known about each photo."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from getam.data.class_names import check_class_names
from getam.data.notice import quoted
from getam.data.rows import read_rows, tags_in_row
from getam.data.safe_npy import read_pickled_dict
from getam.data.spelling import composed
from getam.data.tags import Labels, Tags, named_classes
from getam.data.voc_classes import VOC_CLASSES
from getam.elsewhere import located
from getam.places import without_suffix


def read_labels(path: str | Path, *, classes: Sequence[str] | None = None) -> Labels:
    """Read a label file.

    Parameters
    ----------
    path
        The label file, of one of three kinds. A ``.csv`` has the columns ``image`` and ``labels``
        (such as ``cat;dog``), or ``image`` and one column per class (1 for yes, 0 for no, empty for
        unknown). A ``.json`` holds an object that gives the names for each id. A ``.npy`` holds a
        pickled dictionary that gives a vector of 0 and 1 for each id; no code in it is executed.
        No name, or a row of zeros, says that the photo shows none of the classes.
    classes
        The class names of the entries of a vector in a ``.npy``. The default is the 20 of PASCAL
        VOC.

    Returns
    -------
    dict
        The `Tags` of each photo by its id: its name in the file without the ending.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is of another kind, malformed or empty, or if a class is called background.
    """
    path = located(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no label file {path}")
    if path.suffix.lower() == ".npy":
        labels = _read_npy(path, VOC_CLASSES if classes is None else classes)
    elif path.suffix.lower() == ".json":
        labels = _read_json(path)
    elif path.suffix.lower() == ".csv":
        labels = _by_photo(((r["image"], tags_in_row(r, path)) for r in read_rows(path)), path)
    else:
        raise ValueError(f"a label file must end in .csv, .json or .npy, got {path}")
    if not labels:
        raise ValueError(f"the label file {path} is empty")
    check_class_names(named_classes(labels), path)
    return labels


def _by_photo(entries: Iterable[tuple[str, Tags]], path: Path) -> Labels:
    labels: Labels = {}
    for key, tags in entries:
        name = without_suffix(key)
        if name in labels:
            raise ValueError(f"{path} names the photo {name} twice")
        labels[name] = tags
    return labels


def _read_json(path: Path) -> Labels:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"cannot read the label file {path}: {error}") from error
    if not isinstance(table, dict):
        raise ValueError(f"{path} must hold an object of id to names, got {type(table).__name__}")
    return _by_photo(((key, _names(value, key, path)) for key, value in table.items()), path)


def _names(value: object, key: str, path: Path) -> Tags:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(
            f"the labels of {key} in {path} must be a list of names, got {quoted(value)}"
        )
    return Tags(tuple(dict.fromkeys(composed(name) for name in names if name)))


def _read_npy(path: Path, classes: Sequence[str]) -> Labels:
    table = read_pickled_dict(path).items()
    return _by_photo(((key, _shown(vector, classes, key, path)) for key, vector in table), path)


def _shown(vector: Sequence[float], classes: Sequence[str], key: str, path: Path) -> Tags:
    if len(vector) != len(classes) or any(value not in (0, 1) for value in vector):
        raise ValueError(
            f"the labels of {key} in {path} must be {len(classes)} values of 0 or 1, "
            f"got {len(vector)}: {quoted(vector[:5])}"
        )
    return Tags(tuple(name for name, value in zip(classes, vector, strict=True) if value))
