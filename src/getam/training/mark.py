"""A mark is a short text that stands for settings or inputs."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any


def mark_of(found: Mapping[str, Any]) -> str:
    """Return a short text that is another one if anything in ``found`` is."""
    return sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
