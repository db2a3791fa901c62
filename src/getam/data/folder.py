"""This module opens a folder of photos.

The folder holds one sub-folder per class, or photos with a label file, or photos alone.
"""

import logging
from dataclasses import replace
from pathlib import Path

from getam.data.class_names import is_background
from getam.data.finding import Finding, Notice, missing_photos
from getam.data.labels import read_labels
from getam.data.labels_for import labels_for
from getam.data.listing import find_photos, name_photos
from getam.data.notice import unknown
from getam.data.once import check_once
from getam.data.shards import open_shards, shards_at
from getam.data.source import Record, Source
from getam.data.spelling import as_on_disk, composed
from getam.data.tags import NOTHING_KNOWN, Labels, Tags, named_classes
from getam.data.there import is_file
from getam.data.voc import is_voc
from getam.elsewhere import located, named_in

logger = logging.getLogger(__name__)


def open_folder(
    root: Path, *, split: str | None, labels: Path | None, none: str | None, notice: Notice
) -> Source:
    """Open a folder of photos.

    Parameters
    ----------
    root
        The folder, whose photos lie in ``root/class/`` or ``root/split/class/``. With ``labels``,
        the photos may lie anywhere below it.
    split
        Name of the sub-folder to open. None opens the whole folder.
    labels
        A label file; see `read_labels`. Its names, sorted, are then the classes.
    none
        Name of the class folder whose photos show none of the classes. It makes no class.
    notice
        What is told of photos and labels that do not match.

    Raises
    ------
    FileNotFoundError, ValueError
        If something is missing, unknown or malformed, or if a class is called background.
    """
    base = root if split is None else _split_folder(root, composed(split), tagged=labels is None)
    none = None if none is None else composed(none)
    photos = name_photos(find_photos(base), base)
    if labels is None:
        table = {name: _folders_above(photo, base) for name, photo in photos.items()}
        _check_bare(table, base, notice)
        folders = named_classes(table) if split is None else _sub_folders(root, "*/*")
        classes = _without_none(folders, none, base)
        table = {name: _tags_of_folder(tags, none) for name, tags in table.items()}
    else:
        if none is not None:
            raise without_class_folders(none, f"{root} with the label file {labels}")
        everything = read_labels(labels)
        table = labels_for(everything, photos, photos, root=base, origin=labels, notice=notice)
        classes = named_classes(everything)
    tags = {name: table.get(name, NOTHING_KNOWN) for name in photos}
    records = tuple(
        Record(name, photo, tags[name].labels, tags[name].unknown) for name, photo in photos.items()
    )
    return Source(records, {n: i for i, n in enumerate(classes, start=1)}, name=str(base))


def without_class_folders(none: str, data: object) -> ValueError:
    """Make the error for a ``none`` folder that is asked of data without class folders."""
    return ValueError(
        f"--none {none} names a class folder, but {data} has no class folders; there a photo that "
        "shows none of the classes is one with empty labels"
    )


def list_photos(path: str | Path) -> Source:
    """List photos for prediction, without labels.

    Parameters
    ----------
    path
        A folder of photos, a VOC root, one photo, shards (:func:`getam.data.shards.shards_at`), or
        a ``.txt`` list with one path per line, relative to the list.

    Raises
    ------
    FileNotFoundError
        If the path or a photo of the list is missing, or if there is no photo.
    ValueError
        If the list names one photo twice.
    """
    path = located(path)
    shards = shards_at(path)
    if shards:
        return replace(open_shards(shards, path, tagged=False), classes={})
    root = None
    if path.is_dir():
        root = path / "JPEGImages" if is_voc(path) else path
        photos = find_photos(root)
    else:
        photos = _in_list(path) if path.suffix.lower() == ".txt" else [path]
    check_once(((str(photo), photo) for photo in photos), path)
    missing = [photo for photo in photos if not is_file(photo)]
    gone = set(missing)
    if missing == [path]:
        raise FileNotFoundError(f"there is no photo {path}: name a photo, a folder or a .txt list")
    if missing and root is None:
        raise FileNotFoundError(missing_photos([*map(str, missing)], path).line())
    photos = [photo for photo in photos if photo not in gone]
    strange = [photo for photo in missing if not photo.is_dir()]  # such as links to nowhere
    if strange:
        line = "%d entries of %s are no files, so they are left out, %s among them"
        logger.warning(line, len(strange), path, strange[0])
    if not photos:
        raise FileNotFoundError(f"there is no photo in the list {path}: write one into each line")
    records = tuple(Record(name, photo) for name, photo in name_photos(photos, root).items())
    return Source(records, {}, name=str(path))


def _split_folder(root: Path, split: str, *, tagged: bool) -> Path:
    splits = _sub_folders(root, "*")
    if split not in splits and tagged and not _sub_folders(root, "*/*"):
        raise ValueError(
            f"{root} has no part {split!r}, as its folders are classes: move some photos to "
            f"{split}/CLASS and the others to train/CLASS, then give --split train too"
        )
    if split not in splits:
        raise unknown("split", [split], splits, root)
    return as_on_disk(root / split)


def _sub_folders(root: Path, pattern: str) -> list[str]:
    folders = (path for path in root.glob(pattern) if path.is_dir() and path.name[0] != ".")
    return sorted({composed(path.name) for path in folders})


def _folders_above(photo: Path, base: Path) -> Tags:
    folders = photo.relative_to(base).parts[:-1]
    if len(folders) > 1:
        raise ValueError(
            f"{photo} lies {len(folders)} folders below {base}, expected one per class: "
            f"choose a split, one of {', '.join(_sub_folders(base, '*'))}, or give a label file "
            "(--labels FILE)"
        )
    return Tags(tuple(map(composed, folders))) if folders else NOTHING_KNOWN


def _without_none(folders: list[str], none: str | None, base: Path) -> list[str]:
    if none is not None and none not in folders:
        raise unknown("class folder", [none], folders, base)
    classes = [name for name in folders if name != none]
    background = next(filter(is_background, classes), None)
    if background is not None:
        raise ValueError(
            f"the folder {background} in {base} would become a class: if its photos show none of "
            f"the classes, give --none {background}; if it is a class, rename the folder"
        )
    return classes


def _tags_of_folder(tags: Tags, none: str | None) -> Tags:
    return Tags(()) if tags.labels == (none,) else tags


def _check_bare(table: Labels, base: Path, notice: Notice) -> None:
    bare = [name for name, tags in table.items() if tags.labels is None]
    if len(bare) not in {0, len(table)}:
        message = (
            f"{len(bare)} photos lie beside the class folders of {base}, so nothing is known about "
            "them"
        )
        advice = "move each into the folder of its class, or go on without them"
        notice(Finding("warning", "photos without labels", message, advice, tuple(bare)))


def _in_list(path: Path) -> list[Path]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no list {path}")
    # Names are bytes: a list that a run or `find` wrote may hold one that is no Unicode.
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    lines = [line.strip() for line in text.split("\n")]
    return [as_on_disk(named_in(path.parent, line)) for line in lines if line]
