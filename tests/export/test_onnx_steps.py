"""The steps around the network do in ONNX what the predictor does."""

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate
from torchvision.transforms.v2 import functional

from getam.data import size_for_long_side
from getam.export.onnx_steps import finish_graph, shrink_graph

onnxruntime = pytest.importorskip("onnxruntime", reason="it comes with the extra getam[onnx]")
pytest.importorskip("onnx")


def run(graph, **inputs):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options)
    return session.run(None, {name: value.numpy() for name, value in inputs.items()})


@pytest.mark.parametrize(
    "size", [(64, 48), (88, 66), (88, 77), (20, 90), (7, 5), (1, 1), (1, 60), (48, 64)]
)
def test_a_photo_is_shrunk_as_torchvision_does(size):
    random = np.random.default_rng(0).integers(0, 256, (2, 3, *size), dtype=np.uint8)
    photo = torch.from_numpy(random)
    target = size_for_long_side(size, 80, multiple=16)
    expected = functional.resize(photo, target, antialias=True)
    image, kept = run(shrink_graph(long_side=80, patch=16), photo=photo.float())
    assert kept.tolist() == [*size]
    assert image.shape == (2, 3, *target)
    apart = np.abs(image - expected.float().numpy())
    assert apart.max() <= 2  # torchvision's weights are whole numbers
    assert apart.mean() < 0.2


def test_ties_between_two_sizes_fall_as_in_python():
    graph = shrink_graph(long_side=320, patch=16)
    for side in (40, 72, 104, 136):  # 2.5, 4.5, 6.5, 8.5 patches
        image, _ = run(graph, photo=torch.zeros(1, 3, 320, side))
        assert [*image.shape[2:]] == size_for_long_side((320, side), 320, multiple=16)


def test_a_mask_is_finished_as_the_predictor_does():
    torch.manual_seed(0)
    small, classes = torch.randn(2, 3, 5, 4), torch.randn(2, 2)
    inputs = {"small_logits": small, "class_logits": classes, "photo_size": torch.tensor([31, 17])}
    mask, logits, likely = run(finish_graph([0, 9, 255]), **inputs)
    expected = interpolate(small, (31, 17), mode="bilinear", align_corners=False)
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    assert mask.dtype == np.uint8
    assert np.array_equal(mask, np.array([0, 9, 255])[expected.argmax(1)])
    np.testing.assert_allclose(likely, classes.sigmoid(), atol=1e-6)
