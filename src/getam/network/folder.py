"""This module saves and loads a network as a folder.

The folder holds ``model.safetensors`` and ``model.json``. Each is written whole or not at all. A
folder for the Hugging Face hub holds the same, but the hub wants the name ``config.json``.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors.torch import save

from getam.files import sync, whole_file
from getam.network.backbone import create_backbone
from getam.network.build import assemble
from getam.network.network import Architecture, Network
from getam.network.weights import load_exactly, read_state_dict

WEIGHTS, DESCRIPTION, HUB_DESCRIPTION = "model.safetensors", "model.json", "config.json"


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
    network = assemble(create_backbone(architecture.backbone, pretrained=False), architecture)
    load_exactly(network, read_state_dict(folder / WEIGHTS), origin=str(folder / WEIGHTS))
    return network.eval(), info


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
        raise FileNotFoundError(f"model: {folder} must hold {WEIGHTS} and {DESCRIPTION}")
    try:
        content = json.loads(path.read_text())
        architecture = Architecture(**content["architecture"])
        return architecture, ModelInfo(content["classes"], content["extra"])
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"model: {path} is truncated or no model description ({error})") from None
