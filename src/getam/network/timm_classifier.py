"""This module makes a timm model with its own head, to explain what the model sees."""

from pathlib import Path
from typing import Any

import timm
from torch import Tensor, nn

from getam.network.backbone import check_known
from getam.network.hub import ADVICE, pretrained_overlay
from getam.network.weights import fit_position, load_exactly, read_state_dict


def create_classifier(
    name: str, *, pretrained: bool = True, weights: str | Path | None = None
) -> nn.Module:
    """Make a timm classifier by name, in evaluation mode.

    Parameters
    ----------
    name
        A timm model name, with or without a pretrained tag.
    pretrained
        Whether to take the weights that timm names for the model. It is ignored if ``weights`` is
        given.
    weights
        A file with weights of this model and its head (``.safetensors``, ``.pth``). The number of
        classes is read from it.

    Raises
    ------
    ValueError
        If the name is unknown, if the model or the file has no classifier head, or if the weights
        belong to another model.
    OSError
        If the weights cannot be read or fetched.

    Examples
    --------
    >>> create_classifier("vit_tiny_patch16_224", pretrained=False).num_classes
    1000
    """
    check_known(name)
    model = (
        _create(name, pretrained=pretrained)
        if weights is None
        else _from_file(name, read_state_dict(weights), origin=str(weights))
    )
    if not getattr(model, "num_classes", 0):
        raise ValueError(
            f"{name} has no classifier head, so there is no class to explain: "
            "choose another model, or --weights of one with a head"
        )
    return model.eval()


def _create(name: str, *, pretrained: bool) -> nn.Module:
    overlay = pretrained_overlay(name) if pretrained else None
    try:
        return timm.create_model(name, pretrained=pretrained, pretrained_cfg_overlay=overlay)
    except OSError as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise OSError(f"no pretrained weights for {name!r} ({reason}): {ADVICE}") from None


def _from_file(name: str, state: dict[str, Tensor], *, origin: str) -> nn.Module:
    configuration: Any = timm.get_pretrained_cfg(name)
    heads = configuration.classifier if configuration else "head"
    head = heads if isinstance(heads, str) else heads[0]
    if f"{head}.weight" not in state:
        raise ValueError(
            f"weights: {origin} has no classifier head ({head}.weight): explain a trained getam "
            "run with --model instead, or give weights with a head"
        )
    model = timm.create_model(name, num_classes=len(state[f"{head}.weight"]))
    load_exactly(model, fit_position(state, model), origin=origin)
    return model
