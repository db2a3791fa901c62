"""This module opens a data set of any kind by its path."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from getam.data.coco import is_coco, open_coco, open_coco_root
from getam.data.corrected import refuse_also_scored, with_corrected
from getam.data.data_yaml import read_data_yaml
from getam.data.finding import Notice, notice_for
from getam.data.folder import open_folder, without_class_folders
from getam.data.saliency import with_saliency
from getam.data.shards import open_shards, shards_at
from getam.data.source import Source
from getam.data.table import open_table
from getam.data.truth import with_truth
from getam.data.voc import is_voc, open_voc
from getam.elsewhere import located


def open_source(
    path: str | Path,
    *,
    split: str | None = None,
    labels: str | Path | None = None,
    classes: Sequence[str] | None = None,
    saliency: str | Path | None = None,
    truth: str | Path | None = None,
    corrected: str | Path | None = None,
    none: str | None = None,
    strict: bool = False,
) -> Source:
    """Open a data set. Only lists, labels and corrected masks are read, no photos.

    Parameters
    ----------
    path
        A PASCAL VOC root (`open_voc`), a COCO root (`open_coco_root`), a ``.csv`` table
        (`open_table`), a folder of photos (`open_folder`), WebDataset shards (`open_shards`), or a
        ``.yaml`` file that names one of them (`read_data_yaml`). It may be an address such as
        ``s3://bucket/photos``.
    split
        The part of the data set to open: the name of a list (VOC), of an instances file (COCO) or
        of a sub-folder, or a value of the column ``split`` (table). None opens everything.
    labels
        A label file for a VOC root or a folder; see `read_labels`.
    classes
        The classes to keep, in the order of training. None keeps all. Photos without any of them
        stay and show none of the classes.
    saliency
        A folder with one saliency map per photo; see `with_saliency`.
    truth
        A folder of masks to score with, for any kind of data set; see `with_truth`. Training never
        reads them.
    corrected
        A folder of corrected masks that training learns from; see `with_corrected`. A ``data.yaml``
        cannot name it, since it belongs to a run.
    none
        Name of the class folder whose photos show none of the classes. It is allowed only for a
        folder with one sub-folder per class.
    strict
        Whether to raise an error if a photo has no label or a label has no photo. Otherwise one
        line warns.

    Returns
    -------
    Source
        The data set.

    Raises
    ------
    FileNotFoundError
        If the path, the photos, a label file, a saliency map or a folder of masks is missing.
    ValueError
        If a split or class is unknown, if a class is called background, or if a file is malformed.
        The message names the nearest known split or class. Also if a photo has a mask in both
        ``truth`` and ``corrected``.
    """
    arguments = read_arguments(
        path,
        split=split,
        labels=labels,
        classes=classes,
        saliency=saliency,
        truth=truth,
        corrected=corrected,
        none=none,
        strict=strict or None,
    )
    source = open_bare(arguments, notice_for(strict=bool(arguments.get("strict"))))
    return _completed(source, *map(arguments.get, ("classes", "saliency", "truth", "corrected")))


def read_arguments(path: str | Path, **given: Any) -> dict[str, Any]:
    """Return the arguments of `open_source`, which a ``.yaml`` file may complete.

    Parameters
    ----------
    path
        The path that `open_source` takes.
    **given
        The other arguments. Those that are None are those of the file, if it names them.

    Raises
    ------
    ValueError
        If the file is malformed; see `read_data_yaml`.
    """
    path = located(path)
    arguments = {"path": path, **given}
    while _is_yaml(arguments.get("path")):
        file = arguments.pop("path")
        arguments = read_data_yaml(file, **arguments)
    return arguments


def open_bare(arguments: Mapping[str, Any], notice: Notice) -> Source:
    """Open photos and labels with all classes, without saliency maps and without ``truth``.

    Parameters
    ----------
    arguments
        The arguments that `read_arguments` returns.
    notice
        What is told of photos and labels that do not match.

    Raises
    ------
    FileNotFoundError, ValueError
        If `open_source` would refuse the data set.
    """
    split, labels, none = map(arguments.get, ("split", "labels", "none"))
    if "path" in arguments:
        return _open_path(arguments["path"], split, labels, none, notice)
    if labels is not None:
        raise ValueError("instances carry their own labels: leave out the label file (--labels)")
    if none is not None:
        raise without_class_folders(none, arguments["instances"])
    return open_coco(arguments["images"], arguments["instances"], notice=notice)


def _is_yaml(path: Path | None) -> bool:
    return path is not None and path.suffix.lower() in {".yaml", ".yml"} and path.is_file()


def _open_path(
    path: Path, split: str | None, labels: str | Path | None, none: str | None, notice: Notice
) -> Source:
    labels = None if labels is None else located(labels)
    if none is not None and (path.is_file() or is_voc(path) or is_coco(path)):
        raise without_class_folders(none, path)
    if path.suffix.lower() == ".csv" and path.is_file():
        return open_table(path, split=split, labels=labels, notice=notice)
    shards = shards_at(path)
    if shards:
        _refuse_beside_shards(path, split=split, labels=labels, none=none)
        return open_shards(shards, path)
    if not path.is_dir():
        raise FileNotFoundError(
            f"there is no data set {path}: give a folder, a .csv, a .tar or a .yaml"
        )
    if is_voc(path):
        return open_voc(path, split=split, labels=labels, notice=notice)
    if is_coco(path):
        return open_coco_root(path, split=split, labels=labels, notice=notice)
    return open_folder(path, split=split, labels=labels, none=none, notice=notice)


def _refuse_beside_shards(path: Path, **given: object) -> None:
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"{path} are shards, which carry their own tags: leave out {value} (--{name})"
            )


def takes_all_photos(path: Path) -> bool:
    """Return whether `open_source` takes every photo below a path, whatever its name."""
    return path.is_dir() and not is_voc(path) and not is_coco(path)


def _completed(
    source: Source,
    classes: Sequence[str] | None,
    saliency: str | Path | None,
    truth: str | Path | None,
    corrected: str | Path | None,
) -> Source:
    values = source.classes  # before choosing, since masks may show classes that are not chosen
    if classes is not None:
        source = source.choose(classes)
    if truth is not None:
        source = with_truth(source, truth, values=values)
    if corrected is not None:  # the values of chosen classes are those of the masks of a model
        source = with_corrected(source, corrected, values=values | source.classes)
    if truth is not None and corrected is not None:
        refuse_also_scored(source)
    return source if saliency is None else with_saliency(source, saliency)
