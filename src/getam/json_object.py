"""This module reads JSON objects from files that may have been cut off or changed by hand."""

import json
from typing import Any


def json_object(text: str, *, origin: object) -> dict[str, Any]:
    """Parse the text of a JSON object.

    Parameters
    ----------
    text
        The text.
    origin
        The file, or the line of a file, that the error names.

    Raises
    ------
    ValueError
        If the text is no JSON object.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:  # lists within lists, thousands deep
        raise _damaged(origin, error) from None
    if not isinstance(content, dict):
        raise _damaged(origin, "no JSON object")
    return content


def _damaged(origin: object, reason: object) -> ValueError:
    return ValueError(f"{origin} is damaged ({reason}): restore it, or move it away")
