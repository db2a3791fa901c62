"""This module keeps the folder that a command fills.

No output ever replaces an input. A command that is given again continues its folder.
``manifest.jsonl`` holds the command in its first line. One line per photo follows, which is
written once all files of the photo are whole::

    {"command": {"verb": "predict", "model": "/runs/mine", ...}}
    {"id": "cat/1", "photo": "/photos/cat/1.jpg", "outputs": ["cat/1.png"], "status": "done"}
"""

import json
import logging
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from getam.files import whole_file
from getam.places import folded, place_below

MANIFEST = "manifest.jsonl"

logger = logging.getLogger(__name__)


class OutputFolder:
    """An output folder records the files that a command has written for each photo.

    A folder that is new or empty is begun. A folder that the same command began is continued.

    Parameters
    ----------
    path
        The folder; it is made if it is missing.
    command
        The verb and the settings that the outputs depend on, as values that JSON can hold.
    photos
        The file of every photo by its id. The outputs of a photo are named by the id and an
        ending.
    inputs
        Every other file that the command reads.
    files
        Further files that the command writes, which belong to no single photo.
    overwrite
        Whether to begin anew in a folder that is not empty. Files of the same names are then
        replaced.

    Attributes
    ----------
    done
        The ids of the photos whose outputs are recorded and still there.

    Raises
    ------
    FileExistsError
        If the folder is not empty and belongs to no command or to another one.
    ValueError
        If an output would replace an input, if it would lie outside the folder, or if two photos
        have the same id.
    """

    def __init__(
        self,
        path: str | Path,
        command: Mapping[str, Any],
        *,
        photos: Mapping[str, Path],
        inputs: Iterable[Path] = (),
        files: Iterable[Path] = (),
        overwrite: bool = False,
    ) -> None:
        self.path = Path(path)
        self.photos = {place: os.path.normpath(p.absolute()) for place, p in photos.items()}
        self._manifest = self.path / MANIFEST
        self._lock = Lock()
        stems = _stems_below(self.path, photos)
        refuse_inputs([*stems, self._manifest, *files], [*photos.values(), *inputs])
        begun, entries = _read_manifest(self._manifest)
        command = json.loads(json.dumps(command))
        if begun == command and not overwrite:
            self.done = frozenset(filter(lambda place: self._is_done(place, entries), photos))
            self._continue()
            return
        self.done = frozenset()
        _refuse_in_use(self.path, begun, command, overwrite=overwrite)
        with whole_file(self._manifest) as temporary:
            temporary.write_text(_line({"command": command}), encoding="utf-8")

    def file(self, place: str, suffix: str) -> Path:
        """Return the path of a file of a photo; see :func:`getam.places.place_below`."""
        return place_below(self.path, place, suffix)

    def record(self, place: str, outputs: Iterable[Path]) -> None:
        """Record that all files of a photo are whole. Several threads may call this at once."""
        entry = {
            "id": place,
            "photo": self.photos[place],
            "outputs": [path.relative_to(self.path).as_posix() for path in outputs],
            "status": "done",
        }
        with self._lock, self._manifest.open("a", encoding="utf-8") as file:
            file.write(_line(entry))

    def _is_done(self, place: str, entries: Mapping[str, Mapping[str, Any]]) -> bool:
        entry = entries.get(place)
        # Another list of photos may give this id to another photo, whose file it then is.
        if entry is None or entry["photo"] != self.photos[place]:
            return False
        return all((self.path / output).is_file() for output in entry["outputs"])

    def _continue(self) -> None:
        if self.done:
            logger.info("%d of %d photos were done before", len(self.done), len(self.photos))
        if not self._manifest.read_bytes().endswith(b"\n"):
            with self._manifest.open("a", encoding="utf-8") as file:
                file.write("\n")  # the run before was cut off within a line


def new_folder(
    out: str | Path,
    *,
    overwrite: bool = False,
    files: Iterable[Path] = (),
    inputs: Iterable[Path] = (),
) -> Path:
    """Make the output folder of a command that writes a few files at its end, and return it.

    Parameters
    ----------
    out
        The folder. It may exist already.
    overwrite
        Whether files in a folder that is not empty may be replaced.
    files
        The files that will be written.
    inputs
        The files that are read.

    Raises
    ------
    FileExistsError
        If ``out`` is a file, or a folder that is not empty and ``overwrite`` is off.
    ValueError
        If a file would replace an input.
    """
    out = Path(out)
    refuse_inputs(files, inputs)
    _refuse_in_use(out, None, {}, overwrite=overwrite)
    out.mkdir(parents=True, exist_ok=True)
    return out


def refuse_inputs(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Raise a ValueError if a file to be written is one that is read. Links are followed.

    Parameters
    ----------
    outputs
        The files to write, with or without their endings: ``out/1`` stands for ``out/1.png`` and
        ``out/1.cat.jpg``.
    inputs
        The files to read. Names that differ in nothing but capitals count as the same.
    """
    kept = {name: path for path in inputs for name in _names_of_input(path)}
    for output in outputs:
        name = folded(str(output.parent.resolve() / output.name))
        if name in kept:
            raise ValueError(
                f"out: files named {output} would meet the input {kept[name]}: "
                "choose another place to write to"
            )


def is_output_folder(path: Path) -> bool:
    """Return whether a command of getam has begun this folder."""
    return _read_manifest(path / MANIFEST)[0] is not None


def _names_of_input(path: Path) -> Iterator[str]:
    """Yield an input's path, its target's if it is a link, and both without one ending or more."""
    for place in {path.parent.resolve() / path.name, path.resolve()}:
        parts = place.name.split(".")
        for count in range(1, len(parts) + 1):
            yield folded(str(place.parent / ".".join(parts[:count])))


def _stems_below(folder: Path, places: Collection[str]) -> list[Path]:
    """Return the files of photos without their endings, all below the folder and different."""
    stems = {folded(place): place_below(folder, place, "") for place in places}
    if len(stems) < len(places):
        raise ValueError("two photos have ids that differ in nothing but capitals: change one")
    root = folder.resolve()
    for parent in {stem.parent for stem in stems.values()}:
        if not parent.resolve().is_relative_to(root):
            raise ValueError(f"out: {parent} is a link that leads out of {folder}: remove it")
    return list(stems.values())


def _refuse_in_use(
    folder: Path, begun: Mapping[str, Any] | None, command: Mapping[str, Any], *, overwrite: bool
) -> None:
    if not folder.exists() or (folder.is_dir() and (overwrite or not any(folder.iterdir()))):
        return
    why = "is not empty"
    if begun is not None:
        names = dict.fromkeys([*begun, *command])
        other = ", ".join(n for n in names if begun.get(n) != command.get(n))
        why = f"holds the outputs of another command (not the same: {other})"
    raise FileExistsError(
        f"out: {folder} {why}: choose another folder, or replace files with --overwrite"
    )


def _read_manifest(path: Path) -> tuple[Mapping[str, Any] | None, dict[str, Mapping[str, Any]]]:
    """Return the command of a manifest, None if it is no manifest, and the last entry per id."""
    if not path.is_file():
        return None, {}
    first, *rest = path.read_text(encoding="utf-8", errors="replace").split("\n")
    head = _parsed(first)
    entries = [entry for entry in map(_parsed, rest) if entry.get("status") == "done"]
    return head.get("command"), {entry["id"]: entry for entry in entries}


def _parsed(line: str) -> dict[str, Any]:
    """Parse a line of a manifest. A line that was cut off counts as empty."""
    try:
        content = json.loads(line)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content) + "\n"
