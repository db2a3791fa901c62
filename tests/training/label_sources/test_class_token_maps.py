"""The maps of class tokens are those of the functions, for the present classes."""

import torch
from data.scenes import CLASSES

from getam.activation import AttentionRecorder, divide_by_maximum, of_slots
from getam.model import label
from getam.network import build_network
from getam.pseudo_label import Labeller
from getam.training.label_sources.class_token_maps import ClassTokenMaps
from getam.training.parts.class_tokens import (
    PatchMaps,
    class_token_rows,
    fused_maps,
    refined_maps,
)


def test_maps_of_the_present_classes(batch):
    torch.manual_seed(0)
    network = build_network(
        "getam_vit_nano", len(CLASSES), pretrained=False, decoder_width=8, class_tokens=True
    ).eval()
    patch_maps, labeller = PatchMaps.of(network), Labeller(first_block=3, iterations=1)
    trunk, pseudo = label(network, ClassTokenMaps(network, patch_maps, labeller), batch)
    grid = trunk.features.grid
    with torch.no_grad(), AttentionRecorder() as recorder:
        features = network.forward_features(network.normalise(batch.image), outputs=True)
    rows = class_token_rows(recorder.calls, grid=grid, classes=len(CLASSES))
    maps = patch_maps.maps(features.outputs[-1][:, -grid[0] * grid[1] :], grid)
    expected = divide_by_maximum(refined_maps(fused_maps(rows, maps), recorder.calls))
    for own, classes, slots in zip(expected, pseudo.classes, pseudo.activation_maps, strict=True):
        torch.testing.assert_close(slots[: len(classes)], own[classes])
        assert not slots[len(classes) :].any()
    assert not network.backbone.blocks[-1]._forward_hooks


def test_slots_take_what_they_name():
    maps = torch.arange(6.0).view(2, 3, 1, 1)
    slots = torch.tensor([[3, 1], [2, 0]])
    assert of_slots(maps, slots).flatten(1).tolist() == [[2, 0], [4, 0]]
