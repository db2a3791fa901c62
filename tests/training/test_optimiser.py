"""Optimisers, their groups, and what is frozen."""

import pytest
import torch

from getam.network import build_network
from getam.pseudo_label import Labeller
from getam.training import PARTS, PartKind, Step
from getam.training.optimiser import build_optimiser, freeze_blocks, set_rate, train_mode

from .conftest import Distance


def optimiser_of(network, name="adamw", *, weights=None):
    step = Step(network, Labeller(first_block=3), weights or {})
    return build_optimiser(step, name, learning_rate=0.1, head_factor=10.0, weight_decay=5e-4)


def test_new_layers_learn_faster(new_network):
    network = new_network()
    optimiser = optimiser_of(network)
    set_rate(optimiser, 0.5)
    backbone, new = optimiser.param_groups
    assert (backbone["lr"], new["lr"]) == pytest.approx((0.05, 0.5))
    assert len(backbone["params"]) == len(list(network.backbone.parameters()))
    assert len(backbone["params"]) + len(new["params"]) == len(list(network.parameters()))


class Probe(Distance):
    """A part that holds the network too."""

    def __init__(self, network):
        super().__init__()
        self.network = network


@pytest.mark.parametrize("make", [lambda _network: Distance(), Probe])
def test_parameters_of_a_part_are_among_the_new_layers_and_counted_once(
    make, new_network, monkeypatch
):
    monkeypatch.setitem(PARTS, "distance", PartKind(lambda network, _others: make(network)))
    network = new_network()
    _, plain = optimiser_of(network).param_groups
    _, new = optimiser_of(network, weights={"distance": 1.0}).param_groups
    inside = {id(parameter) for parameter in plain["params"]}
    (centre,) = (parameter for parameter in new["params"] if id(parameter) not in inside)
    assert centre.shape == ()
    assert len(new["params"]) == len(plain["params"]) + 1


@pytest.mark.parametrize(
    ("name", "momentum", "decay"),
    [("sgd", 0.9, 5e-4), ("sgd_paper", 0, 5e-4), ("sgd_released", 5e-4, 0)],
)
def test_weight_decay_of_the_released_code_lands_in_the_momentum(
    name, momentum, decay, new_network
):
    for group in optimiser_of(new_network(), name).param_groups:
        assert (group["momentum"], group["weight_decay"]) == (momentum, decay)


def test_an_unknown_optimiser(new_network):
    with pytest.raises(ValueError, match="one of adamw, sgd, sgd_paper, sgd_released, got 'adam'"):
        optimiser_of(new_network(), "adam")


def test_frozen_blocks(new_network):
    network = new_network()
    freeze_blocks(network, 2)
    backbone = network.backbone
    frozen = {name for name, p in backbone.named_parameters() if not p.requires_grad}
    assert frozen == {
        name
        for name, _ in backbone.named_parameters()
        if name.startswith(("patch_embed.", "blocks.0.", "blocks.1.", "cls_token", "pos_embed"))
    }
    assert all(p.requires_grad for p in network.decoder.parameters())
    train_mode(network)
    assert not any(m.training for m in backbone.patch_embed.modules())
    assert [block.training for block in backbone.blocks] == [False, False, True, True, True, True]
    assert network.decoder.training
    assert len(optimiser_of(network).param_groups[0]["params"]) < len(list(backbone.parameters()))


@pytest.mark.parametrize("count", [-1, 7])
def test_more_frozen_blocks_than_there_are(count, new_network):
    with pytest.raises(ValueError, match=r"frozen_blocks must lie in 0..6"):
        freeze_blocks(new_network(), count)


def test_frozen_parts_do_not_move_in_training(run, new_network):
    before = new_network()
    network, _, _ = run(frozen_blocks=2, epochs=2)
    for part in ("patch_embed", "blocks.0", "blocks.1"):
        old, new = before.backbone.get_submodule(part), network.backbone.get_submodule(part)
        for name, value in old.state_dict().items():
            assert torch.equal(value, new.state_dict()[name]), (part, name)
    old, new = before.backbone.blocks[2], network.backbone.blocks[2]
    assert not torch.equal(old.mlp.fc1.weight, new.mlp.fc1.weight)


def test_class_tokens_are_learnt_below_frozen_blocks():
    network = build_network(
        "getam_vit_nano", 3, pretrained=False, decoder_width=8, class_tokens=True
    )
    freeze_blocks(network, 3)
    assert network.backbone.reg_token.requires_grad
    assert not network.backbone.cls_token.requires_grad
