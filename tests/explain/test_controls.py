"""Controls know the photo's id and size, and nothing else."""

import pytest
import torch

from getam.explain.controls import CONTROLS, SPREAD, centre_blob, random_map


@pytest.mark.parametrize("name", CONTROLS)
def test_maps_are_the_same_whenever_asked_for(name: str) -> None:
    maps = CONTROLS[name]("cat/1", 2, (6, 8))
    assert maps.shape == (2, 6, 8)
    assert 0 <= maps.min() < maps.max() <= 1
    assert torch.equal(maps, CONTROLS[name]("cat/1", 2, (6, 8)))


def test_noise_differs_between_photos_and_classes() -> None:
    one, other = random_map("1", 2, (5, 5)), random_map("2", 2, (5, 5))
    assert not torch.equal(one, other)
    assert not torch.equal(one[0], one[1])


def test_the_blob_is_a_gaussian_in_the_middle() -> None:
    (blob,) = centre_blob("1", 1, (9, 5))
    assert blob[4, 2] == 1
    assert torch.equal(blob, blob.flip(0, 1))
    assert blob[0, 2].item() == pytest.approx(
        float(torch.tensor(-((4 / 9) ** 2) / (2 * SPREAD**2)).exp())
    )
