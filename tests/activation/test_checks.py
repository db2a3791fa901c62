"""Wrong arguments end in one line."""

import pytest
import torch

from getam.activation import activation_maps

from .models import tiny

CLASSES = [[3, 0], [], [1, 0, 2]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": [[4], [], []]}, r"classes must lie in 0..3 .*got \[4\]"),
        ({"classes": [[-1], [], []]}, r"classes must lie in 0..3"),
        ({"classes": [[0]]}, "expected 3 lists, got 1"),
        ({"method": "getm"}, "method must be one of getam, .*got 'getm'"),
        ({"first_block": 8}, "first_block must lie in 0..7, got 8"),
        ({"classes": [1, 2, 3]}, r"one list of class indices per image, e.g. \[\[3, 7\]"),
        ({"classes": None}, "one list of class indices per image"),
        ({"classes": [["dog"], [], []]}, "one list of class indices per image"),
        ({"classes": [[True], [], []]}, "one list of class indices per image"),
        ({"classes": [[1.0], [2.5], []]}, "one list of class indices per image"),
        ({"first_block": None}, "first_block must be an integer, e.g. first_block=6, got None"),
        ({"first_block": "1"}, "first_block must be an integer, e.g. first_block=6, got '1'"),
        ({"affinity": -1}, "affinity must be in 0..1000, got -1"),
        ({"affinity": 10**8}, "affinity must be in 0..1000, got 100000000"),
        ({"images": torch.full((3, 3, 48, 64), torch.nan)}, "images hold infinity or NaN"),
        ({"first_block": -1}, "first_block must lie in 0..7, got -1"),
    ],
)
def test_wrong_arguments(options, message):
    model, images, _, _ = tiny()
    with pytest.raises(ValueError, match=message) as error:
        activation_maps(model, **{"images": images, "classes": CLASSES, **options})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "images", [[torch.ones(3, 48, 64), torch.ones(3, 64, 64)], torch.ones(3, 48, 64)]
)
def test_images_must_be_one_tensor(images):
    with pytest.raises(ValueError, match=r"images must be one tensor \[B, 3, H, W\]") as error:
        activation_maps(tiny()[0], images, classes=[[0], [1]])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("method", ["getam", "layer_cam"])
def test_overflow_in_half_precision_is_no_map(method):
    model, images, _, _ = tiny()
    model.head.weight.data *= 1e6
    with pytest.raises(ValueError, match="overflowed in half precision"):
        activation_maps(model.half(), images.half(), classes=CLASSES, method=method)
