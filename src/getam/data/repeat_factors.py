"""Repeat-factor sampling: photos of rare classes are drawn more often (Gupta et al. 2019, LVIS)."""

import numpy as np

from getam.data.source import Source


def repeat_factors(source: Source) -> np.ndarray:
    """Return how often each photo is drawn in an epoch, on average.

    A class in the share f of the photos has the factor max(1, sqrt(t / f)), where t is the median
    share of the classes; a photo has the largest factor of its classes (Gupta, Dollar and Girshick,
    LVIS, CVPR 2019, section 5). There, t is a constant; the median makes the rarer half of the
    classes count as rare in any data set. A photo that shows none of the classes has the factor 1.

    Parameters
    ----------
    source
        The photos to train on. A class in none of them has no part in this.

    Returns
    -------
    numpy.ndarray
        float64 [N], at least 1, in the order of the records.
    """
    shown = np.array([source.label_vector(record) for record in source.records])  # [N, C]
    shown = shown.reshape(len(source), len(source.classes))
    shown = shown[:, shown.any(0)]
    if not shown.size:
        return np.ones(len(source))
    share = shown.mean(0, dtype=np.float64)
    factor = np.maximum(1, np.sqrt(np.median(share) / share))  # [C]
    return np.maximum(1, shown * factor).max(1)
