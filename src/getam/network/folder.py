"""This module saves and loads a network as a folder.

The folder holds ``model.safetensors`` and ``model.json``. Each is written whole or not at all. A
folder for the Hugging Face hub holds the same, but the hub wants the name ``config.json``.
"""

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from getam.files import sync, whole_file
from getam.network.backbone import create_backbone
from getam.network.build import LARGEST_WIDTH, assemble
from getam.network.network import Architecture, Network
from getam.network.weights import check_exactly, load_exactly, read_state_dict

WEIGHTS, DESCRIPTION, HUB_DESCRIPTION = "model.safetensors", "model.json", "config.json"

LARGEST_VALUE = 2**31 - 1  # of a class in masks, which are read as int32


@dataclass(frozen=True)
class ModelInfo:
    """A model info holds what a model folder says beside the weights.

    Attributes
    ----------
    classes
        The value of each class in the masks of the data that the network was trained on, by its
        name and in the order of the channels.
    extra
        Any further values that were stored.
    """

    classes: dict[str, int]
    extra: dict[str, Any] = field(default_factory=dict)


def save_network(
    network: Network,
    folder: str | Path,
    *,
    classes: dict[str, int],
    extra: dict[str, Any] | None = None,
    description: str = DESCRIPTION,
) -> None:
    """Write a network to a folder that :func:`load_network` reads.

    Parameters
    ----------
    network
        The network. Its tensors are stored in their own type.
    folder
        The folder, which is made if it is missing. Files of an earlier network in it are replaced.
    classes
        The mask value of each class by its name, in the order of the channels of the network.
    extra
        Further values, which JSON must be able to hold.
    description
        The name of the file beside the weights: ``model.json``, or ``config.json`` for the hub.

    Raises
    ------
    ValueError
        If the number of classes is not that of the network.
    """
    if len(classes) != network.num_classes:
        raise ValueError(f"classes must name {network.num_classes} classes, got {len(classes)}")
    folder = Path(folder)
    content = {"architecture": asdict(network.architecture), "classes": classes}
    with whole_file(folder / WEIGHTS) as path:
        weights = {name: value.contiguous() for name, value in network.state_dict().items()}
        path.write_bytes(save(weights))  # save_file makes a file that only its owner may read
        sync(path)
    with whole_file(folder / description) as path:
        path.write_text(json.dumps(content | {"extra": extra or {}}, indent=2) + "\n")
        sync(path)


def load_network(folder: str | Path) -> tuple[Network, ModelInfo]:
    """Read a network from a folder, in evaluation mode, on the CPU.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no model in it.
    ValueError
        If a file is truncated, or if the weights do not fit the description.
    """
    folder = Path(folder)
    architecture, info = _read_description(folder)
    state = read_state_dict(folder / WEIGHTS)
    _check_shapes(architecture, state, folder)
    network = _untrained(architecture, folder)
    load_exactly(network, state, origin=str(folder / WEIGHTS))
    return network.eval(), info


def _check_shapes(architecture: Architecture, state: dict[str, Tensor], folder: Path) -> None:
    """Compare a description with the weights before the network that it names takes any memory."""
    try:
        with torch.device("meta"):
            shapes = _built(architecture)
    except _WRONG_KIND:  # an old timm needs values; of a wrong description `_untrained` tells
        return
    check_exactly(shapes, state, origin=str(folder / WEIGHTS))


def _untrained(architecture: Architecture, folder: Path) -> Network:
    try:
        return _built(architecture)
    except _WRONG_KIND as error:
        raise _no_description(description_in(folder), error) from None


def _built(architecture: Architecture) -> Network:
    return assemble(create_backbone(architecture.backbone, pretrained=False), architecture)


_WRONG_KIND = (KeyError, TypeError, RuntimeError, OverflowError)


def description_in(folder: Path) -> Path:
    """Return the file that describes the network in a folder: that of getam, or that of the hub."""
    for_hub = folder / HUB_DESCRIPTION
    own = folder / DESCRIPTION
    return for_hub if for_hub.is_file() and not own.is_file() else own


def _read_description(folder: Path) -> tuple[Architecture, ModelInfo]:
    path = description_in(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"model: no such folder: {folder}")
    if not path.is_file() or not (folder / WEIGHTS).is_file():
        unfinished = "; a run has them when it ends" if (folder / "config.yaml").is_file() else ""
        raise FileNotFoundError(
            f"model: {folder} must hold {WEIGHTS} and {DESCRIPTION}{unfinished}"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        architecture = Architecture(**content["architecture"])
        info = ModelInfo(content["classes"], content["extra"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _no_description(path, error) from None
    if not _is_sound(architecture, info):
        raise _no_description(path, "a value has the wrong type or is out of its range")
    return architecture, info


def _no_description(path: Path, reason: object) -> ValueError:
    said = " ".join(str(reason).split())
    return ValueError(f"model: {path} is truncated or no model description ({said})")


def _is_sound(architecture: Architecture, info: ModelInfo) -> bool:
    """Return whether every value of a description is of its type and can be meant."""
    counts = (architecture.num_classes, architecture.decoder_width, architecture.mask_stride)
    colours = [*_list(architecture.mean), *_list(architecture.std)]
    texts = (architecture.backbone, architecture.classifier, architecture.backbone_style)
    return (
        all(type(count) is int and 1 <= count <= LARGEST_WIDTH for count in counts)
        and len(colours) == 6
        and all(type(value) in (int, float) and math.isfinite(value) for value in colours)
        and all(isinstance(text, str) for text in texts)
        and isinstance(architecture.class_tokens, bool)
        and isinstance(info.extra, dict)
        and isinstance(info.classes, dict)
        and len(info.classes) == architecture.num_classes
        and all(
            type(value) is int and 0 <= value <= LARGEST_VALUE for value in info.classes.values()
        )
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
