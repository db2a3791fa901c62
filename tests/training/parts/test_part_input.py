"""What a part sees: the same network looks at the photos and at another view of them."""

import torch

from getam.model import classify


def test_the_look_at_the_mirror_images_is_shared_and_has_its_graph(new_network, batch, seen_by):
    network = new_network().eval()
    seen = seen_by(network, batch)
    assert seen.mirrored is seen.mirrored
    plain = classify(network, batch.image.flip(-1))
    torch.testing.assert_close(seen.mirrored.class_logits, plain.class_logits)
    assert list(seen.mirrored.attention) == list(range(6))
    assert seen.mirrored.mask_logits is None
    assert seen.look(batch.image, masks=True).mask_logits.shape == seen.mask_logits.shape
    seen.mirrored.class_logits.sum().backward()
    assert network.backbone.blocks[0].attn.qkv.weight.grad.any()


def test_the_outputs_are_those_of_the_blocks(new_network, batch, seen_by):
    seen = seen_by(new_network().eval(), batch)
    patches, class_token = seen.features.taps[-1]
    assert len(seen.features.outputs) == 6
    assert torch.equal(seen.features.outputs[-1][:, 1:], patches)
    assert torch.equal(seen.features.outputs[-1][:, 0], class_token)
    assert seen.size == tuple(seen.mask_logits.shape[2:])
