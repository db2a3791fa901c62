"""This module keeps the folder that a command fills.

No output ever replaces an input. A command that is given again continues its folder.
``manifest.jsonl`` holds the command in its first line. One line per photo follows, which is
written once all files of the photo are whole, or once it is known why there are none::

    {"command": {"verb": "predict", "model": "/runs/mine", ...}}
    {"id": "cat/1", "photo": "/photos/cat/1.jpg", "status": "done", "seconds": 0.21,
     "outputs": ["cat/1.png"], "checksum": ["5d41402a"]}
    {"id": "cat/2", "photo": "/photos/cat/2.jpg", "status": "failed", "seconds": 0.01,
     "error": "cannot read the photo /photos/cat/2.jpg: not an image"}

The manifest of a folder elsewhere, such as ``s3://bucket/masks``, comes in pieces named
``manifest.TIME.jsonl``, since object stores append nothing.

Every shard of the photos has a manifest of its own, such as ``manifest-3-of-64.jsonl``, so no two
processes write to one file. What any of them holds counts as done for all.
"""

import json
import logging
import os
import re
import shutil
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from errno import ENOSPC
from functools import cache, partial
from hashlib import blake2b
from io import FileIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from time import monotonic, time_ns
from typing import Any

from getam.elsewhere import Elsewhere, located, whole_name
from getam.files import whole_file
from getam.places import folded, place_below
from getam.shard import WHOLE, Shard

MANIFEST = "manifest.jsonl"
"""The manifest of a command that works on all photos."""

_MANIFEST_NAME = re.compile(r"manifest(-[0-9]+-of-[0-9]+)?(\.[0-9]+)?\.jsonl")
_BEGINNING = re.compile(
    r"\.(manifest(-[0-9]+-of-[0-9]+)?\.[0-9]+\.jsonl|compare-counts\.[0-9]+\.pt)"
)
_READERS = 8  # threads that read outputs again: a disk of a network answers several at once
_CHUNK = 2**20
_SENT_EVERY = 20.0  # seconds; what a killed process had not sent is done again
_TYPES = {"id": str, "photo": str, "outputs": list, "checksum": list, "command": dict}

COUNTS = "compare-counts.pt"
"""The file of what a comparison has counted so far."""

LIST = "list of photos"
"""The setting that two shards of one command must share, beside those of the command."""

Entry = Mapping[str, Any]

logger = logging.getLogger(__name__)


class Outcomes:
    """Outcomes say which files were made of each photo, or why there are none.

    They are kept in memory. The worker of a cluster makes them, and the process that has the
    manifest adds their entries to it.

    Parameters
    ----------
    path
        The output folder.
    photos
        The absolute paths of the photos by their ids.

    Attributes
    ----------
    done
        The ids of the photos whose outputs are whole.
    failed
        Why a photo got no outputs, by its id.
    entries
        The lines that a manifest has of each photo.
    """

    def __init__(self, path: Path, photos: Mapping[str, str]) -> None:
        self.path, self.photos = path, photos
        self.done: set[str] = set()
        self.failed: dict[str, str] = {}
        self.entries: list[Entry] = []

    def file(self, place: str, suffix: str) -> Path:
        """Return the path of a file of a photo; see :func:`getam.places.place_below`."""
        return place_below(self.path, place, suffix)

    def record(self, place: str, outputs: Mapping[Path, str], *, seconds: float = 0.0) -> None:
        """Record that all files of a photo are whole. Several threads may call this at once.

        Parameters
        ----------
        place
            The id of the photo.
        outputs
            Its files, with the :func:`checksum` of each.
        seconds
            How long the photo took.
        """
        names = [path.relative_to(self.path).as_posix() for path in outputs]
        sums = list(outputs.values())
        self.add(self._entry(place, "done", seconds) | {"outputs": names, "checksum": sums})

    def record_failure(self, place: str, error: str, *, seconds: float = 0.0) -> None:
        """Record in one line why a photo has no outputs. Several threads may call this at once."""
        self.add(self._entry(place, "failed", seconds) | {"error": error})

    def add(self, entry: Entry) -> None:
        """Add what a manifest says of a photo, as `record` and `record_failure` make it."""
        self.keep(entry)
        if entry["status"] == "done":
            self.done.add(entry["id"])
        else:
            self.failed[entry["id"]] = entry["error"]

    def keep(self, entry: Entry) -> None:
        """Keep an entry where it belongs."""
        self.entries.append(entry)

    def _entry(self, place: str, status: str, seconds: float) -> dict[str, Any]:
        photo = self.photos[place]
        return {"id": place, "photo": photo, "status": status, "seconds": round(seconds, 3)}


class OutputFolder(Outcomes):
    """An output folder records what a command has written for each photo, and what went wrong.

    A folder that is new or empty is begun. A folder that the same command began is continued. Its
    shards may do so at the same time, also on several machines that share the folder.

    Parameters
    ----------
    path
        The folder; it is made if it is missing.
    command
        The verb and the settings that the outputs depend on, as values that JSON can hold.
    photos
        The file of every photo by its id, of all shards. The outputs of a photo are named by the
        id and an ending.
    inputs
        Every other file that the command reads.
    files
        Further files that the command writes, which belong to no single photo.
    overwrite
        Whether to begin anew in a folder that is not empty. Files of the same names are then
        replaced.
    shard
        The part of the photos that this process works on.

    Attributes
    ----------
    own
        The ids of the photos of the shard.
    photos
        The absolute paths of these photos, by their ids.
    done
        Those of them whose outputs are recorded and still have the checksums of the record.
        Photos that are recorded later join them.
    failed
        Why a photo got no outputs since the folder was opened, by its id.

    Raises
    ------
    FileExistsError
        If the folder is not empty and belongs to no command or to another one.
    ValueError
        If an output would replace an input, if it would lie outside the folder, if two photos
        have the same id, or if a shard is to overwrite.
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
        shard: Shard = WHOLE,
    ) -> None:
        if overwrite and shard.count > 1:
            raise ValueError(
                "overwrite: a shard that starts again would undo its own work and that of others: "
                "remove the folder first, or leave out --overwrite"
            )
        self.own = shard.part(photos)
        absolute = {place: whole_name(photos[place]) for place in self.own}
        super().__init__(located(path), absolute)
        self.shard = shard
        self.manifest = self.path / _manifest_name(shard)
        self._lock = Lock()
        self._opened: FileIO | Pieces | None = None
        self._files = list(files)
        self._begun = False
        _refuse_alike(photos)
        stems = _stems_below(self.path, self.own)
        refuse_inputs([*stems, self.manifest, *self._files], [*photos.values(), *inputs])
        if shard.count > 1:  # shards of two lists would leave photos out
            mark = blake2b("\n".join(sorted(photos)).encode(), digest_size=8).hexdigest()
            command = {**command, LIST: mark}
        _refuse_others(self.path, command, overwrite=overwrite)
        if overwrite:
            _remove_manifests(self.path)
        self.done = self._whole()
        if self.done:
            logger.info("%d of %d photos were done before", len(self.done), len(self.own))
        if _command_in(self.manifest) is None:
            self._begin(command)
            self._begun = not overwrite

    def leave(self) -> None:
        """Take back what this command began, if no photo is done: the folder is free again."""
        if not self._begun or self.done:
            return
        self.manifest.unlink(missing_ok=True)
        if _manifests(self.path):  # of other shards, which share the other files
            return
        for file in self._files:
            if file.parent == self.path:  # one elsewhere may have been there before
                file.unlink(missing_ok=True)

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """Open the manifest for :meth:`record`, and yield an empty folder for unfinished files.

        That folder lies on the disk of the outputs, so a finished file moves in one step. What a
        process that was killed left in it is removed.

        Raises
        ------
        FileExistsError
            If another process is writing for the same shard.
        """
        if isinstance(self.manifest, Elsewhere):
            with TemporaryDirectory() as folder, closing(Pieces(self.manifest)) as self._opened:
                yield Path(folder)
            self._opened = None
            return
        part = self.manifest.with_name(f".{self.manifest.stem}.part")
        with FileIO(self.manifest, "a+") as self._opened:
            _refuse_second(self._opened, self.manifest)
            _end_line(self._opened)
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(exist_ok=True)
            try:
                yield part
            finally:
                shutil.rmtree(part, ignore_errors=True)
                self._opened = None

    def keep(self, entry: Entry) -> None:
        """Append an entry to the manifest."""
        line = _line(entry).encode()
        with self._lock:
            if self._opened is None:
                raise ValueError("photos are recorded within `with folder.writing()`")
            if self._opened.write(line) < len(line):  # one call, so that a line is never mixed up
                raise OSError(ENOSPC, os.strerror(ENOSPC), str(self.manifest))

    def _begin(self, command: Entry) -> None:
        with whole_file(self.manifest) as temporary:
            temporary.write_text(_line({"command": command}), encoding="utf-8")
        try:  # another command may have begun at the same time
            _refuse_others(self.path, command, overwrite=False)
        except FileExistsError:
            self.manifest.unlink()
            raise

    def _whole(self) -> set[str]:
        """Return the photos whose outputs have the checksums of an entry of any manifest."""
        entries = [
            entry
            for manifest in _manifests(self.path)
            for entry in _last_entries(manifest, self.own).values()
        ]
        is_whole = self._is_whole
        if isinstance(self.path, Elsewhere) and entries:
            there = {str(path) for path in self.path.rglob("*")}
            is_whole = partial(self._is_whole, there=there)
        with ThreadPoolExecutor(_READERS) as pool:
            whole = list(pool.map(is_whole, entries))
        return {entry["id"] for entry, is_whole in zip(entries, whole, strict=True) if is_whole}

    def _is_whole(self, entry: Entry, there: Collection[str] | None = None) -> bool:
        # Another list of photos may give this id to another photo, whose file it then is.
        if entry.get("status") != "done" or entry.get("photo") != self.photos[entry["id"]]:
            return False
        paths = [self.path / output for output in entry.get("outputs", ())]
        if there is not None:  # a store has a file whole or not at all
            return bool(paths) and all(str(path) in there for path in paths)
        if not paths or not all(path.is_file() for path in paths):
            return False
        return [checksum(path) for path in paths] == entry.get("checksum")


class Pieces:
    """The manifest of a folder elsewhere grows by whole files, as nothing is appended there.

    Parameters
    ----------
    manifest
        The address of the manifest, after which the pieces are named.
    """

    def __init__(self, manifest: Elsewhere) -> None:
        self.manifest = manifest
        self.lines: list[bytes] = []
        self.sent = monotonic()

    def write(self, line: bytes) -> int:
        """Write a line, and send what was written if that is due. Return the bytes written."""
        self.lines.append(line)
        if monotonic() - self.sent >= _SENT_EVERY:
            self.close()
        return len(line)

    def close(self) -> None:
        """Send the lines that were written, as a new piece."""
        if not self.lines:
            return
        name = f"{self.manifest.stem}.{time_ns()}.jsonl"
        with whole_file(self.manifest.with_name(name)) as temporary:
            temporary.write_bytes(b"".join(self.lines))
        self.lines.clear()
        self.sent = monotonic()


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
    if not overwrite and _holds_anything(out):
        raise _in_use(out, "is not empty")
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
    outputs = list(outputs)
    real = cache(
        lambda folder: folder.resolve()
    )  # of folders: far fewer than files, of which there may be millions
    same = cache(lambda folder: folded(str(folder)))
    folders = {same(real(folder)) for folder in {output.parent for output in outputs}}
    kept = {
        name: path
        for path in dict.fromkeys(inputs)
        for place in _with_target(real(path.parent) / path.name)
        if same(place.parent) in folders
        for name in _with_fewer_endings(place)
    }
    if not kept:
        return
    for output in outputs:
        name = folded(str(real(output.parent) / output.name))
        if name in kept:
            raise ValueError(
                f"out: files named {output} would meet the input {kept[name]}: "
                "choose another place to write to"
            )


def refuse_other_commands(folder: Path, command: Entry) -> None:
    """Raise a FileExistsError if another command has begun this folder, or a shard of it.

    Parameters
    ----------
    folder
        The output folder. It need not exist.
    command
        The verb and the settings that the outputs depend on, as values that JSON can hold.
    """
    refuse_different(folder, command, _commands(folder))


def refuse_different(folder: Path, command: Entry, commands: Iterable[Entry]) -> None:
    """Raise a FileExistsError if one of the commands that began a folder is another one."""
    command = json.loads(json.dumps(command))
    for begun in commands:
        names = [n for n in {**begun, **command} if n != LIST or (n in begun and n in command)]
        other = ", ".join(name for name in names if begun.get(name) != command.get(name))
        if other:
            raise _in_use(folder, f"holds the outputs of another command (not the same: {other})")


def is_output_folder(path: Path) -> bool:
    """Return whether a command of getam has begun this folder, or a shard of it."""
    return any(_command_in(manifest) is not None for manifest in _manifests(path))


def _with_target(path: Path) -> Iterator[Path]:
    yield path
    if path.is_symlink():
        yield path.resolve()


def _with_fewer_endings(path: Path) -> Iterator[str]:
    """Yield a path without one ending or more, and with all of them."""
    parts = path.name.split(".")
    for count in range(1, len(parts) + 1):
        yield folded(str(path.parent / ".".join(parts[:count])))


def _refuse_alike(places: Collection[str]) -> None:
    """Raise a ValueError if two ids are one file on a disk that knows no capitals."""
    if len({folded(place) for place in places}) < len(places):
        raise ValueError("two photos have ids that differ in nothing but capitals: change one")


def _stems_below(folder: Path, places: Collection[str]) -> list[Path]:
    """Return the files of photos without their endings, all below the folder."""
    stems = [place_below(folder, place, "") for place in places]
    root = folder.resolve()
    for parent in {stem.parent for stem in stems}:
        if not parent.resolve().is_relative_to(root):
            raise ValueError(f"out: {parent} is a link that leads out of {folder}: remove it")
    return stems


def _holds_anything(folder: Path) -> bool:
    """Return whether there is such a file, or a folder that is not empty."""
    if not folder.is_dir():
        return folder.exists()
    return any(not _BEGINNING.fullmatch(path.name) for path in folder.iterdir())


def _in_use(folder: Path, why: str) -> FileExistsError:
    advice = "choose another folder, or replace files with --overwrite"
    return FileExistsError(f"out: {folder} {why}: {advice}")


def _refuse_others(folder: Path, command: Entry, *, overwrite: bool) -> None:
    """Raise an error if the folder holds anything but the outputs of this command."""
    holds_anything = _holds_anything(folder)  # before the manifests, as a shard may begin meanwhile
    if holds_anything and not folder.is_dir():
        raise _in_use(folder, "is a file")
    if overwrite or not holds_anything:
        return
    commands = _commands(folder)
    if not commands:
        raise _in_use(folder, "is not empty")
    refuse_different(folder, command, commands)


def _commands(folder: Path) -> list[Entry]:
    """Return the commands that the manifests of a folder hold."""
    return [command for command in map(_command_in, _manifests(folder)) if command is not None]


def _refuse_second(manifest: FileIO, path: Path) -> None:
    """Raise an error if another process holds the manifest; a process that ends lets it go."""
    try:
        import fcntl

        fcntl.lockf(manifest, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FileExistsError(
            f"out: another process is writing to {path}: wait until it ends, or stop it"
        ) from None
    except (ImportError, OSError):  # Windows, and some disks of networks, have no such locks
        pass


def _end_line(manifest: FileIO) -> None:
    """End the last line of a manifest if the run before was cut off within it."""
    if manifest.seek(0, os.SEEK_END):
        manifest.seek(-1, os.SEEK_END)
        if manifest.read(1) != b"\n":
            manifest.write(b"\n")


def _manifest_name(shard: Shard) -> str:
    return MANIFEST if shard.count == 1 else f"manifest-{shard.number}-of-{shard.count}.jsonl"


def _manifests(folder: Path) -> list[Path]:
    """Return the manifests of all shards that have begun."""
    if not folder.is_dir():
        return []
    found = (path for path in folder.iterdir() if _MANIFEST_NAME.fullmatch(path.name))
    return sorted(path for path in found if path.is_file())


def _remove_manifests(folder: Path) -> None:
    """Remove the manifests of a folder, unless another process is writing to one of them."""
    manifests = _manifests(folder)
    if not isinstance(folder, Elsewhere):  # where nothing can be locked
        for manifest in manifests:
            with FileIO(manifest, "a+") as opened:
                _refuse_second(opened, manifest)
    for manifest in manifests:
        manifest.unlink()


def _lines_of(manifest: Path) -> Iterator[dict[str, Any]]:
    # Text is cut at line feeds alone: a name may hold other characters that end a line.
    with manifest.open(encoding="utf-8", errors="replace", newline="\n") as lines:
        yield from map(_parsed, lines)


def _command_in(manifest: Path) -> Mapping[str, Any] | None:
    """Return the command of a manifest, None if it is no manifest."""
    if not manifest.is_file():
        return None
    return next(_lines_of(manifest), {}).get("command")


def _last_entries(manifest: Path, ids: Collection[str]) -> dict[str, Entry]:
    """Return the last entry of each of some photos in a manifest."""
    return {entry["id"]: entry for entry in _lines_of(manifest) if entry.get("id") in ids}


def checksum(path: Path) -> str:
    """Return the CRC-32 of a file, eight hexadecimal digits.

    It finds files that were cut or damaged by chance, which is all that it is for. Among the
    checksums of the standard library it is the fastest, and eight digits keep the lines short.
    """
    crc = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            crc = zlib.crc32(chunk, crc)
    return f"{crc:08x}"


def _parsed(line: str) -> dict[str, Any]:
    """Parse a line of a manifest. A line that was cut off or damaged counts as empty."""
    try:
        content = json.loads(line)
    except ValueError:
        return {}
    if not isinstance(content, dict):
        return {}
    sound = all(isinstance(content.get(name, kind()), kind) for name, kind in _TYPES.items())
    return content if sound else {}


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content) + "\n"
