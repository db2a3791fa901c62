"""Settings of the dense CRF that the field uses, by name."""

from typing import TypedDict


class Settings(TypedDict):
    """Keyword arguments of :func:`getam.crf.dense_crf`; the words are those of pydensecrf."""

    sxy: float
    srgb: float
    compat: float
    gaussian_sxy: float
    gaussian_compat: float
    iterations: int


PRESETS: dict[str, Settings] = {
    "maps": {
        "sxy": 80.0,
        "srgb": 13.0,
        "compat": 10.0,
        "gaussian_sxy": 3.0,
        "gaussian_compat": 3.0,
        "iterations": 10,
    },
    "test": {
        "sxy": 83.0,
        "srgb": 5.0,
        "compat": 4.0,
        "gaussian_sxy": 3.0,
        "gaussian_compat": 3.0,
        "iterations": 20,
    },
}
"""``maps`` sharpens activation maps, ``test`` the final masks (as in the released GETAM)."""
