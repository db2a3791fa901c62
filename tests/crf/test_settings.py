"""Settings have ranges, and a preset holds all of them."""

import pytest
import torch

from getam.crf import PRESETS, DenseCRF, dense_crf


@pytest.mark.parametrize(
    "settings",
    [
        {"sxy": 0.0},
        {"srgb": float("nan")},
        {"gaussian_sxy": -1.0},
        {"compat": -5.0},
        {"gaussian_compat": float("inf")},
        {"iterations": -1},
    ],
)
def test_settings_out_of_range_are_named(settings):
    probabilities, image = torch.full((1, 2, 4, 5), 0.5), torch.zeros(1, 3, 4, 5)
    with pytest.raises(ValueError, match=next(iter(settings))):
        dense_crf(probabilities, image, **settings)


def test_a_class_takes_a_whole_preset():
    probabilities, image = torch.full((1, 2, 4, 5), 0.5), torch.zeros(1, 3, 4, 5)
    found = DenseCRF(image, **PRESETS["test"])(probabilities)
    assert torch.equal(found, dense_crf(probabilities, image, **PRESETS["test"]))
