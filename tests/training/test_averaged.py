"""Averaged weights follow those that train; a frozen backbone is shared."""

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from getam.training.averaged import averaged
from getam.training.optimiser import freeze_backbone


def moved(network, average):
    for step in range(3):
        with torch.no_grad():
            for parameter in network.parameters():
                if parameter.requires_grad:
                    parameter += step + 1
        average.update_parameters(network)
    return average.state_dict()


def test_it_is_the_average_of_torch(new_network):
    networks = [new_network(), new_network()]
    usual = AveragedModel(networks[0], multi_avg_fn=get_ema_multi_avg_fn(0.8), use_buffers=True)
    expected, found = moved(networks[0], usual), moved(networks[1], averaged(networks[1], 0.8))
    assert expected.keys() == found.keys()
    assert all(torch.equal(value, found[name]) for name, value in expected.items())


def test_a_frozen_backbone_is_neither_copied_nor_changed(new_network):
    network, start = new_network(), new_network()
    freeze_backbone(network)
    average = averaged(network, 0.8)
    state = moved(network, average)
    assert average.module.backbone is network.backbone
    assert all(
        torch.equal(state[f"module.backbone.{name}"], value)
        for name, value in start.backbone.state_dict().items()
    )
    learnt = state["module.class_head.weight"]
    assert not torch.equal(learnt, network.class_head.weight)
    assert not torch.equal(learnt, start.class_head.weight)
