"""This module makes a network from the name of its backbone."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from timm.models.vision_transformer import VisionTransformer

from getam.network.backbone import create_backbone, normalisation, stage_widths
from getam.network.backbone_style import BACKBONE_STYLES
from getam.network.class_head import CLASSIFIERS
from getam.network.class_tokens import add_class_tokens
from getam.network.decoder import Decoder
from getam.network.network import Architecture, Network
from getam.network.pyramid import build_pyramid
from getam.network.weights import load_weights

LARGEST_STRIDE, LARGEST_WIDTH = 64, 4096


def build_network(
    backbone: str,
    num_classes: int,
    *,
    pretrained: bool = True,
    weights: str | Path | None = None,
    classifier: str = "class_token",
    decoder_width: int | None = None,
    mask_stride: int = 4,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    backbone_style: str = "timm",
    class_tokens: bool = False,
) -> Network:
    """Make a network on any timm vision transformer that has a class token.

    Parameters
    ----------
    backbone
        A timm model name, such as ``vit_base_patch16_224``, ``deit_base_distilled_patch16_384`` or
        ``vit_base_r50_s16_384``, or our own ``getam_vit_nano``.
    num_classes
        Number of classes C without background.
    pretrained
        Whether to start the backbone from the weights that timm names for it (from the hub or its
        cache). It is ignored if ``weights`` is given. Decoder and classifier start at random.
    weights
        A file with the weights to start from (``.safetensors``, ``.pth``); see `load_weights`.
    classifier
        A name of ``CLASSIFIERS``, which says what the class logits are read from.
    decoder_width
        Number of channels of the decoder. The default is a sixth of the width of the backbone, at
        least 32. The published decoder has 256, a third of the width of ViT-B.
    mask_stride
        Number of pixels of the photo, along one side, per mask logit. The published network has 2;
        with 4 the decoder takes half as long.
    mean, std
        Mean and standard deviation of each colour, in 0..1. The default is what timm names for the
        model.
    backbone_style
        A name of ``BACKBONE_STYLES``: to compute as timm does, or as the released GETAM did.
    class_tokens
        Whether the backbone gets one more token per class, as MCTformer has.

    Raises
    ------
    ValueError
        If an argument is out of its range, if the backbone does not fit, or if the weights belong
        to another model.
    OSError
        If the weights cannot be read or fetched.

    Examples
    --------
    >>> import torch
    >>> network = build_network("getam_vit_nano", 10, pretrained=False)
    >>> output = network(network.normalise(torch.zeros(1, 3, 64, 96)))
    >>> output.class_logits.shape, output.mask_logits.shape
    (torch.Size([1, 10]), torch.Size([1, 11, 16, 24]))
    """
    _check_choice("classifier", classifier, CLASSIFIERS)
    _check_choice("backbone_style", backbone_style, BACKBONE_STYLES)
    if num_classes < 1:
        raise ValueError(f"num_classes must be 1 or more, got {num_classes}")
    if not 1 <= mask_stride <= LARGEST_STRIDE:
        raise ValueError(f"mask_stride must be in 1..{LARGEST_STRIDE}, got {mask_stride}")
    if decoder_width is not None and not 1 <= decoder_width <= LARGEST_WIDTH:
        raise ValueError(f"decoder_width must be in 1..{LARGEST_WIDTH}, got {decoder_width}")
    model = create_backbone(backbone, pretrained=pretrained and weights is None)
    own_mean, own_std = normalisation(model)
    architecture = Architecture(
        backbone=backbone,
        num_classes=num_classes,
        classifier=classifier,
        decoder_width=max(32, model.embed_dim // 6) if decoder_width is None else decoder_width,
        mask_stride=mask_stride,
        mean=list(mean or own_mean),
        std=list(std or own_std),
        backbone_style=backbone_style,
    )
    network = assemble(model, architecture)
    if weights is not None:
        load_weights(network, weights)
    if class_tokens:  # only now: each starts as a copy of what was learnt
        network.architecture = replace(architecture, class_tokens=True)
        add_class_tokens(model, num_classes)
    return network


def assemble(model: VisionTransformer, architecture: Architecture) -> Network:
    """Make a network from a timm model, with a decoder and a classifier that start at random."""
    if architecture.class_tokens:
        add_class_tokens(model, architecture.num_classes)
    BACKBONE_STYLES[architecture.backbone_style](model)
    pyramid = build_pyramid(model.embed_dim, stage_widths(model))
    decoder = Decoder(
        pyramid.widths,
        width=architecture.decoder_width,
        num_classes=architecture.num_classes,
    )
    return Network(model, pyramid, decoder, architecture)


def _check_choice(argument: str, value: str, choices: dict) -> None:
    if value not in choices:
        raise ValueError(f"{argument} must be one of {', '.join(choices)}, got {value!r}")
