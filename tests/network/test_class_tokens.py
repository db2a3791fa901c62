"""Class tokens join a backbone without changing what the others carry."""

import pytest
import timm
import torch

from getam.network import build_network, load_network, save_network
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


def test_a_network_with_class_tokens_is_kept_in_its_folder(tmp_path):
    options = {"pretrained": False, "decoder_width": 8, "class_tokens": True}
    network = build_network("getam_vit_nano", 3, **options).eval()
    assert network.backbone.num_prefix_tokens == 4
    save_network(network, tmp_path, classes={"a": 1, "b": 2, "c": 3})
    again, _ = load_network(tmp_path)
    images = torch.randn(1, 3, 32, 48)
    with torch.no_grad():
        assert torch.equal(again(images).mask_logits, network(images).mask_logits)


def test_they_start_from_the_weights_of_a_file(tmp_path):
    plain = timm.create_model("getam_vit_nano", num_classes=0)
    torch.nn.init.normal_(plain.cls_token)
    torch.save(plain.state_dict(), tmp_path / "weights.pth")
    network = build_network(
        "getam_vit_nano", 3, weights=tmp_path / "weights.pth", decoder_width=8, class_tokens=True
    )
    start = plain.cls_token + plain.pos_embed[:, :1]
    torch.testing.assert_close(network.backbone.reg_token.data, start.data.expand(-1, 3, -1))
