"""This module leaves photos of the validation part out of the training part."""

import logging
from dataclasses import replace

from getam.data.source import Source

logger = logging.getLogger(__name__)


def without_overlap(source: Source, val: Source) -> Source:
    """Leave the photos of a validation part out of the training part. A warning counts them.

    A score on photos that were trained on says nothing about new photos.

    Parameters
    ----------
    source
        The training part.
    val
        The validation part. A photo is in both parts if both name the same file. Links are
        followed.

    Returns
    -------
    Source
        The training part without the photos of ``val``.

    Raises
    ------
    ValueError
        If no photo is left.
    """
    scored = {record.image.resolve() for record in val.records}
    records = tuple(r for r in source.records if r.image.resolve() not in scored)
    if source.records and not records:
        raise ValueError(
            f"every photo of {source.name} stands in {val.name} too, so none is left to train on: "
            "choose another split"
        )
    if len(records) < len(source):
        logger.warning(
            "%d photos stand in both parts; they are left out of training",
            len(source) - len(records),
        )
    return replace(source, records=records)
