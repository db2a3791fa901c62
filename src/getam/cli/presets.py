"""Presets of ``getam train``: values for settings that the command line does not name."""

from difflib import get_close_matches
from typing import Any

RELEASED: dict[str, Any] = {
    "classifier": "stride32",
    "epochs": 20,
    "joint_from": 0.5,
    "batch_size": 4,
    "accumulate": 1,
    "crop": 256,
    "scale": (0.9, 1 / 0.875),
    "jitter": 0.0,
    "optimiser": "sgd_released",
    "learning_rate": 0.04,
    "head_factor": 1.0,
    "joint_factor": 0.1,
    "weight_decay": 5e-4,
    "warmup": 0,
    "frozen_blocks": 0,
    "method": "getam",
    "first_block": None,
    "affinity": 0,
    "iterations": 10,
    "refine_scale": 1.0,
    "rule": "released",
    "rule_settings": {},
    "classification_weight": 1.0,
    "segmentation_weight": 1.0,
    "saliency_weight": 1.0,
    "energy_weight": 1e-7,
    "saliency_target": "released",
    "padding": "background",
    "long_side": 320,
    "tag_weight": 0.0,
    "test_scales": (0.8, 1.0, 1.5),  # 256, 320 and 480 pixels
    "test_resize": "square",
    "test_crf": True,
    "ema": 0.0,
    "precision": "32-true",
}

REPAIRS: dict[str, dict[str, Any]] = {
    "weight decay": {"optimiser": "sgd_paper"},
    "saliency target": {"saliency_target": "paper"},
    "two-class conflict": {"rule": "paper"},
    "padding": {"padding": "ignored"},
    "aspect ratio": {"test_resize": "aspect"},
}
"""What ``paper`` changes in ``released``, one mistake at a time."""

PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "released": RELEASED,
    "paper": {**RELEASED, **{name: value for r in REPAIRS.values() for name, value in r.items()}},
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
