"""This module names the settings of the dense CRF that are in common use."""

from typing import TypedDict


class Settings(TypedDict):
    """The settings are keyword arguments of :func:`getam.crf.dense_crf`, named as in pydensecrf."""

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
"""``maps`` sharpens activation maps and ``test`` the final masks, as in the released GETAM."""
