"""This module reads checkpoints of the released GETAM code and renames every key by a rule.

The network then computes the same function: its outputs differ from those of the released code by
at most 2e-5 (``tests/network/test_released.py``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from getam.network.build import build_network
from getam.network.network import Network
from getam.network.weights import flat_state_dict, load_exactly, read_state_dict

RELEASED_BACKBONES = {
    "deit": "deit_base_patch16_384",
    "deit_distilled": "deit_base_distilled_patch16_384",
    "vitb": "vit_base_patch16_384",
    "vitb_hybrid": "vit_base_r50_s16_384",
}
"""The timm name of each backbone, by its name in the released code."""


@dataclass(frozen=True)
class ReleasedModel:
    """A released model holds the network of a released checkpoint and the keys without use.

    Attributes
    ----------
    network
        The network, in evaluation mode.
    unused
        The keys of the checkpoint that the released code does not use either: the ImageNet heads,
        and the second input of the coarsest fusion block.
    """

    network: Network
    unused: list[str]


def load_released(source: str | Path | Mapping[str, Tensor], backbone: str = "deit") -> Network:
    """Return the network of a released checkpoint; see :func:`read_released`."""
    return read_released(source, backbone=backbone).network


def read_released(
    source: str | Path | Mapping[str, Tensor], *, backbone: str = "deit"
) -> ReleasedModel:
    """Return the network of a released checkpoint and the keys that are not used.

    Parameters
    ----------
    source
        The file or its state dict. A wrapper ``{"model": ...}`` and a prefix ``module.`` are
        removed.
    backbone
        ``deit``, ``deit_distilled``, ``vitb`` or ``vitb_hybrid``.

    Raises
    ------
    ValueError
        If the backbone is unknown or does not fit the checkpoint, if the file is truncated or holds
        code, or if no rule knows a key.
    FileNotFoundError
        If there is no such file.
    """
    if backbone not in RELEASED_BACKBONES:
        known = ", ".join(RELEASED_BACKBONES)
        raise ValueError(f"backbone must be one of {known}, got {backbone!r}")
    state, origin = _read(source)
    _check_backbone(state, backbone, origin)
    renamed, unused = rename_released(state, first_level=_first_level(backbone))
    network = build_network(
        RELEASED_BACKBONES[backbone],
        _num_classes(state, origin),
        pretrained=False,
        classifier="stride32",
        decoder_width=_DECODER_WIDTH,
        mask_stride=_MASK_STRIDE,
        mean=_MEAN,
        std=_STD,
        backbone_style="released",
    )
    load_exactly(network, renamed, origin=origin)
    return ReleasedModel(network.eval(), unused)


def rename_released(
    state: Mapping[str, Tensor], *, first_level: int
) -> tuple[dict[str, Tensor], list[str]]:
    """Rename the keys of a released state dict to those of our network.

    Parameters
    ----------
    state
        The released state dict.
    first_level
        Number, from 1, of the first pyramid level that reads tokens. It is 3 for the hybrid and 1
        for all others.

    Returns
    -------
    tuple
        The renamed state dict, and the released keys that are not used. A key that no rule knows
        keeps its name, so that loading reports it.
    """
    unused = [key for key in state if _UNUSED.match(key)]
    kept = {key: value for key, value in state.items() if not _UNUSED.match(key)}
    return {_rename(key, first_level): value for key, value in kept.items()}, unused


_DECODER_WIDTH = 256
_MASK_STRIDE = 2
# The released code normalises with ImageNet's values, even if timm's weights expect 0.5.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_UNUSED = re.compile(r"pretrained\.model\.head(_dist)?\.|scratch\.refinenet4\.resConfUnit1\.")
_RULES = (
    (r"pretrained\.model\.", "backbone."),
    (r"pretrained\.act_postprocess(\d)\.0\.project\.0\.", "pyramid.levels.{}.readout.linear."),
    (r"pretrained\.act_postprocess(\d)\.3\.", "pyramid.levels.{}.project."),
    (r"pretrained\.act_postprocess(\d)\.4\.", "pyramid.levels.{}.resize."),
    (r"scratch\.layer(\d)_rn\.", "decoder.adapt.{}."),
    (r"scratch\.refinenet(\d)\.out_conv\.", "decoder.fuse.{}.project."),
    (r"scratch\.refinenet(\d)\.resConfUnit1\.conv", "decoder.fuse.{}.refine_map.conv"),
    (r"scratch\.refinenet(\d)\.resConfUnit1\.bn", "decoder.fuse.{}.refine_map.norm"),
    (r"scratch\.refinenet(\d)\.resConfUnit2\.conv", "decoder.fuse.{}.refine_sum.conv"),
    (r"scratch\.refinenet(\d)\.resConfUnit2\.bn", "decoder.fuse.{}.refine_sum.norm"),
    (r"scratch\.output_conv\.", "decoder.head."),
    (r"cam_module\.fc\.", "decoder.attend.gate."),
    (r"cam_module\.body\.", "decoder.attend.body."),
    (r"cls_head\.", "class_head."),
)


def _rename(key: str, first_level: int) -> str:
    for pattern, ours in _RULES:
        if match := re.match(pattern, key):
            first = first_level if ours.startswith("pyramid") else 1
            numbers = [int(number) - first for number in match.groups()]
            return ours.format(*numbers) + key[match.end() :]
    return key


def _read(source: str | Path | Mapping[str, Tensor]) -> tuple[dict[str, Tensor], str]:
    if isinstance(source, Mapping):
        origin = "the given state dict"
        return flat_state_dict(source, origin=origin), origin
    return read_state_dict(source), str(source)


def _check_backbone(state: Mapping[str, Tensor], backbone: str, origin: str) -> None:
    if "cls_head.weight" not in state:
        raise ValueError(f"weights: {origin} is no released GETAM checkpoint: no cls_head in it")
    found = _backbones_of(state)
    if backbone not in found:
        raise ValueError(f"backbone must be {' or '.join(found)} for {origin}, got {backbone!r}")


def _backbones_of(state: Mapping[str, Tensor]) -> tuple[str, ...]:
    if "pretrained.model.patch_embed.backbone.stem.conv.weight" in state:
        return ("vitb_hybrid",)
    return ("deit_distilled",) if "pretrained.model.dist_token" in state else ("deit", "vitb")


def _first_level(backbone: str) -> int:
    return 3 if backbone == "vitb_hybrid" else 1


def _num_classes(state: Mapping[str, Tensor], origin: str) -> int:
    count = len(state["cls_head.weight"])
    head = state.get("scratch.output_conv.4.bias")
    if head is None or len(head) != count + 1:
        got = "none" if head is None else len(head)
        raise ValueError(f"weights: {origin} must have {count + 1} mask channels, got {got}")
    return count
