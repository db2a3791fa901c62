"""Settings are read from a YAML file."""

from pathlib import Path
from typing import Any

import yaml


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
        content = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML ({str(error).splitlines()[0]})") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold settings like `epochs: 10`")
    return content
