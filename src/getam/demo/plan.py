"""How much of everything the demonstration does, and every setting that its score depends on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from getam.demo.scenes import QUARTER
from getam.recipe import Recipe

RECIPE = Recipe(
    epochs=2,  # steps are what the decoder lacks: one pass loses 12 points
    joint_from=0.0,  # a classifier that knows its digits needs no first phase
    batch_size=4,  # few scenes: many steps teach the decoder more than large ones
    accumulate=1,
    crop=2 * QUARTER,
    scale=(0.85, 1.0),
    flip=0.0,  # a mirrored digit is none
    jitter=0.0,
    balance=0.0,
    activation_checkpointing=False,
    corrected_factor=1.0,
    optimiser="adamw",
    learning_rate=2e-4,
    head_factor=5.0,
    joint_factor=1.0,
    weight_decay=0.05,
    warmup=0.1,
    drop_path=0.0,
    frozen=False,
    feature_cache="float16",
    frozen_blocks=6,  # all: what knows its digits may stay, and a step takes a third less
    method="grad_cam",
    first_block=0,  # early blocks know where a thin stroke is; the late half alone loses 10 points
    affinity=0,
    iterations=6,
    refine_scale=0.5,
    rule="thresholds",
    rule_settings={"low": 0.25, "high": 0.4},
    classification_weight=1.0,
    segmentation_weight=1.0,
    saliency_weight=0.0,
    energy_weight=0.0,
    parts={},
    parts_from={},
    label_source="tags",
    padding="ignored",
    long_side=2 * QUARTER,
    tag_weight=1.0,
    test_scales=(1.0,),
    test_resize="aspect",
    test_flip=False,
    test_crf=True,  # light strokes, thinner than a patch: the CRF finds their edges
    ema=0.1,
    precision="32-true",
)
"""GETAM's second phase, with nothing left to a default that may change."""

CROWDED = replace(
    RECIPE,
    epochs=3,
    joint_from=1.0,
    batch_size=8,
    learning_rate=7e-4,
    head_factor=1.0,
    warmup=0.02,
    frozen_blocks=0,
    ema=0.0,
)
"""The classifier from scratch, on whole scenes, after it has learned single digits."""

SINGLE = replace(CROWDED, epochs=3, crop=QUARTER)
"""The classifier from scratch, one digit at a time: cheap, and every label has one cause."""


@dataclass(frozen=True)
class Plan:
    """A plan says how much of everything; the default takes two minutes on two processor cores.

    Attributes
    ----------
    scenes
        Number of scenes to train on ("train") and to predict ("val").
    classifier_scenes
        From scratch only: number of scenes of one digit ("single") and of several ("crowded").
    single, crowded
        From scratch only: how to train the classifier on them, one after the other.
    recipe
        How to train on the scenes.
    decoder_width
        Channels of the decoder.
    """

    scenes: Mapping[str, int] = field(default_factory=lambda: {"train": 900, "val": 100})
    classifier_scenes: Mapping[str, int] = field(
        default_factory=lambda: {"single": 8000, "crowded": 8000}
    )
    single: Recipe = SINGLE
    crowded: Recipe = CROWDED
    recipe: Recipe = RECIPE
    decoder_width: int = 32

    @property
    def all_scenes(self) -> dict[str, int]:
        """Return the number of scenes per split if the classifier is trained too."""
        return {**self.classifier_scenes, **self.scenes}
