"""A command is told from another by its settings, and knows the files that it reads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from getam.elsewhere import Elsewhere, whole_name
from getam.outputs import refuse_other_commands

UNIMPORTANT = frozenset(
    {"out", "json", "truth", "device", "workers", "overwrite"}
    | {"engine", "address", "shard", "time_limit", "max_errors", "strict"}
)
"""These settings change no output; photos that are left out or fail have none."""

WRITTEN = ("out", "json")

MODEL_FILES = ("model.json", "config.json", "model.safetensors")


def command_of(verb: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the verb and those settings that its outputs depend on, as JSON can hold them.

    A trained model or a file of tags that has been written again is another one.
    """
    command = {"verb": verb} | {n: v for n, v in settings.items() if n not in UNIMPORTANT}
    for name, value in settings.items():
        if isinstance(value, Path) and name in command:
            command[name] = whole_name(value)
        if name in ("model", "weights", "data", "labels") and value is not None:
            command[f"{name} written"] = [file.stat().st_mtime_ns for file in _files(value)]
    return command


def command_if_out_is_free(verb: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return `command_of`, if no other command has begun the output folder.

    Ask before anything heavy is imported, so that such a folder is refused at once. Whatever else
    may be wrong with the folder is found when it is opened.

    Raises
    ------
    FileExistsError
        If the folder holds the outputs of another command.
    """
    command = command_of(verb, settings)
    out = settings["out"]
    if not settings["overwrite"] and not isinstance(out, Elsewhere):  # a store is asked once, later
        refuse_other_commands(out, command)
    return command


def inputs_of(settings: Mapping[str, Any]) -> list[Path]:
    """Return the files that the settings name, and those of the model folder."""
    return [file for path in _read(settings) for file in _files(path)]


def folders_of(settings: Mapping[str, Any]) -> list[Path]:
    """Return the folders that the settings name and that are read."""
    return [path for path in _read(settings) if path.is_dir()]


def _read(settings: Mapping[str, Any]) -> list[Path]:
    named = (value for name, value in settings.items() if name not in WRITTEN)
    read = [value for value in named if isinstance(value, Path)]
    return [*read, *_named_in_data(settings)]


def _named_in_data(settings: Mapping[str, Any]) -> list[Path]:
    """Return the files and folders that a ``data.yaml`` names, which may lie anywhere."""
    data = settings.get("data")
    if not isinstance(data, Path) or data.suffix not in (".yaml", ".yml") or not data.is_file():
        return []
    from getam.data.data_yaml import paths_in_data_yaml

    splits = [settings[name] for name in ("split", "val") if settings.get(name) is not None]
    return paths_in_data_yaml(data, splits)


def _files(path: Path) -> list[Path]:
    """Return a file itself, the files of a model folder, and nothing for other folders."""
    if path.is_file():
        return [path]
    return [file for file in (path / name for name in MODEL_FILES) if file.is_file()]
