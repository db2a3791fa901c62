"""The network as a whole: shapes, sizes, seams, gradients."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from getam.network import CLASSIFIERS, Network, build_network
from getam.network.backbone import tap_blocks

TINY = "vit_tiny_patch16_224"


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


@pytest.fixture(scope="module")
def tiny() -> Network:
    torch.manual_seed(0)
    return build_network(TINY, 3, pretrained=False).eval()


def _image(*size, batch=2):
    return torch.randn(batch, 3, *size, generator=torch.Generator().manual_seed(1))


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
        output = network(_image(50, 71))
    assert output.class_logits.shape == (2, 3)
    assert output.mask_logits.shape == (2, 4, 13, 18)
    assert output.mask_logits_at((50, 71)).shape == (2, 4, 50, 71)
    assert len(calls.outputs) == blocks
    gradients = torch.autograd.grad(output.class_logits.sum(), calls.outputs)
    assert all(g.isfinite().all() and g[:, :, 0].abs().sum() > 0 for g in gradients)


def test_hybrid_reads_two_stages_of_its_stem():
    network = build_network("vit_small_r26_s32_224", 3, pretrained=False)
    features = network.forward_features(_image(64, 96))
    assert [tuple(stage.shape[1:]) for stage in features.stages] == [(256, 16, 24), (512, 8, 12)]
    assert len(features.taps) == 2
    assert not any(module._forward_hooks for module in network.modules())


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_class_logits_reach_the_attention_of_every_block(classifier):
    network = build_network(TINY, 3, pretrained=False, classifier=classifier)
    with _AttentionCalls() as calls:
        logits = network.classify(network.forward_features(_image(48, 64)))
    gradients = torch.autograd.grad(logits[0, 1], calls.outputs)
    assert len(gradients) == 12
    for gradient in gradients:
        assert gradient[0].abs().sum() > 0
        assert gradient[1].abs().sum() == 0  # images of a batch do not meet
    class_rows = [bool(gradient[0, :, 0].abs().sum() > 0) for gradient in gradients]
    # the mean of the patch tokens does not read what the last block gives the class token
    assert class_rows == [True] * 11 + [classifier != "average"]


def test_every_parameter_is_trained():
    network = build_network("getam_vit_nano", 3, pretrained=False, classifier="stride32")
    output = network(_image(64, 64))
    (output.class_logits.sum() + output.mask_logits.square().sum()).backward()
    assert [n for n, p in network.named_parameters() if p.grad is None] == [
        "backbone.norm.weight",
        "backbone.norm.bias",
    ]


def test_forward_joins_the_halves_and_classifying_leaves_the_decoder_alone(tiny):
    image = _image(64, 48)
    features = tiny.forward_features(image)
    output = tiny(image)
    assert torch.equal(output.class_logits, tiny.classify(features))
    assert torch.equal(output.mask_logits, tiny.segment(features))
    for parameter in tiny.parameters():
        parameter.grad = None
    tiny.classify(features).sum().backward()
    assert all(p.grad is None for p in [*tiny.decoder.parameters(), *tiny.pyramid.parameters()])


def test_classifiers_read_what_their_names_say(tiny):
    image = _image(32, 48)
    tokens = tiny.backbone.forward_features(image)
    expected = F.linear(tokens[:, 0], tiny.class_head.weight, tiny.class_head.bias)
    features = tiny.forward_features(image)
    torch.testing.assert_close(tiny.classify(features), expected)
    patches = CLASSIFIERS["average"](features, tiny.pyramid)
    torch.testing.assert_close(patches, tokens[:, 1:].mean(1))
    coarsest = CLASSIFIERS["stride32"](features, tiny.pyramid)
    torch.testing.assert_close(coarsest, tiny.pyramid(features)[-1].mean((2, 3)))


def test_taps_are_the_outputs_of_their_blocks(tiny):
    image, outputs = _image(32, 48), {}
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


@pytest.mark.parametrize(("depth", "taps"), [(12, [2, 5, 8, 11]), (24, [5, 11, 17, 23])])
def test_taps_are_evenly_spaced(depth, taps):
    assert tap_blocks(depth) == taps


def test_a_size_of_broken_patches_is_padded_and_cropped(tiny):
    image = _image(41, 70)
    padded = F.pad(image, (0, 10, 0, 7))  # to 48 x 80
    output, expected = tiny(image), tiny(padded)
    torch.testing.assert_close(output.class_logits, expected.class_logits)
    torch.testing.assert_close(output.mask_logits, expected.mask_logits[..., :11, :18])


def test_an_image_does_not_depend_on_its_batch_mates(tiny):
    image = _image(48, 48, batch=3)
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


def test_normalisation_can_be_given():
    network = build_network("getam_vit_nano", 3, pretrained=False, mean=(0, 0.5, 1), std=(1, 2, 4))
    normalised = network.normalise(torch.full((1, 3, 1, 1), 255.0))
    torch.testing.assert_close(normalised.flatten(), torch.tensor([1.0, 0.25, 0.0]))


def test_decoder_width_follows_the_backbone():
    assert build_network(TINY, 3, pretrained=False).architecture.decoder_width == 192 // 6
    small = build_network("getam_vit_nano", 3, pretrained=False)
    assert small.architecture.decoder_width == 32  # no narrower than that
    narrow = build_network(TINY, 3, pretrained=False, decoder_width=24)
    assert narrow.decoder.adapt[0].out_channels == 24


def test_bfloat16_autocast(tiny):
    with torch.autocast("cpu", torch.bfloat16):
        output = tiny(_image(48, 48))
    exact = tiny(_image(48, 48))
    torch.testing.assert_close(output.class_logits.float(), exact.class_logits, rtol=0.1, atol=0.1)


def test_a_copy_is_a_network_of_its_own(tiny):
    image = _image(48, 48)
    twin = copy.deepcopy(tiny)
    expected = tiny(image).class_logits
    twin.class_head.weight.data.zero_()
    assert torch.equal(tiny(image).class_logits, expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"backbone": "vit_tny_patch16_224"}, "nearest: vit_tiny_patch16_224"),
        ({"backbone": "vit_base_patch16_gap_224"}, "with a class token"),
        ({"backbone": "resnet18"}, "vision transformer"),
        ({"backbone": "resnet18", "pretrained": False}, "vision transformer"),
        ({"classifier": "maximum"}, "class_token, average, stride32"),
        ({"backbone_style": "old"}, "timm, released"),
        ({"num_classes": 0}, "num_classes must be 1 or more"),
    ],
)
def test_a_wrong_argument_gets_one_line(arguments, message):
    defaults = {"backbone": "getam_vit_nano", "num_classes": 3, "pretrained": False}
    with pytest.raises(ValueError, match=message) as error:
        build_network(**{**defaults, **arguments})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "image", [torch.zeros(3, 32, 32), torch.zeros(1, 4, 32, 32), torch.zeros(1, 3, 32, 32).byte()]
)
def test_an_image_that_is_not_normalised_floats_is_refused(tiny, image):
    with pytest.raises(ValueError, match="image must be normalised floats"):
        tiny(image)
