"""Released checkpoints: the authors' own masks and maps, every key accounted for."""

import json

import numpy as np
import pytest
import torch
from reference.drawn_weights import drawn, relative_difference, z

from getam.activation import activation_maps
from getam.network import load_released, read_released
from getam.network.released import rename_released


@pytest.fixture(scope="module")
def keys(shared_reference):
    return json.loads((shared_reference / "checkpoint_keys.json").read_text())


@pytest.fixture(scope="module")
def draw(keys):
    yield lambda backbone: {k: drawn(k, tuple(shape)) for k, shape in keys[backbone].items()}
    z.cache_clear()


def _as_it_is(state):
    return state


def _wrapped(state):
    return {"model": {f"module.{key}": value for key, value in state.items()}}


@pytest.fixture(
    scope="module",
    params=[("deit", _wrapped), ("deit_distilled", _as_it_is), ("vitb_hybrid", _as_it_is)],
    ids=lambda pair: pair[0],
)
def loaded(request, draw, shared_reference):
    """A network with the drawn weights, and what the released code made of the same."""
    backbone, wrap = request.param
    values = np.load(shared_reference / f"network_{backbone}.npz")
    return load_released(wrap(draw(backbone)), backbone=backbone), values


def test_the_same_function_as_released(loaded):
    network, released = loaded
    with torch.no_grad():
        output = network(z("input.images", (2, 3, 96, 128)))
    assert output.mask_logits.shape == (2, 21, 48, 64)
    masks = output.mask_logits_at((96, 128))[:, :, ::4, ::4]
    assert relative_difference(output.class_logits, released["class_logits"]) < 1e-4
    assert relative_difference(masks, released["mask_logits_every_4th"]) < 1e-4


def test_the_same_maps_as_released(loaded):
    network, released = loaded
    images = z("input.images", (2, 3, 96, 128))
    for first in (6, 0):
        maps = activation_maps(network, images, classes=[[3, 7], [14]], first_block=first)
        theirs = released[f"maps_from_block_{first}"]
        assert relative_difference(torch.cat(maps), theirs) < 1e-4


def test_one_fine_tuned_for_other_classes(draw):
    state = draw("deit")
    state["cls_head.weight"], state["cls_head.bias"] = torch.randn(3, 768), torch.randn(3)
    state["scratch.output_conv.4.weight"] = torch.randn(4, 256, 1, 1)
    state["scratch.output_conv.4.bias"] = torch.randn(4)
    model = read_released(state, backbone="vitb")  # the keys and shapes of deit
    assert model.network.architecture.backbone == "vit_base_patch16_384"
    assert torch.equal(model.network.class_head.weight, state["cls_head.weight"])
    assert torch.equal(model.network.decoder.head[4].bias, state["scratch.output_conv.4.bias"])
    assert len(model.unused) == 14


@pytest.mark.parametrize("backbone", ["deit", "deit_distilled", "vitb_hybrid"])
def test_every_key_is_renamed_once_or_known_to_be_unused(backbone, keys):
    state = {key: torch.zeros(()) for key in keys[backbone]}
    renamed, unused = rename_released(state, first_level=3 if backbone == "vitb_hybrid" else 1)
    assert len(renamed) + len(unused) == len(state)
    ours = ("backbone.", "pyramid.levels.", "decoder.", "class_head.")
    assert all(key.startswith(ours) for key in renamed)
    heads = {"pretrained.model.head.weight", "pretrained.model.head.bias"}
    if backbone == "deit_distilled":
        heads |= {"pretrained.model.head_dist.weight", "pretrained.model.head_dist.bias"}
    first_input = {k for k in state if k.startswith("scratch.refinenet4.resConfUnit1.")}
    assert set(unused) == heads | first_input


@pytest.mark.parametrize(
    ("holds", "asked"),
    [
        ("deit", "deit_distilled"),
        ("deit", "vitb_hybrid"),
        ("deit_distilled", "vitb"),
        ("vitb_hybrid", "vitb"),
        ("vitb_hybrid", "deit_distilled"),
    ],
)
def test_a_wrong_backbone_is_named(holds, asked, keys):
    state = {key: torch.zeros(()) for key in keys[holds]}
    with pytest.raises(ValueError, match=f"backbone must be .*{holds}.*, got '{asked}'"):
        load_released(state, backbone=asked)


def test_an_unknown_backbone_and_no_checkpoint_at_all():
    with pytest.raises(ValueError, match="deit, deit_distilled, vitb, vitb_hybrid"):
        load_released({"a": torch.zeros(1)}, backbone="resnet")
    with pytest.raises(ValueError, match="no released GETAM checkpoint"):
        load_released({"a": torch.zeros(1)})


def test_classes_that_do_not_fit_the_mask_channels():
    state = {"cls_head.weight": torch.zeros(3, 4), "scratch.output_conv.4.bias": torch.zeros(21)}
    with pytest.raises(ValueError, match="must have 4 mask channels, got 21"):
        load_released(state)


def test_a_key_that_no_rule_knows_is_listed():
    state = {"cls_head.weight": torch.zeros(3, 768), "scratch.output_conv.4.bias": torch.zeros(4)}
    with pytest.raises(ValueError, match=r"1 unexpected \(scratch.other\)") as error:
        load_released(state | {"scratch.other": torch.zeros(1)})
    assert "\n" not in str(error.value)


def test_a_truncated_file(tmp_path):
    path = tmp_path / "released.pth"
    torch.save({"cls_head.weight": torch.zeros(3, 4)}, path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError, match="truncated"):
        load_released(path)
