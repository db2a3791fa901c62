"""This module writes the steps around the network as ONNX graphs: shrink a photo, finish a mask.

They do in ONNX what :class:`getam.Predictor` does for one plain pass. The graphs are written out
because the size that the network sees depends on the values of a shape: torch would have to trace
the whole network with sizes that it knows nothing about.
"""

from typing import Any

import numpy as np

OPSET = 20

_HEAD = f'<ir_version: 10, opset_import: ["": {OPSET}]>'

_SHRINK = """
shrink (float[batch, 3, height, width] photo)
    => (float[batch, 3, rows, columns] image, int64[2] size)
<double long_side = {LONG_SIDE}, double patch = {PATCH}, double least = {1},
 float half = {0.5001}>
{
    size = Shape<start = 2>(photo)
    sides = Cast<to = 11>(size)
    longest = ReduceMax(sides)
    scale = Div(long_side, longest)
    factor = Div(scale, patch)
    wanted = Mul(sides, factor)
    rounded = Round(wanted)
    patches = Max(rounded, least)
    pixels = Mul(patches, patch)
    target = Cast<to = 7>(pixels)
    one = Constant<value_ints = [1]>()
    two = Constant<value_ints = [2]>()
    width = Slice(target, one, two)
    batch_to_height = Shape<end = 3>(photo)
    narrow_size = Concat<axis = 0>(batch_to_height, width)
    narrow = Resize<mode = "linear", antialias = 1, exclude_outside = 1>(photo, , , narrow_size)
    narrow_up = Add(narrow, half)
    narrow_levels = Floor(narrow_up)
    batch_and_colours = Shape<end = 2>(photo)
    small_size = Concat<axis = 0>(batch_and_colours, target)
    small = Resize<mode = "linear", antialias = 1, exclude_outside = 1>
        (narrow_levels, , , small_size)
    small_up = Add(small, half)
    image = Floor(small_up)
}
"""

_FINISH = """
finish (float[batch, channels, h, w] small_logits, float[batch, classes] class_logits,
        int64[2] photo_size)
    => (uint8[batch, height, width] mask, float[batch, channels, height, width] mask_logits,
        float[batch, classes] class_probabilities)
{
    batch_and_channels = Shape<end = 2>(small_logits)
    full_size = Concat<axis = 0>(batch_and_channels, photo_size)
    mask_logits = Resize<mode = "linear">(small_logits, , , full_size)
    best = ArgMax<axis = 1, keepdims = 0>(mask_logits)
    mask = Gather(values, best)
    class_probabilities = Sigmoid(class_logits)
}
"""


def shrink_graph(*, long_side: int, patch: int) -> Any:
    """Return the graph from photos [B, 3, H, W] to images in whole patches, and (H, W).

    The sizes are those of :func:`getam.data.size_for_long_side`, computed in the same numbers of
    double precision. Like torchvision on bytes, the graph resizes along the width and then along
    the height, and each time rounds to whole levels, halves up. The half is a little more than 0.5
    because single precision may put a half just below it.

    Returns
    -------
    onnx.ModelProto
        Its input is ``photo``, its outputs are ``image`` and ``size``.
    """
    from onnx import parser

    text = _SHRINK.replace("LONG_SIDE", f"{long_side}").replace("PATCH", f"{patch}")
    return parser.parse_model(_HEAD + text)


def finish_graph(values: list[int]) -> Any:
    """Return the graph from small mask logits and class logits to masks of the photos' own size.

    Parameters
    ----------
    values
        The value in mask files of each channel, background first.

    Returns
    -------
    onnx.ModelProto
        Its inputs are ``small_logits``, ``class_logits`` and ``photo_size``, its outputs are
        ``mask``, ``mask_logits`` and ``class_probabilities``.
    """
    from onnx import numpy_helper, parser

    model = parser.parse_model(_HEAD + _FINISH)
    model.graph.initializer.append(numpy_helper.from_array(np.array(values, np.uint8), "values"))
    return model
