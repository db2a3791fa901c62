"""Every setting of a training run; what a run uses by default is written in ``presets.py``."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite

RANGES: dict[str, tuple[Callable[[float], bool], tuple[str, ...]]] = {
    "at least 1": (
        lambda value: value >= 1,
        ("epochs", "batch_size", "accumulate", "crop", "long_side"),
    ),
    "above 0": (
        lambda value: value > 0,
        ("learning_rate", "head_factor", "joint_factor", "refine_scale"),
    ),
    "0 or more": (
        lambda value: value >= 0,
        ("classification_weight", "segmentation_weight", "saliency_weight", "energy_weight")
        + ("weight_decay", "jitter", "tag_weight", "iterations", "affinity")
        + ("first_block", "frozen_blocks", "seed"),
    ),
    "in 0..1": (lambda value: 0 <= value <= 1, ("joint_from", "warmup", "ema")),
}
"""What a number must be, as a message says it: the check, and the settings it holds for."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train.

    Lengths that depend on how long a run is (the second phase, the warm-up, the memory of the
    averaged weights) are shares of all its steps, so that they fit 30 photos as well as 30,000.

    Parameters
    ----------
    epochs
        Passes over the photos, both phases together.
    joint_from
        Share of the steps after which the second phase (maps, pseudo labels, decoder) begins.
    batch_size
        Photos per step and process.
    accumulate
        Steps whose gradients are summed before the optimiser acts.
    crop
        Side of the training square, pixels.
    scale
        Least and greatest long side of a photo relative to the crop.
    jitter
        Strength of the colour changes, 0 for none.
    balance
        Whether photos of rare classes are drawn more often.
    optimiser
        The optimiser: adamw, sgd (momentum 0.9), sgd_paper (none) or sgd_released.
    learning_rate
        Learning rate of the backbone.
    head_factor
        Learning rate of everything new relative to the backbone's.
    joint_factor
        Learning rate of the second phase relative to the first.
    weight_decay
        Weight decay of the optimiser.
    warmup
        Share of the steps over which the learning rate rises.
    frozen_blocks
        Transformer blocks, from the first, that stay as they were.
    method
        Attribution method of the activation maps.
    first_block
        First block that counts for the maps.
    affinity
        Passes over the maps of the attention between patches; 0 leaves them as published.
    iterations
        Refinement passes.
    refine_scale
        Size at which maps are refined and completed, relative to the crop.
    rule
        Completion rule: paper or released with saliency, thresholds without.
    rule_settings
        Settings of the rule, e.g. {low: 0.25, high: 0.5}.
    classification_weight
        Weight of the classification loss in the sum; 0 leaves a loss out.
    segmentation_weight
        Weight of the segmentation loss.
    saliency_weight
        Weight of the saliency loss.
    energy_weight
        Weight of the dense energy loss.
    saliency_target
        What the saliency loss asks for: paper, or released with its mistake.
    padding
        What a crop has beyond its photo: ignored, or learnt as background, as released.
    long_side
        Long side, in pixels, at which the trained network sees a photo.
    tag_weight
        How much the class logits count in masks, see :func:`getam.network.weigh_by_tags`.
    test_scales
        Relative sizes whose logits the trained model averages when it predicts.
    test_resize
        How the trained model resizes a photo: aspect, or square as in the released test.
    test_flip
        Whether the trained model averages with the mirrored photo.
    test_crf
        Whether the trained model sharpens its masks by a dense CRF.
    ema
        Share of the steps that the averaged weights, kept for prediction, reach back; 0 for none.
    precision
        Number format: auto (what is fast here), 32-true, bf16-mixed or 16-mixed.
    seed
        Seed of everything random.
    """

    epochs: int
    joint_from: float
    batch_size: int
    accumulate: int
    crop: int
    scale: tuple[float, float]
    jitter: float
    balance: bool
    optimiser: str
    learning_rate: float
    head_factor: float
    joint_factor: float
    weight_decay: float
    warmup: float
    frozen_blocks: int
    method: str
    first_block: int
    affinity: int
    iterations: int
    refine_scale: float
    rule: str
    rule_settings: dict[str, float] = field(default_factory=dict)
    classification_weight: float = 1.0
    segmentation_weight: float = 1.0
    saliency_weight: float = 0.0
    energy_weight: float = 0.0
    saliency_target: str = "paper"
    padding: str = "ignored"
    long_side: int
    tag_weight: float
    test_scales: tuple[float, ...] = (1.0,)
    test_resize: str = "aspect"
    test_flip: bool = False
    test_crf: bool = False
    ema: float
    precision: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        for range_, (fits, names) in RANGES.items():
            for name in names:
                if not (isfinite(getattr(self, name)) and fits(getattr(self, name))):
                    raise ValueError(f"{name} must be {range_}, got {getattr(self, name)}")
        if not 0 < self.scale[0] <= self.scale[1] < float("inf"):
            raise ValueError(f"scale must be 0 < least <= greatest, got {list(self.scale)}")
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}"
                )


CHOICES: dict[str, tuple[str, ...]] = {
    "saliency_target": ("paper", "released"),
    "padding": ("ignored", "background"),
    "test_resize": ("aspect", "square"),
    "precision": ("auto", "32-true", "bf16-mixed", "16-mixed"),
}
"""The words that a setting may be. This module imports nothing heavy, so that ``--help`` is quick;
a test compares them with the dictionaries of functions."""
