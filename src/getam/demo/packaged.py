"""The digit classifier that the demonstration starts from: backbone and class logits, no decoder.

``getam demo --from-scratch`` made ``classifier.safetensors`` and makes it again.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from getam.files import whole_file
from getam.network import Network

CLASSIFIER = Path(__file__).with_name("classifier.safetensors")
"""Brought by the package; in half precision, which the logits do not notice."""

PARTS = ("backbone.", "class_head.")


def save_classifier(network: Network, path: Path) -> Path:
    """Write what makes the class logits of a network, floats in half precision."""
    parts = {
        name: value.half() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
        if name.startswith(PARTS)
    }
    with whole_file(path) as file:
        save_file(parts, file)
    return path


@torch.no_grad()
def load_classifier(network: Network, path: Path) -> None:
    """Give a network, in place, the class logits that :func:`save_classifier` wrote."""
    state = network.state_dict()
    for name, value in load_file(path).items():
        state[name].copy_(value)
