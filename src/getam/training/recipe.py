"""Every setting of training, each default written once with its reason; presets are four lines."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from getam.inference import check_test
from getam.training.saliency_target import SALIENCY_TARGETS
from getam.training.step import PADDING

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]

RANGES: dict[str, tuple[Callable[[float], bool], tuple[str, ...]]] = {
    "at least 1": (lambda value: value >= 1, ("epochs", "batch_size", "accumulate", "crop")),
    "above 0": (
        lambda value: value > 0,
        ("learning_rate", "head_factor", "joint_factor", "refine_scale"),
    ),
    "0 or more": (
        lambda value: value >= 0,
        ("classification_weight", "segmentation_weight", "saliency_weight", "energy_weight")
        + ("weight_decay", "warmup", "jitter", "tag_weight", "iterations", "affinity"),
    ),
    "in 0..1": (lambda value: 0 <= value <= 1, ("joint_from", "ema")),
}
"""What a number must be, as a message says it: the check, and the settings it holds for."""


@dataclass(frozen=True)
class Recipe:
    """How to train.

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
    optimiser
        adamw, sgd (momentum 0.9), sgd_paper (none) or sgd_released.
    learning_rate
        Of the backbone.
    head_factor
        Learning rate of everything new relative to the backbone's.
    joint_factor
        Learning rate of the second phase relative to the first.
    weight_decay
        Of the optimiser.
    warmup
        Steps over which the learning rate rises.
    frozen_blocks
        Transformer blocks, from the first, that stay as they were.
    method
        Attribution method of the activation maps.
    first_block
        First block that counts for the maps; by default the second half of them.
    affinity
        Passes over the maps of the attention between patches; 0 leaves them as published.
    iterations
        Refinement passes.
    refine_scale
        Size at which maps are refined and completed, relative to the crop.
    rule
        Completion rule; by default "paper" with saliency and "thresholds" without.
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
        Long side, in pixels, at which the trained network sees a photo; by default 10/7 crops
        (320 for 224): larger than in training scores better.
    tag_weight
        How much the class logits count in masks, see :func:`getam.inference.weigh_by_tags`.
    test_scales
        Relative sizes whose logits the trained model averages when it predicts.
    test_resize
        aspect, or square as in the released test.
    test_crf
        Whether the trained model sharpens its masks by a dense CRF.
    ema
        Decay of the averaged weights that are kept for prediction, 0 for none.
    precision
        Of the devices: 32-true, bf16-mixed or 16-mixed.
    seed
        Of everything random.
    """

    epochs: int = 10
    joint_from: float = 0.5
    batch_size: int = 16
    accumulate: int = 1
    crop: int = 224
    scale: tuple[float, float] = (0.9, 1 / 0.875)
    jitter: float = 0.0
    optimiser: str = "adamw"
    learning_rate: float = 1e-4
    head_factor: float = 10.0
    joint_factor: float = 1.0
    weight_decay: float = 0.05
    warmup: int = 50
    frozen_blocks: int = 0
    method: str = "getam"
    first_block: int | None = None
    affinity: int = 0
    iterations: int = 10
    refine_scale: float = 0.5
    rule: str | None = None
    rule_settings: dict[str, float] = field(default_factory=dict)
    classification_weight: float = 1.0
    segmentation_weight: float = 1.0
    saliency_weight: float = 0.0
    energy_weight: float = 0.0
    saliency_target: str = "paper"
    padding: str = "ignored"
    long_side: int | None = None
    tag_weight: float = 1.0
    test_scales: tuple[float, ...] = (1.0,)
    test_resize: str = "aspect"
    test_crf: bool = False
    ema: float = 0.0
    precision: Precision = "32-true"
    seed: int = 0

    def __post_init__(self) -> None:
        for range_, (fits, names) in RANGES.items():
            for name in names:
                if not (isfinite(getattr(self, name)) and fits(getattr(self, name))):
                    raise ValueError(f"{name} must be {range_}, got {getattr(self, name)}")
        if not 0 < self.scale[0] <= self.scale[1] < float("inf"):
            raise ValueError(f"scale must be 0 < least <= greatest, got {list(self.scale)}")
        for name, known in (("saliency_target", SALIENCY_TARGETS), ("padding", PADDING)):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}"
                )
        check_test(self.test_scales, self.test_resize)
