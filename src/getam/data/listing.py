"""Find the photos of a folder and give each one name."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from getam.data.photo import SUFFIXES


def find_photos(folder: Path) -> list[Path]:
    """List the photos in a folder and the folders below it, sorted; hidden ones are passed over.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no photo in it.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    photos = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not photos:
        raise FileNotFoundError(f"there is no photo in {folder} (looked for {_endings()})")
    return photos


def without_suffix(name: str) -> str:
    """Take the ending of a photo off a name; other dots stay.

    Examples
    --------
    >>> without_suffix("a/cat.1.JPG"), without_suffix("cat.1")
    ('a/cat.1', 'cat.1')
    """
    suffix = Path(name).suffix
    return name.removesuffix(suffix) if suffix.lower() in SUFFIXES else name


def name_photos(photos: Iterable[Path], root: Path) -> dict[str, Path]:
    """Give every photo its id: its stem, or its path below ``root`` where stems clash.

    Returns
    -------
    dict
        Id to photo, in the order given.

    Raises
    ------
    ValueError
        If two photos differ in nothing but the ending.
    """
    photos = list(photos)
    stems = Counter(photo.stem for photo in photos)
    named: dict[str, Path] = {}
    for photo in photos:
        name = photo.stem if stems[photo.stem] == 1 else path_below(photo, root)
        if name in named:
            raise ValueError(f"{named[name]} and {photo} would have the same id; rename one")
        named[name] = photo
    return named


def path_below(photo: Path, root: Path) -> str:
    """Write the path of a photo below ``root`` without its ending; the whole path if elsewhere."""
    below = photo.relative_to(root) if photo.is_relative_to(root) else photo
    return below.with_suffix("").as_posix().lstrip("/")


def aliases(photos: Mapping[str, Path], root: Path) -> dict[str, str]:
    """Map every name that a list may use for a photo (path below the root, stem) to its id."""
    return {path_below(photo, root): name for name, photo in photos.items()} | {
        name: name for name in photos
    }


def _endings() -> str:
    return ", ".join(sorted(SUFFIXES))
