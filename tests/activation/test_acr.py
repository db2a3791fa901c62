"""The seeds of ACR (Sun et al., ICCV workshop 2023) are maps that exist here under other names."""

import pytest
import torch
from reference.drawn_weights import z
from reference.peers import Peer, tags
from torch import nn

from getam.activation import (
    METHODS,
    Attention,
    AttentionRecorder,
    Block,
    Recording,
    activation_maps,
    unit_range,
)
from getam.activation.affinity import patch_attention
from getam.network.backbone import create_backbone
from getam.network.backbone_style import released_style
from getam.training.losses import classification_loss
from getam.training.parts.mirror_consistency import mirror_disagreement

NAMES = {
    "cam_grad_s": "getam",
    "cam_grad": "grad_cam",
    "grad": "grad",
    "grad_s": "mean_grad_squared",
}
BACKBONES = {"vitb": "vit_base_patch16_384", "vitb_hybrid": "vit_base_r50_s16_384"}
CLASSES = [[3], [7, 14]]
TOKENS, PATCHES, BLOCKS = 17, 16, 3


@pytest.fixture(scope="module")
def acr(shared_reference):
    yield Peer("acr", shared_reference)
    z.cache_clear()


@pytest.fixture(scope="module")
def blocks(acr):
    """Attention and gradients as they were drawn, as if a network had made them."""

    def block(i):
        attention = acr.z(f"maps.attention.{i}", (2, 2, TOKENS, TOKENS)).softmax(-1)
        identity = torch.eye(TOKENS).expand_as(attention)
        call = Attention(attention.log(), identity, identity, attention, scale=1.0)
        return Block(call, acr.z(f"maps.gradient.{i}", attention.shape), slice(0, 1))

    return [block(i) for i in range(BLOCKS)]


def maps_of(method, blocks):
    maps = METHODS[method].formula(Recording(blocks, 1, slice(0, 1)))
    return maps[:, 1:].unflatten(-1, (4, 4))


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_the_maps(name, first, acr, blocks):
    acr.check(maps_of(NAMES[name], blocks[first:]), f"maps_{name}_from_{first}")


def test_seeds_times_affinity(acr, blocks):
    affinity = BLOCKS * patch_attention([block.call for block in blocks], patches=PATCHES)
    seeds = affinity @ maps_of("grad", blocks[1:]).flatten(1)[..., None]
    acr.check(seeds[..., 0].unflatten(-1, (4, 4)), "seeds_grad_affinity")


def test_two_views_merged(acr):
    views = [acr.u(f"merge.view{i}", (4, 20, 28)) for i in range(2)]
    for view in views:
        view[0] = 0
    acr.check(unit_range(views[0].flip(-1) + views[1]), "merged")


class WithoutLastNorm(nn.Module):
    """The released network: its classifier reads the class token before the last norm."""

    def __init__(self, name, state):
        super().__init__()
        with torch.device("meta"):  # no time for weights that are replaced
            backbone = create_backbone(BACKBONES[name], pretrained=False)
        released_style(backbone)
        own = {key.removeprefix("pretrained.model."): value for key, value in state.items()}
        found = backbone.load_state_dict(own, strict=False, assign=True)
        assert not found.missing_keys
        backbone.norm = nn.Identity()
        self.backbone, self.head = backbone, nn.Linear(768, 20)
        self.head.load_state_dict({k: state[f"cls_head.{k}"] for k in ("weight", "bias")})

    def forward(self, images):
        return self.head(self.backbone(images))


@pytest.mark.slow  # each draws 86 million weights
@pytest.mark.parametrize("name", BACKBONES)
def test_the_released_network(name, acr):
    model = WithoutLastNorm(name, acr.weights(f"{name}_keys")).eval()
    images = acr.z("network.images", (2, 3, 96, 96))
    labels, views = tags(CLASSES, 20), []
    with torch.no_grad():
        for view in (images, images.flip(-1)):
            with AttentionRecorder() as recorder:
                logits = model(view)
            calls = recorder.calls.values()
            attention = [call.scores(slice(None)).softmax(-1).mean(1) for call in calls]
            views.append((logits, torch.stack(attention, 1)))
    acr.check(views[0][0], f"{name}_class_logits")
    acr.check(views[1][0], f"{name}_class_logits_flipped")
    with torch.no_grad():
        patches = model.backbone.forward_features(images)[:, 1:]
        acr.check(model.head(patches.mean(1)), f"{name}_patch_logits")
    known = torch.ones_like(labels, dtype=torch.bool)
    found = mirror_disagreement(views[0][1], views[1][1], grid=(6, 6))
    losses = [classification_loss(logits, labels, known) for logits, _ in views] + list(found)
    total = losses[0] + losses[1] + 125 * (losses[2] + losses[3])
    acr.check(torch.stack([*losses, total]).double(), f"{name}_losses")
    for place, view in enumerate((images.flip(-1), images)):
        maps = torch.cat(
            activation_maps(model, view, classes=CLASSES, method="grad", first_block=10)
        )
        affinity = views[1 - place][1].sum(1)[[0, 1, 1], 1:, 1:]
        spread = affinity @ maps.flatten(1)[..., None]
        seeds = spread.view_as(maps)
        seeds = seeds.flip(-1) if place == 0 else seeds
        theirs = acr[f"{name}_seeds_two_views"][:, place]
        assert (seeds - theirs).abs().max() <= 1e-4 * theirs.abs().max()
