"""This module draws some photos more often: those of rare classes, and those with corrected masks.

The former is repeat-factor sampling. The source is LVIS (CVPR 2019, section 5) by Gupta, Dollar and
Girshick.
"""

import numpy as np

from getam.data.source import Source

MOST_CORRECTED = 2
"""Photos with corrected masks are drawn at most so many times as often as all others together."""


def repeat_factors(source: Source, power: float, *, corrected: float = 1.0) -> np.ndarray:
    """Return how often each photo is drawn in an epoch, on average.

    A class that a share f of the photos shows has the factor max(1, (t / f) ** power), where t is
    the median share of the classes. A photo has the largest factor of its classes, or 1 if it shows
    none. In the source, t is a constant and the power is 0.5. The median makes the rarer half of
    the classes count as rare in any data set. A photo with a corrected mask has ``corrected`` times
    the factor that it would have without. They are never drawn more than twice as often as all
    other photos together, however: if every photo has one, an epoch stays as long as it was.

    Parameters
    ----------
    source
        The photos to train on. A class that none of them shows is ignored.
    power
        How far the classes are balanced: 0 draws every photo once, and 1 draws rare classes as
        often as the median class.
    corrected
        How much more often photos with a corrected mask are drawn, at least 1.

    Returns
    -------
    numpy.ndarray
        float64 [N], each at least 1, in the order of the records.
    """
    shown = np.array([source.label_vector(record) for record in source.records])  # [N, C]
    shown = shown.reshape(len(source), len(source.classes))
    shown = shown[:, shown.any(0)]
    has_mask = np.array([record.corrected is not None for record in source.records], dtype=bool)
    most = MOST_CORRECTED * (~has_mask).sum() / max(1, has_mask.sum())
    more = np.where(has_mask, max(1.0, min(corrected, most)), 1.0)
    if not shown.size:
        return more
    share = shown.mean(0, dtype=np.float64)
    factor = np.maximum(1, (np.median(share) / share) ** power)  # [C]
    return more * np.maximum(1, shown * factor).max(1)
