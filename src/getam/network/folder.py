"""A model folder: ``model.safetensors`` and ``model.json``, each written whole or not at all."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from getam.files import whole_file
from getam.network.backbone import create_backbone
from getam.network.build import assemble
from getam.network.network import Architecture, Network
from getam.network.weights import load_exactly, read_state_dict

_WEIGHTS, _DESCRIPTION = "model.safetensors", "model.json"


@dataclass(frozen=True)
class ModelInfo:
    """What a model folder says beside the weights.

    Attributes
    ----------
    classes
        Class name to its value in the mask files of the data it was trained on, in the order of
        the network's channels.
    extra
        Anything else that was stored.
    """

    classes: dict[str, int]
    extra: dict[str, Any] = field(default_factory=dict)


def save_network(
    network: Network,
    folder: str | Path,
    *,
    classes: dict[str, int],
    extra: dict[str, Any] | None = None,
) -> None:
    """Write a network to a folder that :func:`load_network` reads.

    Parameters
    ----------
    network
        The network; its tensors are stored in their own type.
    folder
        Made if it is missing; files of an earlier network in it are replaced.
    classes
        Class name to mask value, in the order of the network's channels.
    extra
        Anything that JSON can hold.

    Raises
    ------
    ValueError
        The number of classes is not the network's.
    """
    if len(classes) != network.num_classes:
        raise ValueError(f"classes must name {network.num_classes} classes, got {len(classes)}")
    folder = Path(folder)
    description = {"architecture": asdict(network.architecture), "classes": classes}
    with whole_file(folder / _WEIGHTS) as path:
        save_file({k: v.contiguous() for k, v in network.state_dict().items()}, path)
    with whole_file(folder / _DESCRIPTION) as path:
        path.write_text(json.dumps(description | {"extra": extra or {}}, indent=2) + "\n")


def load_network(folder: str | Path) -> tuple[Network, ModelInfo]:
    """Read a network from a folder, in evaluation mode, on the CPU.

    Raises
    ------
    FileNotFoundError
        No such folder, or one without a model in it.
    ValueError
        A truncated file, or weights that do not fit the description.
    """
    folder = Path(folder)
    architecture, info = _read_description(folder)
    network = assemble(create_backbone(architecture.backbone, pretrained=False), architecture)
    load_exactly(network, read_state_dict(folder / _WEIGHTS), origin=str(folder / _WEIGHTS))
    return network.eval(), info


def _read_description(folder: Path) -> tuple[Architecture, ModelInfo]:
    path = folder / _DESCRIPTION
    if not folder.is_dir():
        raise FileNotFoundError(f"model: no such folder: {folder}")
    if not path.is_file() or not (folder / _WEIGHTS).is_file():
        raise FileNotFoundError(f"model: {folder} must hold {_WEIGHTS} and {_DESCRIPTION}")
    try:
        content = json.loads(path.read_text())
        architecture = Architecture(**content["architecture"])
        return architecture, ModelInfo(content["classes"], content["extra"])
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"model: {path} is truncated or no model description ({error})") from None
