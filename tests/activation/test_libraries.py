"""Models of other libraries, small and with drawn weights: maps equal explicit attention."""

import pytest
import torch
import torch.nn.functional as F
from reference.explicit_attention import class_logits, slow_map

from getam.activation import activation_maps

from .models import redraw

WIDTHS = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "patch_size": 16,
    "num_labels": 4,
    "attn_implementation": "sdpa",
}
SIZE = (48, 64)


def hugging_face(name, **options):
    transformers = pytest.importorskip("transformers")
    architecture, configuration = name
    settings = getattr(transformers, configuration)(**WIDTHS, **options)
    return getattr(transformers, architecture)(settings)


def vit():
    name = ("ViTForImageClassification", "ViTConfig")
    return hugging_face(name, image_size=SIZE), 1, class_logits


def deit():
    name = ("DeiTForImageClassificationWithTeacher", "DeiTConfig")
    return hugging_face(name, image_size=SIZE), 2, class_logits


def dinov2():
    name = ("Dinov2ForImageClassification", "Dinov2Config")
    return hugging_face(name, image_size=64), 1, class_logits


def dinov2_registers():
    name = ("Dinov2WithRegistersForImageClassification", "Dinov2WithRegistersConfig")
    return hugging_face(name, image_size=64), 5, class_logits


def texts(width):
    features = torch.randn(3, width)
    return lambda images: F.normalize(images, dim=-1) @ F.normalize(features, dim=-1).T


def clip_tower():
    name = ("CLIPVisionModelWithProjection", "CLIPVisionConfig")
    score = texts(24)
    model = hugging_face(name, image_size=64, projection_dim=24)
    return model, 1, lambda output: score(output.image_embeds)


def open_clip_tower():
    towers = pytest.importorskip("open_clip.transformer")
    model = towers.VisionTransformer(
        image_size=SIZE, patch_size=16, width=32, layers=4, heads=2, mlp_ratio=2, output_dim=24
    )
    return model, 1, texts(24)


def torchvision_vit():
    towers = pytest.importorskip("torchvision.models.vision_transformer")
    sizes = {"num_layers": 4, "num_heads": 2, "hidden_dim": 32, "mlp_dim": 48, "num_classes": 4}
    return towers.VisionTransformer(image_size=64, patch_size=16, **sizes), 1, class_logits


MAKERS = [vit, deit, dinov2, dinov2_registers, clip_tower, open_clip_tower, torchvision_vit]


@pytest.fixture(params=MAKERS, ids=lambda maker: maker.__name__)
def made(request):
    torch.manual_seed(0)
    model, prefix, score = request.param()
    redraw(model.eval())
    square = request.param in (dinov2, dinov2_registers, clip_tower, torchvision_vit)
    size = (64, 64) if square else SIZE
    return model, prefix, score, torch.randn(2, 3, *size), (size[0] // 16, size[1] // 16)


@pytest.mark.parametrize("method", ["getam", "generic"])
def test_equal_to_explicit_attention(made, method):
    model, prefix, score, images, grid = made
    classes = [[2, 0], [1]]
    ours = activation_maps(
        model, images, classes=classes, method=method, first_block=1, score=score
    )
    assert all(p.grad is None for p in model.parameters())
    for image, wanted, maps in zip(images, classes, ours, strict=True):
        assert maps.shape == (len(wanted), *grid)
        for index, own in zip(wanted, maps, strict=True):
            slow = slow_map(
                model,
                image,
                index,
                method=method,
                first_block=1,
                prefix=prefix,
                grid=grid,
                score=score,
            )
            assert slow.max() > 0
            torch.testing.assert_close(own, slow, rtol=1e-4, atol=1e-4 * slow.max().item())


@pytest.mark.parametrize("method", ["cam", "layer_cam", "transcam"])
def test_tokens_are_observed(made, method):
    model, _, score, images, grid = made
    arguments = {"classes": [[0, 1, 2], [1]], "method": method, "first_block": 1, "score": score}
    with torch.inference_mode():
        maps = activation_maps(model, images, **arguments)
    assert maps[0].shape == (3, *grid)
    (alone,) = activation_maps(model, images[1:], **{**arguments, "classes": [[1]]})
    torch.testing.assert_close(maps[1], alone, rtol=1e-4, atol=1e-5)
    assert sum(own.abs().sum() for own in maps) > 0


@torch.no_grad()
def test_cam_of_clip_normalises_every_token():
    torch.manual_seed(0)
    model = clip_tower()[0].eval()
    images = torch.randn(1, 3, 64, 64)
    arguments = {"classes": [[5]], "first_block": 0, "score": lambda output: output.image_embeds}
    (maps,) = activation_maps(model, images, method="cam", **arguments)
    tower = getattr(model.vision_model, "vision_model", model.vision_model)
    tokens = tower.post_layernorm(tower(images).last_hidden_state)[0, 1:]
    slow = (tokens @ model.visual_projection.weight[5]).relu().view(4, 4)
    assert slow.max() > 0
    torch.testing.assert_close(maps[0], slow, rtol=1e-4, atol=1e-6)


def test_unfused_attention_is_refused():
    transformers = pytest.importorskip("transformers")
    settings = {**WIDTHS, "attn_implementation": "eager", "image_size": 64}
    model = transformers.ViTForImageClassification(transformers.ViTConfig(**settings))
    with pytest.raises(ValueError, match="attn_implementation='sdpa'"):
        activation_maps(model, torch.randn(1, 3, 64, 64), classes=[[0]], first_block=1)
