"""This module holds the presets, which choose every setting of a run for a backbone and its data.

``default`` is the recipe that was measured best; ``docs/results.md`` says how it was chosen.
``paper`` is the published method, and ``released`` is its released code. The others set a method
that grew around it as its authors run it, as far as the backbone allows. Each preset is one
function in ``PRESETS``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from math import ceil
from typing import Any

from getam.recipe.recipe import Recipe

STEPS = 500  # a run has at least this many, so few photos are seen more often
EPOCHS = 5  # a run has this many epochs, or more if these are too few steps
BATCH = 4  # with half as many photos, many small steps reach the score of fewer large ones


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The facts about backbone and data are what a preset depends on.

    Attributes
    ----------
    depth
        Number of blocks of the backbone.
    width
        Number of channels of its tokens.
    photos
        Number of photos to train on.
    has_saliency
        Whether each photo has a saliency map.
    """

    depth: int
    width: int
    photos: int
    has_saliency: bool


def default(facts: Facts) -> dict[str, Any]:
    """Return the recipe that was measured best. Its sizes follow the backbone and the data.

    The maps use the last third of the blocks, whose attention depends on the class. The first third
    stays frozen, since few photos cannot improve it. Wider backbones learn at a lower rate.
    """
    rule = ("paper", {"opening": 5.0}) if facts.has_saliency else ("thresholds", THRESHOLDS)
    return {
        "epochs": max(EPOCHS, ceil(STEPS * BATCH / facts.photos)),
        "joint_from": 0.4,
        "batch_size": BATCH,
        "accumulate": 1,
        "crop": 224,
        "scale": (1.0, 1.8),
        "flip": 0.5,
        "jitter": 0.2,
        "balance": 0.0,
        "corrected_factor": 8.0,
        "optimiser": "adamw",
        "learning_rate": 1.5e-4 * (192 / facts.width) ** 0.5,
        "head_factor": 13.0,
        "joint_factor": 1.0,
        "weight_decay": 0.05,
        "warmup": 0.08,
        "frozen_blocks": facts.depth // 3,
        "drop_path": 0.0,
        "frozen": False,
        "feature_cache": "float16",
        "method": "grad_cam",
        "first_block": facts.depth * 2 // 3,
        "affinity": 4,
        "iterations": 5,
        "refine_scale": 0.5,
        "rule": rule[0],
        "rule_settings": rule[1],
        "classification_weight": 1.0,
        "segmentation_weight": 1.0,
        "saliency_weight": 0.0,
        "energy_weight": 0.0,
        "parts": {},
        "parts_from": {},
        "label_source": "tags",
        "saliency_target": "paper",
        "padding": "ignored",
        "long_side": 320,
        "tag_weight": 1.0,
        "test_scales": (1.0,),
        "test_resize": "aspect",
        "test_flip": True,
        "test_crf": False,
        "ema": 0.13,
        "precision": "auto",
        "activation_checkpointing": False,
    }


THRESHOLDS = {"low": 0.4, "high": 0.6}


def frozen(values: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that change in a preset if the backbone is frozen.

    Every view is the whole photo, as large as in prediction.
    """
    return {"crop": values["long_side"], "scale": (1.0, 1.0), "jitter": 0.0}


def released(facts: Facts) -> dict[str, Any]:
    """Return the settings of the released code, including its mistakes."""
    return {
        "epochs": 20,
        "joint_from": 0.5,
        "batch_size": 4,
        "accumulate": 1,
        "crop": 256,
        "scale": (0.9, 1 / 0.875),
        "flip": 0.5,
        "jitter": 0.0,
        "balance": 0.0,
        "corrected_factor": 1.0,
        "optimiser": "sgd_released",
        "learning_rate": 0.04,
        "head_factor": 1.0,
        "joint_factor": 0.1,
        "weight_decay": 5e-4,
        "warmup": 0.0,
        "frozen_blocks": 0,
        "drop_path": 0.0,
        "frozen": False,
        "feature_cache": "float16",
        "method": "getam",
        "first_block": facts.depth // 2,
        "affinity": 0,
        "iterations": 10,
        "refine_scale": 1.0,
        "rule": "released",
        "rule_settings": {},
        "classification_weight": 1.0,
        "segmentation_weight": 1.0,
        "saliency_weight": 1.0,
        "energy_weight": 1e-7,
        "parts": {},
        "parts_from": {},
        "label_source": "tags",
        "saliency_target": "released",
        "padding": "background",
        "long_side": 320,
        "tag_weight": 0.0,
        "test_scales": (0.8, 1.0, 1.5),  # 256, 320 and 480 pixels
        "test_resize": "square",
        "test_flip": False,
        "test_crf": True,
        "ema": 0.0,
        "precision": "32-true",
        "activation_checkpointing": False,
    }


REPAIRS: dict[str, dict[str, Any]] = {
    "weight decay": {"optimiser": "sgd_paper"},
    "saliency target": {"saliency_target": "paper"},
    "two-class conflict": {"rule": "paper"},
    "padding": {"padding": "ignored"},
    "aspect ratio": {"test_resize": "aspect"},
}
"""The settings that ``paper`` changes in ``released``, by the mistake that each one repairs."""


def paper(facts: Facts) -> dict[str, Any]:
    """Return the settings of the method as published: the released ones without the mistakes."""
    repairs = {name: value for repair in REPAIRS.values() for name, value in repair.items()}
    return {**released(facts), **repairs}


def other_method(facts: Facts) -> dict[str, Any]:
    """Return what the recipes of other methods begin with: the default without what is ours alone.

    Some values repeat the default's, so that a change of the default does not reach them.
    """
    return {
        **default(facts),
        "joint_factor": 1.0,
        "frozen_blocks": 0,
        "drop_path": 0.0,
        "first_block": facts.depth * 2 // 3,
        "affinity": 0,
        "iterations": 10,
        "refine_scale": 1.0,
        "rule": "thresholds",
        "rule_settings": {"low": 0.35, "high": 0.55},
        "tag_weight": 0.0,
        "ema": 0.0,
    }


MEAN_FROM_SUM = 0.5
"""AFA and ToCo average the losses of background and foreground; the segmentation loss adds them."""

ENERGY = 1e-7
"""What ToCo multiplies the dense energy by, before its weight."""

VOC_SIDE = 500
"""Long side of the photos of PASCAL VOC in pixels; ToCo crops from half to twice their size."""


def afa(facts: Facts) -> dict[str, Any]:
    """Return AFA's settings (Ru et al., CVPR 2022), whose 20,000 iterations are 15 epochs of VOC.

    The second phase begins after 2000 of them, and labels walk from 6000 on.
    """
    return {
        **other_method(facts),
        "epochs": 15,
        "joint_from": 0.1,
        "batch_size": 8,
        "crop": 320,
        "scale": (0.5, 2.0),
        "learning_rate": 6e-5,
        "head_factor": 10.0,
        "weight_decay": 0.01,
        "warmup": 0.075,
        "method": "cam",
        "segmentation_weight": 0.1 * MEAN_FROM_SUM,
        "parts": {"affinity": 0.1},
        "label_source": "afa",
        "test_crf": True,
    }


def acr(facts: Facts) -> dict[str, Any]:
    """Return ACR's settings (Sun et al. 2023): ten epochs of classification, then as many of masks.

    The authors end with the seeds and train another network on them.
    """
    return {
        **other_method(facts),
        "epochs": 20,
        "joint_from": 0.5,
        "batch_size": 4,
        "crop": 384,
        "scale": (0.9, 1 / 0.875),
        "jitter": 0.0,
        "optimiser": "sgd_released",
        "learning_rate": 0.05,
        "head_factor": 1.0,
        "joint_factor": 0.1,
        "weight_decay": 5e-4,
        "warmup": 0.0,
        "method": "grad",
        "first_block": facts.depth * 10 // 12,
        "affinity": 1,
        "parts": {"mirror_consistency": 125.0, "mirrored_classification": 1.0},
    }


def aream(facts: Facts) -> dict[str, Any]:
    """Return AReAM's settings (He et al., arXiv 2305.03112): labels teach after 10 of 60 epochs."""
    return {
        **other_method(facts),
        "epochs": 60,
        "joint_from": 1 / 6,
        "batch_size": 64,
        "crop": 224,
        "jitter": 0.4,
        "learning_rate": 6.25e-5,
        "head_factor": 1.0,
        "weight_decay": 0.05,
        "warmup": 1 / 12,
        "method": "cam",
        "parts": {"deep_attention": 0.1},
        "label_source": "aream",
    }


def mctformer(facts: Facts) -> dict[str, Any]:
    """Return MCTformer's settings (version "plus", Xu et al., TPAMI 2024): 45 epochs of tags.

    The authors end with the maps and train another network on them; here the last quarter of the
    run trains masks.
    """
    return {
        **other_method(facts),
        "epochs": 60,
        "joint_from": 0.75,
        "batch_size": 64,
        "crop": 448,
        "jitter": 0.4,
        "learning_rate": 6.25e-5,
        "head_factor": 1.0,
        "weight_decay": 0.05,
        "drop_path": 0.1,
        "warmup": 1 / 12,
        "parts": {"class_tokens": 1.0, "class_token_contrast": 1.0, "patch_maps": 1.0},
        "label_source": "mctformer",
    }


def toco(facts: Facts) -> dict[str, Any]:
    """Return ToCo's settings (Ru et al., CVPR 2023), whose 20,000 iterations are 8 epochs of VOC.

    The masks are taught after 2000 of them. The loss of the two contrasts is there from the start.
    """
    return {
        **other_method(facts),
        "epochs": 8,
        "joint_from": 0.1,
        "batch_size": 4,
        "crop": 448,
        "scale": (VOC_SIDE / 2 / 448, VOC_SIDE * 2 / 448),
        "jitter": 0.4,
        "learning_rate": 6e-5,
        "head_factor": 10.0,
        "weight_decay": 0.01,
        "warmup": 0.075,
        "method": "cam",
        "rule_settings": {"low": 0.25, "high": 0.7},
        "segmentation_weight": 0.1 * MEAN_FROM_SUM,
        "energy_weight": 0.05 * ENERGY,
        "parts": {"auxiliary": 1.0, "patch_contrast": 0.2, "crop_contrast": 0.5},
        "label_source": "class_maps",
        "long_side": VOC_SIDE,
        "test_scales": (1.0, 1.25, 1.5),
        "test_crf": True,
    }


def tsdcam(facts: Facts) -> dict[str, Any]:
    """Return TSD-CAM's settings (code of 2024) with the losses of its script for COCO.

    The script for VOC computes the correlation of maps and adds it to no loss. Two photos a step
    make four epochs of 20,000 iterations.
    """
    return {
        **toco(facts),
        "epochs": 4,
        "batch_size": 2,
        "crop": 512,
        "scale": (VOC_SIDE / 2 / 512, VOC_SIDE * 2 / 512),
        "parts": {"auxiliary": 1.0, "patch_contrast": 0.2, "map_correlation": 0.1},
        "parts_from": {"patch_contrast": 0.15, "map_correlation": 0.15},
        "label_source": "class_maps_aprm",
    }


def cpews(facts: Facts) -> dict[str, Any]:
    """Return the settings of CPEWS (contextual prototypes, code of 2025): ToCo's without crops.

    Its energy is 0, since the released code does not call the filter.
    """
    return {
        **toco(facts),
        "energy_weight": 0.0,
        "parts": {"auxiliary": 1.0, "patch_contrast": 0.2, "region_prototypes": 0.12},
    }


def flipcam(facts: Facts) -> dict[str, Any]:
    """Return FlipCAM's settings (code of 2024): 150 epochs of tags.

    The authors end with the maps and train another network on them; here the last quarter of the
    run trains masks. The rate is ours, because theirs is that of a convolutional network.
    """
    return {
        **other_method(facts),
        "epochs": 200,
        "joint_from": 0.75,
        "batch_size": 32,
        "crop": 256,
        "scale": (1.0, 1.0),
        "jitter": 0.0,
        "method": "cam",
        "parts": {"mirrored_tiles": 1.0},
        "test_flip": False,
    }


PRESETS: dict[str, Callable[[Facts], dict[str, Any]]] = {
    "default": default,
    "paper": paper,
    "released": released,
    "afa": afa,
    "acr": acr,
    "aream": aream,
    "mctformer": mctformer,
    "toco": toco,
    "tsdcam": tsdcam,
    "cpews": cpews,
    "flipcam": flipcam,
}
"""The function of every preset by its name. ``docs/fidelity.md`` lists how they differ."""

OWN = {
    "classifier": "class_token",
    "decoder_width": None,
    "mask_stride": 4,
    "class_tokens": False,
}
PUBLISHED = {**OWN, "classifier": "stride32", "decoder_width": 256, "mask_stride": 2}
MAXIMUM = {**OWN, "classifier": "maximum"}
AT_HALF = {**MAXIMUM, "mask_stride": 2}  # where ToCo computes the dense energy
NETWORKS: dict[str, dict[str, Any]] = {
    "default": OWN,
    "paper": PUBLISHED,
    "released": PUBLISHED,
    "afa": MAXIMUM,
    "acr": OWN,
    "aream": {**OWN, "classifier": "average"},
    "mctformer": {**OWN, "class_tokens": True},
    "toco": AT_HALF,
    "tsdcam": AT_HALF,
    "cpews": MAXIMUM,
    "flipcam": {**OWN, "classifier": "average"},
}
"""Settings of the network of each preset; see :func:`getam.network.build_network`."""


def recipe_for(facts: Facts, preset: str = "default", **settings: Any) -> Recipe:
    """Return the recipe of a preset, in which the given settings replace those of the preset.

    Parameters
    ----------
    facts
        The facts about backbone and data.
    preset
        A name of :data:`PRESETS`.
    settings
        Fields of :class:`Recipe`. If ``rule`` is another one than that of the preset, the rule
        settings of the preset are dropped.

    Raises
    ------
    ValueError
        If the preset is unknown, or if a setting is out of its range. The message names the nearest
        known preset.

    Examples
    --------
    >>> facts = Facts(depth=12, width=192, photos=700, has_saliency=False)
    >>> recipe_for(facts).first_block, recipe_for(facts, epochs=3).epochs
    (8, 3)
    """
    check_preset(preset)
    values = PRESETS[preset](facts)
    if settings.get("frozen"):
        values |= frozen(values)
    if settings.get("rule", values["rule"]) != values["rule"]:
        values["rule_settings"] = {}
    return Recipe(**{**values, **settings})


def check_preset(preset: str) -> None:
    """Raise a ValueError if a preset is unknown. The message names the nearest known one."""
    if preset not in PRESETS:
        near = get_close_matches(preset, PRESETS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}, got {preset!r}{hint}")
