"""The network as a whole: shapes, sizes, seams, gradients."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from getam.network import CLASSIFIERS, build_network

from .conftest import TINY, draw_image


class _AttentionCalls(TorchFunctionMode):
    """Keeps what every call of the fused attention returned."""

    def __init__(self):
        super().__init__()
        self.outputs = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if func is F.scaled_dot_product_attention:
            self.outputs.append(result)
        return result


@pytest.mark.parametrize(
    ("backbone", "blocks"),
    [
        (TINY, 12),
        ("deit_tiny_distilled_patch16_224", 12),
        ("vit_small_patch14_reg4_dinov2", 12),
        ("vit_small_patch16_dinov3", 12),
        ("vit_small_patch32_224", 12),
        ("vit_small_r26_s32_224", 12),
        ("getam_vit_nano", 6),
    ],
)
def test_any_vit_with_a_class_token(backbone, blocks):
    network = build_network(backbone, 3, pretrained=False)
    with _AttentionCalls() as calls:
        output = network(draw_image(50, 71))
    assert output.class_logits.shape == (2, 3)
    assert output.mask_logits.shape == (2, 4, 13, 18)
    assert output.mask_logits_at((50, 71)).shape == (2, 4, 50, 71)
    assert len(calls.outputs) == blocks
    gradients = torch.autograd.grad(output.class_logits.sum(), calls.outputs)
    assert all(g.isfinite().all() and g[:, :, 0].abs().sum() > 0 for g in gradients)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_class_logits_reach_the_attention_of_every_block(classifier):
    network = build_network(TINY, 3, pretrained=False, classifier=classifier)
    with _AttentionCalls() as calls:
        logits = network.classify(network.forward_features(draw_image(48, 64)))
    gradients = torch.autograd.grad(logits[0, 1], calls.outputs)
    assert len(gradients) == 12
    for gradient in gradients:
        assert gradient[0].abs().sum() > 0
        assert gradient[1].abs().sum() == 0  # images of a batch do not meet
    class_rows = [bool(gradient[0, :, 0].abs().sum() > 0) for gradient in gradients]
    # the mean of the patch tokens does not read what the last block gives the class token
    assert class_rows == [True] * 11 + [classifier not in ("average", "maximum")]


def test_every_parameter_is_trained():
    network = build_network("getam_vit_nano", 3, pretrained=False, classifier="stride32")
    output = network(draw_image(64, 64))
    (output.class_logits.sum() + output.mask_logits.square().sum()).backward()
    assert [n for n, p in network.named_parameters() if p.grad is None] == [
        "backbone.norm.weight",
        "backbone.norm.bias",
    ]


def test_forward_joins_the_halves_and_classifying_leaves_the_decoder_alone(tiny):
    image = draw_image(64, 48)
    features = tiny.forward_features(image)
    output = tiny(image)
    assert torch.equal(output.class_logits, tiny.classify(features))
    assert torch.equal(output.mask_logits, tiny.segment(features))
    for parameter in tiny.parameters():
        parameter.grad = None
    tiny.classify(features).sum().backward()
    assert all(p.grad is None for p in [*tiny.decoder.parameters(), *tiny.pyramid.parameters()])


def test_a_size_of_broken_patches_is_padded_and_cropped(tiny):
    image = draw_image(41, 70)
    padded = F.pad(image, (0, 10, 0, 7))  # to 48 x 80
    output, expected = tiny(image), tiny(padded)
    torch.testing.assert_close(output.class_logits, expected.class_logits)
    torch.testing.assert_close(output.mask_logits, expected.mask_logits[..., :11, :18])


def test_an_image_does_not_depend_on_its_batch_mates(tiny):
    image = draw_image(48, 48, batch=3)
    together, alone = tiny(image), tiny(image[1:2])
    torch.testing.assert_close(together.class_logits[1:2], alone.class_logits, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(together.mask_logits[1:2], alone.mask_logits, rtol=1e-4, atol=1e-5)


def test_normalisation_is_the_models_own(tiny):
    image = torch.randint(0, 256, (2, 3, 5, 4), dtype=torch.uint8)
    torch.testing.assert_close(tiny.normalise(image), image / 127.5 - 1)  # AugReg weights: 0.5
    torch.testing.assert_close(tiny.normalise(image.float()), image / 127.5 - 1)
    deit = build_network("deit_tiny_patch16_224", 3, pretrained=False)
    expected = (image[:, 1] / 255 - 0.456) / 0.224
    torch.testing.assert_close(deit.normalise(image)[:, 1], expected)
    assert not {"mean", "std"} & set(dict(deit.named_parameters()))


def test_bfloat16_autocast(tiny):
    with torch.autocast("cpu", torch.bfloat16):
        output = tiny(draw_image(48, 48))
    exact = tiny(draw_image(48, 48))
    torch.testing.assert_close(output.class_logits.float(), exact.class_logits, rtol=0.1, atol=0.1)


def test_a_copy_is_a_network_of_its_own(tiny):
    image = draw_image(48, 48)
    twin = copy.deepcopy(tiny)
    expected = tiny(image).class_logits
    twin.class_head.weight.data.zero_()
    assert torch.equal(tiny(image).class_logits, expected)


@pytest.mark.parametrize(
    "image", [torch.zeros(3, 32, 32), torch.zeros(1, 4, 32, 32), torch.zeros(1, 3, 32, 32).byte()]
)
def test_an_image_that_is_not_normalised_floats_is_refused(tiny, image):
    with pytest.raises(ValueError, match="image must be normalised floats"):
        tiny(image)
