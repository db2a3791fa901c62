"""The forecast: proportional to the work, and the network stays as it is."""

from dataclasses import replace

import pytest
import torch

from getam.demo import forecast as module
from getam.demo.demo import new_network
from getam.demo.forecast import SCENE, START, STEP, forecast, probe
from getam.demo.plan import Plan


def test_forecast_counts_steps_and_scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "probe", lambda *_, **__: 0.5)
    plan = Plan(scenes={"train": 40, "val": 8})
    plan = replace(plan, recipe=replace(plan.recipe, epochs=3, batch_size=4))
    assert forecast(new_network(64), plan) == START + (30 * STEP + 2 * SCENE) * 0.5


def test_probe_leaves_weights_and_running_statistics_alone() -> None:
    network = new_network(64)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert probe(network, 2, side=80) > 0
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
