"""Class tokens, their contrast and the fused maps equal the authors' values."""

from functools import partial

import pytest
import torch
from reference.peers import Peer, tags
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torch.nn.functional import interpolate

from getam.activation import AttentionRecorder, patch_attention
from getam.network import build_network
from getam.training.losses import classification_loss
from getam.training.parts.class_tokens import (
    ClassTokenContrast,
    ClassTokens,
    PatchMaps,
    class_contrast,
    class_token_logits,
    class_token_rows,
    class_tokens,
    fused_maps,
    ranked_mean,
    refined_maps,
)

CLASSES, WIDTH, BLOCKS, GRID = 4, 48, 4, (4, 6)


@pytest.fixture(scope="module")
def mct(shared_reference):
    return Peer("mctformer", shared_reference)


@pytest.fixture(scope="module")
def weights(mct):
    weights = mct.weights("network_keys")
    for key, value in weights.items():
        if key.endswith("qkv.weight"):
            weights[key] = 2 * value
        if key in ("cls_token", "pos_embed_cls", "pos_embed_pat"):
            weights[key] = 5 * value
    return weights


@pytest.fixture(scope="module")
def passed(mct, weights):
    """Tokens after every block, the recorder of the pass, and the patch maps."""
    network = VisionTransformer(
        img_size=(64, 96), embed_dim=WIDTH, depth=BLOCKS, num_heads=4, num_classes=0,
        class_token=False, reg_tokens=CLASSES, no_embed_class=True, global_pool="avg",
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
    )  # fmt: skip
    positions = weights["pos_embed_pat"].mT.unflatten(-1, (4, 4))
    positions = interpolate(positions, scale_factor=(1.0, 1.5), mode="bicubic")
    own = {key: weights[key] for key in weights if key.startswith(("blocks.", "patch_embed."))}
    own["reg_token"] = weights["cls_token"] + weights["pos_embed_cls"]
    own["pos_embed"] = positions.flatten(2).mT
    missing = network.load_state_dict(own, strict=False).missing_keys
    assert missing == ["fc_norm.weight", "fc_norm.bias"]  # the released network has no last norm
    outputs = []
    for block in network.blocks:
        block.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    maps = PatchMaps(WIDTH, CLASSES)
    maps.convolution.load_state_dict(
        {"weight": weights["head.weight"], "bias": weights["head.bias"]}
    )
    with torch.no_grad(), AttentionRecorder() as recorder:
        network.eval()(mct.z("images", (2, 3, 64, 96)))
        return torch.stack(outputs), recorder, maps.maps(outputs[-1][:, CLASSES:], GRID)


def test_logits_of_both_kinds(mct, passed):
    outputs, _, maps = passed
    tokens = class_tokens(outputs.unbind(0), patches=24, classes=CLASSES)
    mct.check(tokens, "class_embeddings")
    mct.check(class_token_logits(tokens[-1]), "class_token_logits")
    mct.check(ranked_mean(maps), "patch_logits")
    both = class_token_logits(tokens[-1]) + ranked_mean(maps)
    mct.check(both / 2, "mean_logits")


def test_maps(mct, passed):
    _, recorder, maps = passed
    last = {block: recorder.calls[block] for block in (2, 3)}
    rows = class_token_rows(last, grid=GRID, classes=CLASSES)
    mct.check(rows, "map_mct")
    mct.check(maps.relu(), "map_patchcam")
    fused = fused_maps(rows, maps)
    mct.check(fused, "map_fused")
    affinity = BLOCKS * patch_attention(list(recorder.calls.values()), patches=24)
    mct.check(affinity[:, :4], "patch_attention_sum_rows_0_to_3")
    mct.check(refined_maps(fused, recorder.calls), "map_fused_refined")


def test_losses_and_gradients(mct):
    embeddings = mct.z("loss.embeddings", (5, 2, CLASSES, 16)).requires_grad_()
    logits = mct.z("loss.class_logits", (2, CLASSES)).requires_grad_()
    labels = tags([[0, 3], [1]], CLASSES)
    known = torch.ones_like(labels, dtype=torch.bool)
    losses = [
        classification_loss(logits, labels, known),
        class_contrast(embeddings[-3:], labels),
        classification_loss(mct.z("loss.patch_logits", (2, CLASSES)), labels, known),
    ]
    total = torch.stack(losses).sum()
    mct.check(torch.stack([*losses, total]).double(), "losses")
    total.backward()
    mct.check(embeddings.grad, "loss_gradient_embeddings")
    mct.check(logits.grad, "loss_gradient_class_logits")


def test_the_tokens_of_a_network_that_has_a_class_token_besides():
    network = build_network(
        "getam_vit_nano", 3, pretrained=False, decoder_width=8, class_tokens=True
    )
    outputs = []
    for block in network.backbone.blocks:
        block.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    with torch.no_grad(), AttentionRecorder() as recorder:
        grid = network.forward_features(torch.randn(2, 3, 24, 32)).grid
    tokens = class_tokens(outputs, patches=12, classes=3)
    assert torch.equal(tokens[-1], outputs[-1][:, 1:4])
    rows = class_token_rows({5: recorder.calls[5]}, grid=grid, classes=3)
    explicit = recorder.calls[5].scores(slice(None)).softmax(-1).mean(1)[:, 1:4, 4:]
    torch.testing.assert_close(rows.flatten(2), explicit)


def test_the_parts_of_a_network(batch, seen_by):
    classes = batch.labels.shape[1]
    network = build_network(
        "getam_vit_nano", classes, pretrained=False, decoder_width=8, class_tokens=True
    )
    seen, patch_maps = seen_by(network, batch), PatchMaps.of(network)
    outputs = seen.features.outputs
    tokens = torch.stack([output[:, 1 : 1 + classes] for output in outputs])
    torch.testing.assert_close(
        ClassTokens(network)(seen),
        classification_loss(tokens[-1].mean(-1), batch.labels, batch.known),
    )
    contrast = ClassTokenContrast(network)(seen)
    torch.testing.assert_close(contrast, class_contrast(tokens, batch.labels))
    maps = patch_maps.maps(outputs[-1][:, 1 + classes :], seen.features.grid)
    torch.testing.assert_close(
        patch_maps(seen), classification_loss(ranked_mean(maps), batch.labels, batch.known)
    )
    contrast.backward()
    assert network.backbone.reg_token.grad.any()
