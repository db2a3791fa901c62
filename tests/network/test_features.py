"""One pass keeps the tokens of the blocks that feed the decoder."""

import torch

from getam.network import build_network, features_from, tensors_of

from .conftest import draw_image


def test_taps_are_the_outputs_of_their_blocks(tiny):
    image, outputs = draw_image(32, 48), {}
    hooks = [
        block.register_forward_hook(lambda _m, _i, out, i=i: outputs.update({i: out}))
        for i, block in enumerate(tiny.backbone.blocks)
    ]
    features = tiny.forward_features(image)
    for hook in hooks:
        hook.remove()
    for (patches, class_token), block in zip(features.taps, [2, 5, 8, 11], strict=True):
        assert torch.equal(patches, outputs[block][:, 1:])
        assert torch.equal(class_token, outputs[block][:, 0])


def test_hybrid_reads_two_stages_of_its_stem():
    network = build_network("vit_small_r26_s32_224", 3, pretrained=False)
    features = network.forward_features(draw_image(64, 96))
    assert [tuple(stage.shape[1:]) for stage in features.stages] == [(256, 16, 24), (512, 8, 12)]
    assert len(features.taps) == 2
    assert not any(module._forward_hooks for module in network.modules())


def test_features_can_be_taken_apart_and_joined(tiny):
    hybrid = build_network("vit_small_r26_s32_224", 3, pretrained=False).eval()
    for network, size in ((tiny.eval(), (33, 47)), (hybrid, (40, 64))):
        with torch.no_grad():
            features = network.forward_features(draw_image(*size))
            joined = features_from(network.backbone, tensors_of(features), size)
            assert torch.equal(network.segment(joined), network.segment(features))
            assert torch.equal(network.classify(joined), network.classify(features))
        assert (joined.grid, joined.padded_size) == (features.grid, features.padded_size)
        assert joined.size == features.size == size
