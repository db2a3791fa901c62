"""An earlier block classifies, and its maps are those of its classifier."""

import pytest

from getam.training.parts.auxiliary import Auxiliary, auxiliary
from getam.training.parts.patch_contrast import PatchContrast


def test_the_loss_teaches_the_blocks_up_to_the_third_from_the_end(new_network, batch, seen_by):
    network = new_network()
    part = Auxiliary.of(network)
    part(seen_by(network, batch)).backward()
    blocks = network.backbone.blocks
    assert blocks[-3].attn.qkv.weight.grad.any()
    assert blocks[-2].attn.qkv.weight.grad is None
    assert part.classifier.weight.grad.any()


def test_maps_are_of_the_tags_and_made_once(new_network, batch, seen_by):
    network = new_network()
    part, seen = Auxiliary.of(network), seen_by(network, batch)
    maps = part.maps(seen)
    assert maps.shape == (*batch.labels.shape, *batch.valid.shape[1:])
    assert not maps.requires_grad
    assert not maps[batch.labels == 0].any()
    assert (maps[batch.labels == 1].amax((-2, -1)) > 0.9).all()
    assert part.maps(seen) is maps


def test_what_is_missing_is_said():
    with pytest.raises(ValueError, match='needs the part "auxiliary"'):
        auxiliary({"auxiliary": PatchContrast}, asked="patch_contrast")
    with pytest.raises(ValueError, match="three blocks"):
        Auxiliary(4, 2, blocks=2)
