"""Maps equal explicit N x N attention with one backward per image and class; nothing is left."""

import pytest
import timm
import torch
from reference.explicit_attention import slow_map
from reference.shapes import Shapes
from timm.models.volo import VOLO

from getam.activation import (
    METHODS,
    AttentionRecorder,
    activation_maps,
    divide_by_maximum,
    spread,
)
from getam.explain.shared_pass import Setting, shared_maps

from .models import FAMILIES, tiny, tiny_network

CLASSES = [[3, 0], [], [1, 0, 2]]


def assert_equal_slow(model, images, maps, *, prefix, grid, method="getam", first_block=6):
    assert len(maps) == len(images)
    for image, wanted, image_maps in zip(images, CLASSES, maps, strict=True):
        assert image_maps.shape == (len(wanted), *grid)
        assert image_maps.dtype == torch.float32
        for index, ours in zip(wanted, image_maps, strict=True):
            slow = slow_map(
                model,
                image,
                index,
                method=method,
                first_block=first_block,
                prefix=prefix,
                grid=grid,
            )
            assert slow.abs().max() > 0
            torch.testing.assert_close(ours, slow, rtol=1e-4, atol=1e-5 * slow.max().item())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("first_block", [0, 6])
def test_every_family(family, first_block):
    model, images, prefix, grid = tiny(family)
    maps = activation_maps(model, images, classes=CLASSES, first_block=first_block)
    assert_equal_slow(model, images, maps, prefix=prefix, grid=grid, first_block=first_block)


@pytest.mark.parametrize("family", ["eva02", "attention bias", "rotary and registers"])
def test_the_last_block_where_the_classifier_averages_patches(family):
    model, images, prefix, grid = tiny(family)
    maps = activation_maps(model, images, classes=CLASSES, first_block=7)
    assert_equal_slow(model, images, maps, prefix=prefix, grid=grid, first_block=7)


def of_class_token():
    return [name for name, method in METHODS.items() if method.reads == "class_token"]


@pytest.mark.parametrize("method", of_class_token())
@pytest.mark.parametrize("family", ["plain", "attention bias", "rotary and registers"])
def test_every_method_of_the_class_token(method, family, monkeypatch):
    monkeypatch.setattr("getam.activation.record.ROWS", 5)  # several bands of rows
    model, images, prefix, grid = tiny(family)
    maps = activation_maps(model, images, classes=CLASSES, method=method)
    assert_equal_slow(model, images, maps, prefix=prefix, grid=grid, method=method)


@pytest.mark.parametrize("size", [(48, 64), (45, 61)])
def test_our_network_at_sizes_that_are_not_whole_patches(size):
    network = tiny_network()
    images = torch.randn(1, 3, *size)
    (maps,) = activation_maps(network, images, classes=[[2]], first_block=3)
    slow = slow_map(network, images[0], 2, method="getam", first_block=3, prefix=1, grid=(6, 8))
    torch.testing.assert_close(maps[0], slow, rtol=1e-4, atol=1e-5 * slow.max().item())


@pytest.mark.parametrize(("size", "grid"), [((64, 96), (8, 12)), ((65, 90), (9, 12))])
def test_patches_are_those_the_model_makes(size, grid):
    (maps,) = activation_maps(
        tiny_network(), torch.randn(1, 3, *size), classes=[[0]], first_block=3
    )
    assert maps.shape == (1, *grid)


def test_an_image_does_not_depend_on_its_batch_mates():
    model, images, _, _ = tiny()
    together = activation_maps(model, images, classes=CLASSES)
    for image, wanted, maps in zip(images, CLASSES, together, strict=True):
        (alone,) = activation_maps(model, image[None], classes=[wanted])
        torch.testing.assert_close(maps, alone, rtol=1e-4, atol=1e-9)


def test_order_and_repeats_are_the_askers():
    model, images, _, _ = tiny()
    (maps,) = activation_maps(model, images[:1], classes=[[2, 1, 2]])
    (swapped,) = activation_maps(model, images[:1], classes=[[1, 2]])
    torch.testing.assert_close(maps[[1, 0]], swapped)
    assert torch.equal(maps[0], maps[2])


def test_no_class_at_all():
    model, images, _, grid = tiny()
    maps = activation_maps(model, images, classes=[[], [], []], normalise=True)
    assert [m.shape for m in maps] == [(0, *grid)] * 3


def test_normalised_to_one():
    model, images, _, _ = tiny()
    raw = activation_maps(model, images, classes=CLASSES)
    ones = activation_maps(model, images, classes=CLASSES, normalise=True)
    for plain, scaled in zip(raw, ones, strict=True):
        torch.testing.assert_close(scaled, plain / plain.amax((1, 2), keepdim=True))


def test_the_smallest_map_reaches_one_and_zero_stays_zero():
    maps = torch.tensor([[[0.0, 1e-30]], [[0.0, 0.0]], [[2.0, 4.0]]])
    expected = torch.tensor([[[0.0, 1.0]], [[0.0, 0.0]], [[0.5, 1.0]]])
    torch.testing.assert_close(divide_by_maximum(maps), expected)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_callers_without_gradients(mode):
    model, images, _, _ = tiny()
    expected = activation_maps(model, images, classes=CLASSES)
    with mode():
        switched = torch.is_grad_enabled()
        maps = activation_maps(model, images * 1, classes=CLASSES)
        assert torch.is_grad_enabled() == switched
    for ours, theirs in zip(maps, expected, strict=True):
        assert not ours.requires_grad
        torch.testing.assert_close(ours, theirs)


def state_of(model):
    modules = {name: (m.training, *map(len, hooks_of(m))) for name, m in model.named_modules()}
    parameters = {n: (p.requires_grad, p.grad, p.clone()) for n, p in model.named_parameters()}
    return modules, parameters


def hooks_of(module):
    return module._forward_hooks, module._forward_pre_hooks, module._backward_hooks


@pytest.mark.parametrize("method", ["getam", "layer_cam"])
def test_the_model_is_left_as_it_was(method):
    network = tiny_network().train()
    network.backbone.blocks[2].eval()
    network.backbone.blocks[1].requires_grad_(False)
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    modules, parameters = state_of(network)
    activation_maps(
        network, torch.randn(2, 3, 32, 32), classes=[[0], [1, 2]], first_block=3, method=method
    )
    after_modules, after_parameters = state_of(network)
    assert after_modules == modules
    for name, (requires_grad, gradient, value) in parameters.items():
        assert after_parameters[name][0] == requires_grad
        assert gradient is None
        assert after_parameters[name][1] is None
        assert torch.equal(after_parameters[name][2], value)
    assert all(torch.equal(buffer, buffers[name]) for name, buffer in network.named_buffers())
    assert not torch.overrides._get_current_function_mode_stack()


def test_frozen_parameters_change_nothing():
    model, images, _, _ = tiny()
    expected = activation_maps(model, images, classes=CLASSES)
    maps = activation_maps(model.requires_grad_(False), images, classes=CLASSES)
    for ours, theirs in zip(maps, expected, strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("method", ["getam", "generic", "cam", "layer_cam"])
def test_half_precision_is_close(method):
    model, images, _, _ = tiny()
    arguments = {"classes": CLASSES, "method": method, "normalise": True}
    expected = activation_maps(model, images, **arguments)
    with torch.autocast("cpu", torch.bfloat16):
        maps = activation_maps(model, images, **arguments)
    for ours, theirs in zip(maps, expected, strict=True):
        assert ours.dtype == torch.float32
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0.1)


@pytest.mark.parametrize(
    ("classes", "passes"), [(CLASSES, 3), ([[1], [2], [3]], 1), ([[0, 1]] * 3, 2)]
)
def test_one_backward_per_class_slot(classes, passes, monkeypatch):
    model, images, _, _ = tiny()
    calls = []
    grad = torch.autograd.grad
    monkeypatch.setattr(torch.autograd, "grad", lambda *a, **k: calls.append(a) or grad(*a, **k))
    activation_maps(model, images, classes=classes)
    assert len(calls) == passes


@pytest.mark.parametrize("method", ["getam", "agcam", "rollout", "generic", "cam", "transcam"])
def test_no_matrix_of_all_tokens_is_ever_made(method, monkeypatch):
    monkeypatch.setattr("getam.activation.record.ROWS", 5)
    model, images, _, (height, width) = tiny()
    sizes = {height * width, height * width + 1}
    with Shapes() as shapes:
        activation_maps(model, images, classes=CLASSES, first_block=0, method=method)
    assert (3, 2, 13, 16) in shapes.seen  # [B, A, N, d]: the mode does see attention
    assert not [s for s in shapes.seen if len(s) > 1 and s[-1] in sizes and s[-2] in sizes]


def test_unfused_attention_is_refused():
    model, images, _, _ = tiny()
    for block in model.blocks:
        block.attn.fused_attn = False
    with pytest.raises(ValueError, match="turn fused attention on"):
        activation_maps(model, images, classes=CLASSES)


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
        ({"affinity": -1}, "affinity must be 0 or more, got -1"),
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


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (lambda logits: logits[0], "score must return class scores"),
        (lambda logits: logits.detach(), "score must be differentiable"),
        (lambda logits: logits[:, :2], r"classes must lie in 0\.\.1"),
    ],
)
def test_wrong_scores(score, message):
    model, images, _, _ = tiny()
    with pytest.raises(ValueError, match=message):
        activation_maps(model, images, classes=CLASSES, score=score)


def test_a_score_function_is_the_target():
    model, images, _, _ = tiny()
    texts = torch.randn(3, 4)
    ours = activation_maps(model, images, classes=[[2]] * 3, score=lambda out: out @ texts.T)
    model.head.weight.data = texts @ model.head.weight.data
    model.head.bias.data = texts @ model.head.bias.data
    model.head.out_features = 3
    for own, merged in zip(ours, activation_maps(model, images, classes=[[2]] * 3), strict=True):
        torch.testing.assert_close(own, merged, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("method", ["getam", "rollout", "cam"])
def test_affinity_spreads_any_map(method):
    model, images, _, _ = tiny()
    plain = activation_maps(model, images, classes=[[1]] * 3, method=method)
    ours = activation_maps(model, images, classes=[[1]] * 3, method=method, affinity=2)
    with torch.no_grad(), AttentionRecorder() as recorder:
        model(images)
    expected = spread(torch.stack(plain), list(recorder.calls.values()), passes=2)
    torch.testing.assert_close(torch.stack(ours), expected, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("method", ["getam", "layer_cam"])
def test_overflow_in_half_precision_is_no_map(method):
    model, images, _, _ = tiny()
    model.head.weight.data *= 1e6
    with pytest.raises(ValueError, match="overflowed in half precision"):
        activation_maps(model.half(), images.half(), classes=CLASSES, method=method)


@pytest.mark.parametrize("name", ["vit_medium_patch16_reg4_gap_256", "resnet18"])
def test_a_model_without_class_token_is_refused(name):
    options = {"depth": 2, "embed_dim": 32, "num_heads": 2, "img_size": 32} if "vit" in name else {}
    model = timm.create_model(name, pretrained=False, num_classes=2, **options)
    with pytest.raises(ValueError, match="needs a class token|attention"):
        activation_maps(model, torch.randn(1, 3, 32, 32), classes=[[0]], first_block=0)


def test_a_model_without_attention_is_not_told_to_fuse_it():
    model = timm.create_model("resnet18", pretrained=False, num_classes=2)
    with pytest.raises(ValueError, match="ResNet has no attention that can be observed"):
        activation_maps(model, torch.randn(1, 3, 32, 32), classes=[[0]])


@pytest.mark.parametrize("method", ["getam", "generic"])
def test_a_class_token_that_joins_after_the_blocks_is_refused(method):
    model = VOLO((1, 1), img_size=64, embed_dims=(16, 32), num_heads=(2, 2), num_classes=2)
    images = torch.randn(1, 3, 64, 64)
    with pytest.raises(ValueError, match="needs a class token"):
        activation_maps(model, images, classes=[[0]], first_block=0, method=method)
    with pytest.raises(ValueError, match="needs a class token"):
        shared_maps(model.eval(), images, classes=[0], settings=[Setting(method, 0)])


def test_a_compiled_model_is_recorded_uncompiled():
    model, images, _, _ = tiny()
    classes = [[0], [1, 2], [3]]
    expected = activation_maps(model, images, classes=classes, first_block=1)
    compiled = torch.compile(model)
    found = activation_maps(compiled, images, classes=classes, first_block=1)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
