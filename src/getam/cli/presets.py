"""Presets of ``getam train``: values for settings that the command line does not name."""

from difflib import get_close_matches
from typing import Any

PAPER: dict[str, Any] = {
    "optimiser": "sgd",
    "learning_rate": 0.04,
    "head_factor": 1.0,
    "joint_factor": 0.1,
    "weight_decay": 5e-4,
    "warmup": 0,
    "batch_size": 4,
    "crop": 256,
    "classifier": "stride32",
    "method": "getam",
    "affinity": 0,
    "rule": "paper",
    "saliency_weight": 1.0,
    "energy_weight": 1e-7,
}

PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "paper": PAPER,
    "released": {**PAPER, "optimiser": "sgd_released", "rule": "released"},
}
"""Every preset by its name. ``docs/fidelity.md`` lists how they differ."""


def preset_settings(name: str) -> dict[str, Any]:
    """Settings of a preset.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest one.
    """
    if name not in PRESETS:
        near = get_close_matches(name, PRESETS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}, got {name!r}{hint}")
    return PRESETS[name]
