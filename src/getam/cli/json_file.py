"""Results go to the file that ``--json`` names, which may be none of the files that are read."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from getam.cli.command import folders_of, inputs_of
from getam.outputs import refuse_inputs
from getam.replacing import JSON, refuse_other_kind

if TYPE_CHECKING:
    from getam.evaluation import Scores, StageScores

logger = logging.getLogger(__name__)


def check_json_file(path: Path | None, settings: Mapping[str, Any]) -> None:
    """Raise an error if results cannot be written there, before they are computed.

    Raises
    ------
    ValueError
        If the file is an input, or lies with the inputs in a folder that is read.
    FileExistsError, PermissionError
        As :func:`getam.replacing.refuse_other_kind`.
    """
    if path is None:
        return
    refuse_inputs([path], inputs_of(settings))
    refuse_other_kind(path, begins=JSON)
    for folder in folders_of(settings):
        if path.exists() and path.resolve().is_relative_to(folder.resolve()):
            raise ValueError(
                f"json: {path} is a file of {folder}, which is read: choose another name"
            )


def write_scores(scores: "Scores | StageScores | None", path: Path | None) -> None:
    """Write scores to the file asked for; if there are none, one line warns."""
    if path is None:
        return
    if scores is None:
        logger.warning("no masks to score with: %s is not written", path)
    else:
        scores.write_json(path)
