"""This module opens a data set in the layout of PASCAL VOC (Everingham et al. 2012)."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

from getam.data.class_list import read_class_list
from getam.data.finding import Notice, missing_photos
from getam.data.labels import read_labels
from getam.data.labels_for import check_names, labels_for
from getam.data.listing import aliases, find_photos, name_photos
from getam.data.notice import unknown
from getam.data.source import Record, Source
from getam.data.spelling import as_on_disk, composed
from getam.data.tags import NOTHING_KNOWN, Labels, Tags
from getam.data.truth import with_masks
from getam.data.voc_classes import VOC_CLASSES
from getam.places import without_suffix


def is_voc(root: Path) -> bool:
    """Return whether a folder has the layout of PASCAL VOC."""
    return (root / "JPEGImages").is_dir()


def open_voc(root: Path, *, split: str | None, labels: Path | None, notice: Notice) -> Source:
    """Open a folder in the layout of PASCAL VOC.

    The classes come from ``classes.txt`` (see `read_class_list`); without this file they are the 20
    of VOC. The labels come from the first of these that exists: ``labels``, ``Annotations/*.xml``
    (every object, difficult ones too), ``image_labels.json``. A photo whose entry names no object
    shows none of the classes. Nothing is known about a photo without an entry. The masks lie in
    ``SegmentationClassAug`` or ``SegmentationClass``.

    Parameters
    ----------
    root
        The folder that holds ``JPEGImages``.
    split
        Name of a list in ``ImageSets/Segmentation``. None takes every photo.
    labels
        A label file; see `read_labels`.
    notice
        What is told of photos and labels that do not match.

    Raises
    ------
    FileNotFoundError, ValueError
        If something is missing, unknown or malformed.
    """
    photos = name_photos(find_photos(root / "JPEGImages"), root / "JPEGImages")
    classes = _read_classes(root)
    known = aliases(photos, root / "JPEGImages")
    ids = list(photos) if split is None else _listed_photos(root, split, known, notice)
    table = _read_voc_labels(root, ids, photos, labels, tuple(classes), notice=notice)
    tags = {name: table.get(name, NOTHING_KNOWN) for name in ids}
    records = tuple(
        Record(name, photos[name], tags[name].labels, tags[name].unknown) for name in ids
    )
    source = Source(records, classes, name=f"{root}" + (f" ({split})" if split else ""))
    return _with_own_masks(source, root)


def _read_classes(root: Path) -> dict[str, int]:
    path = root / "classes.txt"
    if path.is_file():
        return read_class_list(path)
    return {name: value for value, name in enumerate(VOC_CLASSES, start=1)}


def _listed_photos(root: Path, split: str, known: Mapping[str, str], notice: Notice) -> list[str]:
    folder = root / "ImageSets" / "Segmentation"
    splits = sorted(path.stem for path in folder.glob("*.txt"))
    if split not in splits:
        raise unknown("split", [split], splits, folder)
    lines = _lines_of(folder / f"{split}.txt")
    listed = [_name_in(composed(line.strip()), known) for line in lines if line.strip()]
    missing = [name for name in listed if name not in known]
    if missing:
        notice(missing_photos(missing, f"the split {split} in {root / 'JPEGImages'}"))
    found = list(dict.fromkeys(known[name] for name in listed if name in known))
    if not found:
        raise ValueError(f"no photo of the split {split} is in {root / 'JPEGImages'}")
    return found


def _lines_of(path: Path) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no list {path}")
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"cannot read the list {path}: {error}") from error


def _name_in(line: str, known: Collection[str]) -> str:
    """Return the id in a line: ``id``, ``id flag`` or ``/JPEGImages/id.jpg /mask/id.png``."""
    first = without_suffix(line.split()[0]).removeprefix("/JPEGImages/")
    candidates = (line, without_suffix(line), first)
    return next((name for name in candidates if name in known), Path(first).name)


def _read_voc_labels(
    root: Path,
    ids: list[str],
    photos: dict[str, Path],
    labels: Path | None,
    classes: tuple[str, ...],
    *,
    notice: Notice,
) -> Labels:
    if labels is None and (root / "Annotations").is_dir():
        table = _read_annotations(root / "Annotations", ids, aliases(photos, root / "JPEGImages"))
        origin, known = root / "Annotations", {name: photos[name] for name in ids}
    else:
        origin = labels or root / "image_labels.json"
        if labels is None and not origin.is_file():
            return {}
        table, known = read_labels(origin, classes=classes), photos
    check_names(table, classes, origin)
    return labels_for(table, known, ids, root=root, origin=origin, notice=notice)


def _read_annotations(folder: Path, ids: Iterable[str], known: Mapping[str, str]) -> Labels:
    spelled = {name: as_on_disk(folder / f"{name}.xml") for name in known}
    files = {known[name]: path for name, path in spelled.items() if path.is_file()}
    return {name: _names_in(files[name]) for name in ids if name in files}


def _names_in(path: Path) -> Tags:
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ValueError(f"cannot read the annotation {path}: {error}") from error
    names = (composed(element.findtext("name", "").strip()) for element in root.iter("object"))
    return Tags(tuple(dict.fromkeys(names)))


def _with_own_masks(source: Source, root: Path) -> Source:
    folders = (root / "SegmentationClassAug", root / "SegmentationClass")
    folder = next((folder for folder in folders if folder.is_dir()), None)
    return source if folder is None else with_masks(source, folder)
