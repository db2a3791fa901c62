"""This module warns if a data set of one class has no photos without the class."""

import logging

from getam.data.source import Source

logger = logging.getLogger(__name__)


def warn_without_negatives(source: Source) -> None:
    """Log one warning if there is only one class and every photo may show it.

    A classifier that is trained on such photos learns to say yes to every photo.
    """
    if len(source.classes) != 1:
        return
    (name,) = source.classes
    if all(name in (*(r.labels or ()), *r.unknown) for r in source.records):
        logger.warning(
            "no photo of %s is known to be without the only class %r, so the classifier has "
            "nothing to tell it from: add photos that show none of the classes (with empty labels, "
            "or in a folder named by --none)",
            source.name,
            name,
        )
