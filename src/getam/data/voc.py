"""A PASCAL VOC root: JPEGImages, ImageSets, Annotations, SegmentationClass (Everingham 2012)."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

from getam.data.labels import Labels, check_names, labels_for, read_labels
from getam.data.listing import aliases, find_photos, name_photos, path_below
from getam.data.mask import MaskFiles
from getam.data.notice import first_few, unknown, warn_or_stop
from getam.data.source import Record, Source
from getam.data.voc_classes import VOC_CLASSES
from getam.places import without_suffix


def is_voc(root: Path) -> bool:
    """Whether a folder has the layout of PASCAL VOC."""
    return (root / "JPEGImages").is_dir()


def open_voc(root: Path, *, split: str | None, labels: Path | None, strict: bool) -> Source:
    """Open a VOC root.

    Class names come from ``classes.txt`` (line number = mask value, the first line is background)
    or are the 20 of VOC. Labels come from ``labels``, else ``Annotations/*.xml`` (every object,
    difficult ones too), else ``image_labels.json``. Masks lie in ``SegmentationClassAug`` or
    ``SegmentationClass``.

    Parameters
    ----------
    root
        The folder that holds ``JPEGImages``.
    split
        Name of a list in ``ImageSets/Segmentation``; None takes every photo.
    labels
        A label file; see `read_labels`.
    strict
        Stop where else a warning would do.

    Raises
    ------
    FileNotFoundError, ValueError
        If something is missing, unknown or malformed.
    """
    photos = name_photos(find_photos(root / "JPEGImages"), root / "JPEGImages")
    classes = _read_classes(root)
    known = aliases(photos, root / "JPEGImages")
    ids = list(photos) if split is None else _listed_photos(root, split, known, strict=strict)
    table = _read_voc_labels(root, ids, photos, labels, tuple(classes), strict=strict)
    masks = _find_masks(root, known)
    records = tuple(
        Record(name, photos[name], table.get(name, ()), mask=masks.get(name)) for name in ids
    )
    reader = MaskFiles(highest=max(classes.values())) if masks else None
    return Source(records, classes, reader, name=f"{root}" + (f" ({split})" if split else ""))


def _read_classes(root: Path) -> dict[str, int]:
    path = root / "classes.txt"
    if not path.is_file():
        return {name: value for value, name in enumerate(VOC_CLASSES, start=1)}
    names = path.read_text(encoding="utf-8").split("\n")
    return {name.strip(): value for value, name in enumerate(names) if value and name.strip()}


def _listed_photos(root: Path, split: str, known: Mapping[str, str], *, strict: bool) -> list[str]:
    folder = root / "ImageSets" / "Segmentation"
    splits = sorted(path.stem for path in folder.glob("*.txt"))
    if split not in splits:
        raise unknown("split", [split], splits, folder)
    lines = (folder / f"{split}.txt").read_text(encoding="utf-8").splitlines()
    listed = [_name_in(line.strip(), known) for line in lines if line.strip()]
    missing = [name for name in listed if name not in known]
    if missing:
        warn_or_stop(
            f"{len(missing)} ids of the split {split} have no photo in {root / 'JPEGImages'}: "
            f"{first_few(missing)}",
            strict=strict,
        )
    found = list(dict.fromkeys(known[name] for name in listed if name in known))
    if not found:
        raise ValueError(f"no photo of the split {split} is in {root / 'JPEGImages'}")
    return found


def _name_in(line: str, known: Collection[str]) -> str:
    """Read ``id``, but also ``id flag`` and ``/JPEGImages/id.jpg /mask/id.png``."""
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
    strict: bool,
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
    return labels_for(table, known, ids, root=root, origin=origin, strict=strict)


def _read_annotations(folder: Path, ids: Iterable[str], known: Mapping[str, str]) -> Labels:
    files = {known[n]: folder / f"{n}.xml" for n in known if (folder / f"{n}.xml").is_file()}
    return {name: _names_in(files[name]) for name in ids if name in files}


def _names_in(path: Path) -> tuple[str, ...]:
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise ValueError(f"cannot read the annotation {path}: {error}") from error
    names = (element.findtext("name", "").strip() for element in root.iter("object"))
    return tuple(dict.fromkeys(names))


def _find_masks(root: Path, known: Mapping[str, str]) -> dict[str, Path]:
    for folder in (root / "SegmentationClassAug", root / "SegmentationClass"):
        if folder.is_dir():
            files = {path_below(path, folder): path for path in folder.rglob("*.png")}
            named = {known.get(n, known.get(path.stem)): path for n, path in files.items()}
            return {name: path for name, path in named.items() if name is not None}
    return {}
