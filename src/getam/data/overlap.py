"""This module leaves photos of the validation part out of the training part."""

import logging
from dataclasses import replace

from getam.data.notice import first_few
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
        If no photo is left, or if a photo that both parts share has a corrected mask.
    """
    both = in_both(source, val)
    corrected = [str(record.corrected) for record in source.corrected if record.id in both]
    if corrected:
        raise ValueError(
            f"{len(corrected)} corrected masks belong to photos of {val.name} that are scored: "
            f"{first_few(corrected)}; remove these masks, or score other photos"
        )
    records = tuple(record for record in source.records if record.id not in both)
    if source.records and not records:
        raise ValueError(
            f"every photo of {source.name} stands in {val.name} too, so none is left to train on: "
            "choose another split"
        )
    if both:
        logger.warning("%d photos stand in both parts; they are left out of training", len(both))
    return replace(source, records=records)


def in_both(source: Source, val: Source) -> set[str]:
    """Return the ids, in ``source``, of the photos whose file ``val`` names too."""
    scored = {record.image.resolve() for record in val.records}
    return {record.id for record in source.records if record.image.resolve() in scored}
