"""Settings are read from a YAML file."""

from pathlib import Path
from typing import Any

from getam.plain_yaml import read_yaml


def read_settings(path: Path) -> dict[str, Any]:
    """Read a YAML file of settings.

    Raises
    ------
    FileNotFoundError, ValueError
        If it is missing, or holds anything else.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no settings file {path}")
    try:
        content = read_yaml(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not YAML ({error})") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold settings like `epochs: 10`")
    return content
