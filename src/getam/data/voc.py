"""A PASCAL VOC root: JPEGImages, ImageSets, Annotations, SegmentationClass (Everingham 2012)."""

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from getam.data.class_names import check_class_names
from getam.data.labels import NOTHING_KNOWN, Labels, Tags, check_names, labels_for, read_labels
from getam.data.listing import find_photos, name_photos, without_suffix
from getam.data.mask import MaskFiles
from getam.data.notice import first_few, unknown, warn_or_stop
from getam.data.source import Record, Source
from getam.data.voc_classes import VOC_CLASSES


def is_voc(root: Path) -> bool:
    """Whether a folder has the layout of PASCAL VOC."""
    return (root / "JPEGImages").is_dir()


def open_voc(root: Path, *, split: str | None, labels: Path | None, strict: bool) -> Source:
    """Open a VOC root.

    Class names come from ``classes.txt`` (line number = mask value, the first line is background)
    or are the 20 of VOC. Labels come from ``labels``, else ``Annotations/*.xml`` (every object,
    difficult ones too), else ``image_labels.json``. A photo whose entry names no object shows none
    of the classes; about a photo without an entry nothing is known. Masks lie in
    ``SegmentationClassAug`` or ``SegmentationClass``.

    Parameters
    ----------
    root
        The folder that holds ``JPEGImages``.
    split
        Name of a list in ``ImageSets/Segmentation``; None takes every photo.
    labels
        A label file; see `read_labels`.
    strict
        Stop where a warning would be given otherwise.

    Raises
    ------
    FileNotFoundError, ValueError
        If something is missing, unknown or malformed.
    """
    photos = name_photos(find_photos(root / "JPEGImages"), root / "JPEGImages")
    classes = _read_classes(root)
    ids = list(photos) if split is None else _listed_photos(root, split, photos, strict=strict)
    table = _read_voc_labels(root, ids, photos, labels, tuple(classes), strict=strict)
    masks = _find_masks(root)
    tags = {name: table.get(name, NOTHING_KNOWN) for name in ids}
    records = tuple(
        Record(name, photos[name], tags[name].labels, tags[name].unknown, mask=masks.get(name))
        for name in ids
    )
    reader = MaskFiles(highest=max(classes.values())) if masks else None
    return Source(records, classes, reader, name=f"{root}" + (f" ({split})" if split else ""))


def _read_classes(root: Path) -> dict[str, int]:
    path = root / "classes.txt"
    if not path.is_file():
        return {name: value for value, name in enumerate(VOC_CLASSES, start=1)}
    names = path.read_text(encoding="utf-8").split("\n")
    classes = {name.strip(): value for value, name in enumerate(names) if value and name.strip()}
    check_class_names(classes, path)
    return classes


def _listed_photos(root: Path, split: str, photos: Iterable[str], *, strict: bool) -> list[str]:
    folder = root / "ImageSets" / "Segmentation"
    splits = sorted(path.stem for path in folder.glob("*.txt"))
    if split not in splits:
        raise unknown("split", [split], splits, folder)
    lines = (folder / f"{split}.txt").read_text(encoding="utf-8").splitlines()
    known = set(photos)
    listed = [_id_in(line.strip(), known) for line in lines if line.strip()]
    missing = [name for name in listed if name not in known]
    if missing:
        warn_or_stop(
            f"{len(missing)} ids of the split {split} have no photo in {root / 'JPEGImages'}: "
            f"{first_few(missing)}",
            strict=strict,
        )
    found = [name for name in dict.fromkeys(listed) if name in known]
    if not found:
        raise ValueError(f"no photo of the split {split} is in {root / 'JPEGImages'}")
    return found


def _id_in(line: str, known: set[str]) -> str:
    """Read ``id``, but also ``id flag`` and ``/JPEGImages/id.jpg /mask/id.png``."""
    return line if line in known else without_suffix(Path(line.split()[0]).name)


def _read_voc_labels(
    root: Path,
    ids: list[str],
    photos: dict[str, Path],
    labels: Path | None,
    classes: tuple[str, ...],
    *,
    strict: bool,
) -> Labels:
    if labels is None and (root / "Annotations").is_dir():
        table = _read_annotations(root / "Annotations", ids)
        origin, known = root / "Annotations", {name: photos[name] for name in ids}
    else:
        origin = labels or root / "image_labels.json"
        if labels is None and not origin.is_file():
            return {}
        table, known = read_labels(origin, classes=classes), photos
    check_names(table, classes, origin)
    return labels_for(table, known, ids, root=root, origin=origin, strict=strict)


def _read_annotations(folder: Path, ids: Iterable[str]) -> Labels:
    files = {name: folder / f"{name}.xml" for name in ids}
    return {name: _names_in(path) for name, path in files.items() if path.is_file()}


def _names_in(path: Path) -> Tags:
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise ValueError(f"cannot read the annotation {path}: {error}") from error
    names = (element.findtext("name", "").strip() for element in root.iter("object"))
    return Tags(tuple(dict.fromkeys(names)))


def _find_masks(root: Path) -> dict[str, Path]:
    for folder in (root / "SegmentationClassAug", root / "SegmentationClass"):
        if folder.is_dir():
            return {path.stem: path for path in folder.glob("*.png")}
    return {}
