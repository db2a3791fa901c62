"""This module defines every setting of a training run; ``presets.py`` chooses their values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import isfinite

RANGES: dict[str, tuple[Callable[[float], bool], tuple[str, ...]]] = {
    "in 1..100000": (lambda value: 1 <= value <= 100_000, ("epochs", "batch_size", "accumulate")),
    "in 16..16384": (lambda value: 16 <= value <= 16_384, ("crop", "long_side")),
    "above 0, at most 100": (lambda value: 0 < value <= 100, ("learning_rate",)),
    "above 0, at most 1000": (
        lambda value: 0 < value <= 1000,
        ("head_factor", "joint_factor", "classification_weight"),
    ),
    "in 1..1000": (lambda value: 1 <= value <= 1000, ("corrected_factor",)),
    "in 0.05..1": (lambda value: 0.05 <= value <= 1, ("refine_scale",)),
    "in 0..1000": (
        lambda value: 0 <= value <= 1000,
        ("segmentation_weight", "saliency_weight", "energy_weight")
        + ("weight_decay", "tag_weight", "iterations", "affinity", "first_block", "frozen_blocks"),
    ),
    "in 0..9223372036854775807": (lambda value: 0 <= value < 2**63, ("seed",)),
    "in 0..1": (
        lambda value: 0 <= value <= 1,
        ("joint_from", "flip", "jitter", "warmup", "ema", "balance"),
    ),
    "at least 0 and below 1": (lambda value: 0 <= value < 1, ("drop_path",)),
}
"""The range of every number: how a message names it, the check, and the settings it holds for."""

LARGEST_SCALE = 16
"""How many times as long as the crop a photo may be made."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A recipe holds every setting of a training run.

    The start of the second phase, the length of the warm-up and the memory of the averaged weights
    are shares of all steps. They therefore fit 30 photos as well as 30,000.

    Parameters
    ----------
    epochs
        Number of times that every photo is seen, in both phases together.
    joint_from
        Share of the steps after which the second phase (maps, pseudo labels, decoder) begins.
    batch_size
        Number of photos per step, which the processes of a run share.
    accumulate
        Number of steps whose gradients are averaged before the weights change.
    crop
        Side of the square that is trained on, in pixels.
    scale
        Least and greatest long side of a photo relative to the crop.
    flip
        Probability that a training photo is mirrored; 0 where left and right differ, as in writing.
        There, test_flip is to be off as well.
    jitter
        Strength of the random colour changes, 0 for none.
    balance
        How much more often photos of rare classes are drawn: 0 for all equally often, 1 as often as
        the median class, and values between for less.
    corrected_factor
        How much more often photos with a corrected mask are drawn, as far as they do not become
        more than twice as many as all others. The run grows longer by them.
    optimiser
        The optimiser: adamw, sgd (momentum 0.9), sgd_paper (none) or sgd_released.
    learning_rate
        Learning rate of the backbone.
    head_factor
        Learning rate of the classifier and the decoder relative to that of the backbone.
    joint_factor
        Learning rate of the second phase relative to that of the first.
    weight_decay
        Weight decay of the optimiser.
    warmup
        Share of the steps over which the learning rate rises.
    frozen_blocks
        Number of transformer blocks, from the first, that are not trained.
    drop_path
        Share of the photos that leave out the last block in training. It falls to 0 at the first.
    frozen
        Whether the whole backbone stays as it is. Its features are then computed once, of each
        whole photo and of its mirror image, and the labels of all photos are made once.
    feature_cache
        Number format of the features that a frozen run keeps: float16, float32, or none to run the
        backbone at every step.
    method
        Attribution method of the activation maps.
    first_block
        Index of the first block that counts for the maps.
    affinity
        How often the attention between patches is applied to the maps; 0 leaves them as published.
    iterations
        Number of iterations that refine the maps.
    refine_scale
        Size at which maps are refined and completed, relative to the crop.
    rule
        Rule that turns maps into a pseudo label: paper or released with saliency, thresholds
        without.
    rule_settings
        Settings of the rule, e.g. {low: 0.25, high: 0.5}.
    classification_weight
        Weight of the classification loss. It is above 0, because the maps need the classifier.
    segmentation_weight
        Weight of the segmentation loss; a weight of 0 leaves a loss out.
    saliency_weight
        Weight of the saliency loss.
    energy_weight
        Weight of the dense energy loss.
    parts
        Weights of further parts of the loss by their names, e.g. {affinity: 0.1}.
    parts_from
        Share of the run at which a part of the loss begins, by its name. Otherwise a part begins
        with the second phase, or with the run if it needs no pseudo label.
    label_source
        What makes the pseudo labels: tags for the rule above, or the way of a method.
    saliency_target
        Target of the saliency loss: paper, or released with its mistake.
    padding
        How the part of a crop outside its photo is treated: ignored, or learnt as background, as
        released.
    long_side
        Long side of a photo, in pixels, when the trained network predicts.
    tag_weight
        How much the class logits count in masks; see :func:`getam.network.weigh_by_tags`.
    test_scales
        Relative sizes of a photo whose logits the trained model averages.
    test_resize
        How the trained model resizes a photo: aspect (keeps its shape), or square, as released.
    test_flip
        Whether the trained model averages the logits of the photo and its mirror image.
    test_crf
        Whether the trained model sharpens its masks with a dense CRF.
    ema
        Share of the steps over which the weights for prediction are averaged; 0 for no average.
    precision
        Number format: auto (the fastest here), 32-true, bf16-mixed or 16-mixed.
    activation_checkpointing
        Whether blocks before the first one that counts keep nothing for the backward pass and run
        again in it. It needs less memory and more time, and the gradients are the same.
    seed
        Seed of all random numbers.
    """

    epochs: int
    joint_from: float
    batch_size: int
    accumulate: int
    crop: int
    scale: tuple[float, float]
    flip: float
    jitter: float
    balance: float
    corrected_factor: float
    optimiser: str
    learning_rate: float
    head_factor: float
    joint_factor: float
    weight_decay: float
    warmup: float
    frozen_blocks: int
    drop_path: float = 0.0
    frozen: bool = False
    feature_cache: str = "float16"
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
    parts: dict[str, float] = field(default_factory=dict)
    parts_from: dict[str, float] = field(default_factory=dict)
    label_source: str = "tags"
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
    activation_checkpointing: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for _, names in RANGES.values():
            for name in names:
                check_number(name, getattr(self, name))
        if len(self.scale) != 2 or not 0 < self.scale[0] <= self.scale[1] <= LARGEST_SCALE:
            raise ValueError(
                f"scale must be 0 < least <= greatest <= {LARGEST_SCALE}, got {list(self.scale)}"
            )
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}"
                )

        check_parts(self.parts, self.parts_from)
        if self.frozen and (tuple(self.scale) != (1.0, 1.0) or self.jitter):
            raise ValueError(
                "frozen: features are computed once of each whole photo, so no size and no colour "
                f"changes at random: leave out scale and jitter, got {list(self.scale)} and "
                f"{self.jitter}"
            )


def check_number(name: str, value: float) -> None:
    """Raise a ValueError if the number of a setting is out of its range."""
    for range_, (fits, names) in RANGES.items():
        if name in names and not (isfinite(value) and fits(value)):
            raise ValueError(f"{name} must be {range_}, got {value}")


def check_parts(parts: Mapping[str, float], parts_from: Mapping[str, float]) -> None:
    """Raise a ValueError if there is no such part, or if a number of one is out of its range."""
    for name, weight in parts.items():
        if name not in FURTHER_PARTS:
            near = get_close_matches(str(name), FURTHER_PARTS, n=1)
            hint = f"; nearest: {near[0]}" if near else ""
            raise ValueError(f"parts must be of {', '.join(FURTHER_PARTS)}, got {name!r}{hint}")
        if not (isfinite(weight) and 0 <= weight <= 1000):
            raise ValueError(f"parts: the weight of {name} must be in 0..1000, got {weight}")
    for name, share in parts_from.items():
        if name not in parts:
            raise ValueError(f"parts_from names {name}, which has no weight in parts")
        if not 0 <= share <= 1:
            raise ValueError(f"parts_from: {name} must begin in 0..1, got {share}")


FURTHER_PARTS = (
    *("affinity", "mirror_consistency", "mirrored_classification"),
    *("deep_attention", "deep_attention_by_entropy"),
    *("class_tokens", "class_token_contrast", "patch_maps", "foreground_contrast"),
    *("auxiliary", "patch_contrast", "crop_contrast", "region_prototypes"),
    *("map_correlation", "mirrored_tiles"),
)
"""The parts of the loss that ``parts`` may name."""

CHOICES: dict[str, tuple[str, ...]] = {
    "label_source": (
        *("tags", "two_backgrounds", "two_backgrounds_aprm", "class_maps", "class_maps_aprm"),
        *("afa", "aream", "aream_by_entropy", "common_neighbours", "mctformer"),
    ),
    "saliency_target": ("paper", "released"),
    "padding": ("ignored", "background"),
    "test_resize": ("aspect", "square"),
    "precision": ("auto", "32-true", "bf16-mixed", "16-mixed"),
    "feature_cache": ("float16", "float32", "none"),
}
"""The words that a setting may be.

A test compares them with the dictionaries of functions. This module does not import those, so that
``--help`` stays quick."""
