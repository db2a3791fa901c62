"""Scores go to the file that ``--json`` names, where there is something to score."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from getam.evaluation import Scores, StageScores

logger = logging.getLogger(__name__)


def write_scores(scores: "Scores | StageScores | None", path: Path | None) -> None:
    """Write scores to the file asked for; if there are none, one line warns."""
    if path is None:
        return
    if scores is None:
        logger.warning("no masks to score with: %s is not written", path)
    else:
        scores.write_json(path)
