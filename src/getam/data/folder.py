"""A folder of photos: one sub-folder per class, or photos with a label file, or photos alone."""

from pathlib import Path

from getam.data.labels import Labels, labels_for, read_labels
from getam.data.listing import find_photos, name_photos
from getam.data.notice import first_few, unknown, warn_or_stop
from getam.data.source import Record, Source
from getam.data.voc import is_voc


def open_folder(root: Path, *, split: str | None, labels: Path | None, strict: bool) -> Source:
    """Open a folder of photos.

    Parameters
    ----------
    root
        ``root/class/photo`` or ``root/split/class/photo``; with ``labels``, or for prediction, the
        photos lie anywhere below.
    split
        Name of a sub-folder to take; None takes the whole folder.
    labels
        A label file; see `read_labels`. Its names, sorted, are then the classes.
    strict
        Stop where else a warning would do.

    Raises
    ------
    FileNotFoundError, ValueError
        If something is missing, unknown or malformed.
    """
    base = root if split is None else _split_folder(root, split)
    photos = name_photos(find_photos(base), base)
    if labels is None:
        table = {name: _folders_above(photo, base) for name, photo in photos.items()}
        _check_bare(table, base, strict=strict)
        classes = _class_folders(table) if split is None else _sub_folders(root, "*/*")
    else:
        everything = read_labels(labels)
        table = labels_for(everything, photos, photos, root=base, origin=labels, strict=strict)
        classes = _class_folders(everything)
    records = tuple(Record(name, photo, table.get(name, ())) for name, photo in photos.items())
    return Source(records, {n: i for i, n in enumerate(classes, start=1)}, name=str(base))


def list_photos(path: str | Path) -> Source:
    """List photos for prediction, without labels.

    Parameters
    ----------
    path
        A folder (of a VOC root: its ``JPEGImages``), one photo, or a ``.txt`` with one path per
        line, relative to the list.

    Raises
    ------
    FileNotFoundError
        If the path, or a photo of the list, is not there, or there is no photo.
    ValueError
        If a photo is named twice.
    """
    path = Path(path)
    root = None
    if path.is_dir():
        root = path / "JPEGImages" if is_voc(path) else path
        photos = find_photos(root)
    else:
        photos = _in_list(path) if path.suffix.lower() == ".txt" else [path]
    missing = [str(photo) for photo in photos if not photo.is_file()]
    if missing or not photos:
        raise FileNotFoundError(f"there is no photo {first_few(missing) or 'in ' + str(path)}")
    records = tuple(Record(name, photo) for name, photo in name_photos(photos, root).items())
    return Source(records, {}, name=str(path))


def _split_folder(root: Path, split: str) -> Path:
    splits = _sub_folders(root, "*")
    if split not in splits:
        raise unknown("split", [split], splits, root)
    return root / split


def _sub_folders(root: Path, pattern: str) -> list[str]:
    return sorted({p.name for p in root.glob(pattern) if p.is_dir() and p.name[0] != "."})


def _folders_above(photo: Path, base: Path) -> tuple[str, ...]:
    folders = photo.relative_to(base).parts[:-1]
    if len(folders) > 1:
        raise ValueError(
            f"{photo} lies {len(folders)} folders below {base}, expected one per class: "
            f"choose a split, one of {', '.join(_sub_folders(base, '*'))}, or give labels=FILE"
        )
    return folders


def _check_bare(table: Labels, base: Path, *, strict: bool) -> None:
    bare = [name for name, names in table.items() if not names]
    if len(bare) not in {0, len(table)}:
        message = f"{len(bare)} photos lie beside the class folders of {base}: {first_few(bare)}"
        warn_or_stop(message, strict=strict)


def _class_folders(table: Labels) -> list[str]:
    return sorted({name for names in table.values() for name in names})


def _in_list(path: Path) -> list[Path]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no list {path}")
    lines = path.read_text(encoding="utf-8").splitlines()
    return [path.parent / line.strip() for line in lines if line.strip()]
