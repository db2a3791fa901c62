"""Find the photos of a folder and give each one name."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from getam.data.spelling import composed
from getam.places import SUFFIXES, places, without_suffix


def find_photos(folder: Path) -> list[Path]:
    """List the photos in a folder and the folders below it, sorted; hidden ones are passed over.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no photo in it.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    photos = visible_files(folder, SUFFIXES)
    if not photos:
        raise FileNotFoundError(f"there is no photo in {folder} (looked for {_endings()})")
    return photos


def visible_files(folder: Path, endings: Collection[str]) -> list[Path]:
    """List the files with one of some endings in a folder and the folders below it, sorted.

    Hidden files and folders are passed over: macOS writes a ``._1.png`` beside the ``1.png`` of a
    disk that it does not know, and such a file is no picture.

    Parameters
    ----------
    folder
        The folder. If it is not there, the list is empty.
    endings
        The endings in lower case, such as ``".png"``. Files may have them in capitals.
    """
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in endings
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def name_photos(photos: Iterable[Path], root: Path | None = None) -> dict[str, Path]:
    """Give every photo of a list its id: its place below ``root``, as :func:`getam.places.places`.

    Parameters
    ----------
    photos
        All photos of the list, whichever the split, so that no id depends on the part in use; each
        once, as :func:`getam.data.once.check_once` sees to.
    root
        The folder that the user named; None takes the folder that all photos share.

    Returns
    -------
    dict
        Id to photo, in the order given.
    """
    photos = list(photos)
    names = [str(photo.absolute()) for photo in photos]
    ids = places(names, root=None if root is None else str(root.absolute()))
    return dict(zip(ids, photos, strict=True))


def path_below(photo: Path, root: Path) -> str:
    """Write the path of a photo below ``root`` without its ending; the whole path if elsewhere."""
    below = photo.relative_to(root) if photo.is_relative_to(root) else photo
    return without_suffix(below.as_posix()).lstrip("/")


def aliases(photos: Mapping[str, Path], root: Path) -> dict[str, str]:
    """Map every name that a list may use for a photo to its id.

    A photo may be called by its path below the root, by its id, and by its stem where no other
    photo has it. All names are in NFC.
    """
    by_path = _of_one_photo({name: path_below(photo, root) for name, photo in photos.items()})
    by_stem = _of_one_photo({name: without_suffix(p.name) for name, p in photos.items()})
    return by_stem | {name: name for name in photos} | by_path


def _of_one_photo(names: Mapping[str, str]) -> dict[str, str]:
    """Map those names back to ids that stand for one photo alone."""
    spelled = {name: composed(given) for name, given in names.items()}
    often = Counter(spelled.values())
    return {given: name for name, given in spelled.items() if often[given] == 1}


def _endings() -> str:
    return ", ".join(sorted(SUFFIXES))
