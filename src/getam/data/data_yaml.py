"""This module reads a ``data.yaml``, which holds the arguments that open a data set."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from getam.data.notice import quoted, unknown
from getam.elsewhere import named_in
from getam.plain_yaml import read_yaml

_PATHS = ("path", "images", "instances", "labels", "saliency", "truth")
_NAMES = ("split", "none")
_KEYS = (*_PATHS, *_NAMES, "classes", "strict")
_PLAIN = str | int | float | date  # what YAML makes of a name


def read_data_yaml(path: Path, **given: Any) -> dict[str, Any]:
    """Read the arguments of `open_source` from a file.

    Parameters
    ----------
    path
        The YAML file. Its keys are the arguments of `open_source`; ``images`` and ``instances``
        may stand instead of ``path`` (COCO). Paths are relative to the file. ``{split}`` in a path
        stands for the split, so that one file serves training and validation.
    **given
        The arguments that the caller gave. An argument that is not None replaces that of the file.

    Returns
    -------
    dict
        The arguments of `open_source`. Paths are joined to the folder of the file.

    Raises
    ------
    ValueError
        If the file is malformed, has an unknown key, or names no data set.
    """
    content = _read_mapping(path)
    strange = [str(key) for key in content if key not in _KEYS]
    if strange:
        raise unknown("key", strange, _KEYS, path)
    if ("path" in content) == ("images" in content and "instances" in content):
        raise ValueError(f"{path} must name either path, or images and instances")
    given = {key: value for key, value in given.items() if value is not None}
    split = given.get("split", content.get("split"))
    if "{split}" in str(split):
        raise ValueError(f"{path}: {{split}} belongs into a path, such as `path: photos/{{split}}`")
    _check_types(content, path)
    found: dict[str, Any] = {
        key: _whole(path, str(content[key]), split) for key in _PATHS if key in content
    }
    # YAML reads the name 2017 as a number.
    if isinstance(content.get("classes"), list):
        found["classes"] = [str(name) for name in content["classes"]]
    found |= {key: str(content[key]) for key in _NAMES if content.get(key) is not None}
    return content | found | given


def paths_in_data_yaml(path: Path, splits: Iterable[str]) -> list[Path]:
    """Return the files and folders that a ``data.yaml`` names for some splits.

    Raises
    ------
    ValueError
        If the file is malformed.
    """
    content = _read_mapping(path)
    named = [str(content[key]) for key in _PATHS if key in content]
    return [
        _whole(path, value, split)
        for value in named
        for split in (splits if "{split}" in value else [None])
    ]


def _read_mapping(path: Path) -> dict[str, Any]:
    try:
        content = read_yaml(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"cannot read {path}: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold keys and values, got {type(content).__name__}")
    return content


def _check_types(content: dict[str, Any], path: Path) -> None:
    """See that every value is one name or number, or for the classes a list of them."""
    for key, value in content.items():
        values = value if key == "classes" and isinstance(value, list) else [value]
        if value is not None and not all(isinstance(each, _PLAIN) for each in values):
            raise ValueError(f"{path} must give {key} one value, got {quoted(value)}")
    if not isinstance(content.get("classes"), list | str | None):
        raise ValueError(f"{path} must give classes a list, got {quoted(content['classes'])}")
    if not isinstance(content.get("strict", False), bool | None):
        raise ValueError(f"{path} must give strict true or false, got {quoted(content['strict'])}")


def _whole(path: Path, value: str, split: str | None) -> Path:
    if "{split}" in value and split is None:
        raise ValueError(f"{path} has {value!r}, so a split must be given")
    return named_in(path.parent, value.replace("{split}", str(split)))
