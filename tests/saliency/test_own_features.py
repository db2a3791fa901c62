"""The maps of a network's own features are those of its keys, and leave the network as it was."""

import pytest
import torch

from getam.network import Network, build_network
from getam.saliency.own_features import features_of, mark_of, own_features, whole_patches


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(0)
    return build_network("getam_vit_nano", 2, pretrained=False)


def photo(height: int, width: int) -> torch.Tensor:
    return torch.randint(0, 256, (3, height, width), dtype=torch.uint8)


@pytest.mark.parametrize("size", [(60, 80), (700, 20), (1, 1)])
def test_photos_of_every_shape(network: Network, size: tuple[int, int]) -> None:
    found = own_features(lambda: network).find(photo(*size))
    assert found.ndim == 2
    assert found.dtype == torch.float32
    assert 0 <= found.min() <= found.max() <= 1
    assert not any(parameter.grad is not None for parameter in network.parameters())


def test_the_version_names_the_weights(network: Network) -> None:
    about = own_features(lambda: network).about
    assert mark_of(network) in about.version
    assert "getam_vit_nano" in about.version
    assert not about.trained_with_masks
    torch.manual_seed(1)
    assert mark_of(build_network("getam_vit_nano", 2, pretrained=False)) != mark_of(network)


def test_a_photo_becomes_whole_patches() -> None:
    assert whole_patches(photo(100, 200), 16).shape == (1, 3, 160, 320)
    assert whole_patches(photo(1000, 10), 16).shape == (1, 3, 320, 16)


def test_features_join_the_heads_of_every_block_without_prefix_tokens() -> None:
    keys = [torch.rand(1, 2, 5, 3), torch.rand(1, 2, 5, 3)]
    features = features_of(keys, patches=4)
    first = torch.cat([keys[0][0, 0, 1:], keys[0][0, 1, 1:]], dim=1)
    torch.testing.assert_close(features[:, :6], first / first.norm(dim=1, keepdim=True))
    assert features.shape == (4, 12)
