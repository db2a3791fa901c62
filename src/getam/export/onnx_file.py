"""This module writes a trained model as one ONNX file for photos of any number and size."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from warnings import catch_warnings

import torch
from torch import Tensor, nn
from torch.export import Dim

from getam.export.onnx_check import OnnxCheck, check_onnx
from getam.export.onnx_steps import OPSET, finish_graph, shrink_graph
from getam.files import whole_file
from getam.model import Model, classify
from getam.network import patch_stride

ONNX_FILE = "model.onnx"
PACKAGES = ("onnx", "onnxscript", "onnxruntime")
MOST_BYTES = 2**31 - 1
"""A single ONNX file cannot be larger."""

EXAMPLE = (2, 5, 7)
"""Photos, rows and columns of patches to trace with; all different, and none 1."""


class PlainPass(nn.Module):
    """A plain pass goes from images in whole patches to logits, with what tags weigh in masks."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.network = model.network
        self.tag_weight = model.tag_weight

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Turn images [B, 3, h * p, w * p] in 0..255 into mask and class logits."""
        trunk = classify(self.network, image)
        return trunk.segment(tag_weight=self.tag_weight), trunk.class_logits


def write_onnx(model: Model, path: str | Path) -> OnnxCheck:
    """Write a model as an ONNX file, and keep it if it predicts like :class:`getam.Predictor`.

    The file makes one plain pass at the long side of the model's view. Its input ``photo`` is
    float32 [B, 3, H, W], RGB in 0..255. Its outputs are ``mask`` uint8 [B, H, W], whose values are
    those of the training data's own masks, ``mask_logits`` float32 [B, C + 1, H, W] and
    ``class_probabilities`` float32 [B, C].

    Parameters
    ----------
    model
        The model, on the CPU and in evaluation mode.
    path
        The file to write. It is written whole or not at all.

    Returns
    -------
    OnnxCheck
        The differences that the comparison found.

    Raises
    ------
    ValueError
        If a package is missing, if the backbone or its size does not fit into ONNX, or if the
        file does not give the masks of :class:`getam.Predictor`.
    """
    require_packages()
    content = onnx_model(model)
    with whole_file(path) as temporary:
        temporary.write_bytes(content.SerializeToString())
        return check_onnx(model, temporary)


def require_packages() -> None:
    """Raise a ValueError if a package that writes or runs ONNX is missing."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise ValueError(
            f'format onnx needs {", ".join(missing)}: install them with pip install "getam[onnx]"'
        )


def onnx_model(model: Model) -> Any:
    """Return the model as an ``onnx.ModelProto``; see :func:`write_onnx`."""
    from onnx import compose, helper

    size = sum(p.nbytes for p in model.network.state_dict().values())
    if size > MOST_BYTES:
        raise ValueError(f"an ONNX file holds at most 2 GB, and the network has {size / 1e9:.1f}")
    patch = patch_stride(model.network.backbone)
    shrink = shrink_graph(long_side=model.view.long_side, patch=patch)
    network = network_graph(model)
    finish = finish_graph([0, *model.classes.values()])
    for part, prefix in ((shrink, "shrink_"), (finish, "finish_")):
        part.ir_version = network.ir_version
        compose.add_prefix(part, prefix, rename_inputs=False, rename_outputs=False, inplace=True)
    joined = compose.merge_models(
        shrink, network, io_map=[("image", "image")], outputs=["size", *NETWORK_OUTPUTS]
    )
    pairs = [(name, name) for name in NETWORK_OUTPUTS]
    joined = compose.merge_models(joined, finish, io_map=[*pairs, ("size", "photo_size")])
    joined.producer_name = "getam"
    helper.set_model_props(
        joined, {"classes": json.dumps(model.classes), "view": str(model.view.plain())}
    )
    return joined


NETWORK_OUTPUTS = ("small_logits", "class_logits")


def network_graph(model: Model) -> Any:
    """Return the network as an ``onnx.ModelProto`` for images in any number of whole patches.

    Raises
    ------
    ValueError
        If ONNX cannot hold the backbone.
    """
    patch = patch_stride(model.network.backbone)
    batch, rows, columns = EXAMPLE
    example = torch.zeros(batch, 3, rows * patch, columns * patch)
    sizes = {0: Dim("batch"), 2: patch * Dim("rows"), 3: patch * Dim("columns")}
    try:
        with catch_warnings(action="ignore"):  # they are about the inside of torch
            program = torch.onnx.export(
                PlainPass(model).eval(),
                (example,),
                dynamo=True,
                dynamic_shapes=(sizes,),
                input_names=["image"],
                output_names=[*NETWORK_OUTPUTS],
                opset_version=OPSET,
                verbose=False,
            )
    except Exception as error:  # torch raises errors of many kinds for what it cannot write
        name = model.network.architecture.backbone
        reason = (str(error) or type(error).__name__).strip().splitlines()[0]
        raise ValueError(f"torch cannot write the backbone {name} as ONNX: {reason}") from error
    assert program is not None
    return program.model_proto
