"""Class tokens join a backbone without changing what the others carry."""

import pytest
import timm
import torch

from getam.network.class_tokens import add_class_tokens, prefix_with_positions

SIZES = {"img_size": 32, "embed_dim": 24, "depth": 2, "num_heads": 2, "num_classes": 0,
         "dynamic_img_size": True}  # fmt: skip


def made(name="vit_tiny_patch16_224", **options):
    torch.manual_seed(0)
    model = timm.create_model(name, pretrained=False, **SIZES, **options).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


@pytest.mark.parametrize("options", [{}, {"no_embed_class": True}, {"reg_tokens": 3}])
def test_no_class_changes_nothing(options):
    model, images = made(**options), torch.randn(2, 3, 32, 48)
    before = model.forward_features(images)
    add_class_tokens(model, 0)
    torch.testing.assert_close(model.forward_features(images), before)


def test_each_class_has_a_token_that_starts_as_the_class_token():
    model, images = made(), torch.randn(2, 3, 32, 48)
    start = prefix_with_positions(model)[:, :1]
    add_class_tokens(model, 3)
    assert model.num_prefix_tokens == 4
    assert torch.equal(prefix_with_positions(model), start.expand(-1, 4, -1))
    assert model.forward_features(images).shape == (2, 4 + 6, 24)
    model.forward_features(images).sum().backward()
    assert model.reg_token.grad.shape == (1, 3, 24)


def test_a_model_of_another_form():
    with pytest.raises(ValueError, match="plain timm VisionTransformer, got .*Distilled"):
        add_class_tokens(made("deit_tiny_distilled_patch16_224"), 3)
