"""Try which backbones fit into ONNX: python benchmarks/onnx_backbones.py [NAME ...].

Every network has random weights, four blocks and a narrow decoder, so that a try takes seconds.
What it shows depends on the kind of the network alone. A backbone that cannot be written is named
with the line that ``getam export`` would end with.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from getam.export import write_onnx
from getam.model import Model, View
from getam.network import build_network
from getam.pseudo_label import Labeller

BLOCKS = 4
CLASSES = {"a": 1, "b": 2, "c": 3}
NAMES = (
    "deit_tiny_distilled_patch16_224",  # a second prefix token
    "vit_small_patch14_reg4_dinov2",  # registers, patches of 14 pixels
    "vit_small_patch16_dinov3",  # registers, rotary positions
    "eva02_tiny_patch14_224",  # rotary positions, gated layers
    "vit_tiny_r_s16_p8_224",  # a stem of convolutions
)


def tried(name: str) -> str:
    """Return what came of writing a network with a backbone as ONNX."""
    torch.manual_seed(0)
    try:
        network = build_network(name, len(CLASSES), pretrained=False, decoder_width=8).eval()
        network.backbone.blocks = network.backbone.blocks[:BLOCKS]
        model = Model(network, CLASSES, View(112), Labeller(first_block=2), 1.0)
        with TemporaryDirectory() as folder:
            check = write_onnx(model, Path(folder) / "model.onnx")
    except ValueError as error:
        return f"no: {error}"
    return (
        f"yes: logits differ by {check.difference:.1g}, classes in {check.different:.3%} of pixels"
    )


if __name__ == "__main__":
    for name in sys.argv[1:] or NAMES:
        print(f"{name}  {tried(name)}", flush=True)
