"""A forward pass is observed and leaves the model as it was; otherwise one line says why."""

import pytest
import timm
import torch

from getam.activation import activation_maps

from .models import tiny, tiny_network

CLASSES = [[3, 0], [], [1, 0, 2]]


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


def test_a_compiled_model_is_recorded_uncompiled():
    model, images, _, _ = tiny()
    classes = [[0], [1, 2], [3]]
    expected = activation_maps(model, images, classes=classes, first_block=1)
    compiled = torch.compile(model)
    found = activation_maps(compiled, images, classes=classes, first_block=1)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_unfused_attention_is_refused():
    model, images, _, _ = tiny()
    for block in model.blocks:
        block.attn.fused_attn = False
    with pytest.raises(ValueError, match="turn fused attention on"):
        activation_maps(model, images, classes=CLASSES)


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
