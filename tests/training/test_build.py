"""What a recipe says becomes a network that learns, a schedule, a step and an optimiser."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric

from getam.data import Source
from getam.training import build_labeller
from getam.training.build import (
    build_trainer,
    change_network,
    decay_of,
    label_source_of,
    loader_of,
    loss_weights_of,
    optimiser_of,
    schedule_of,
    step_of,
)
from getam.training.run_folder import RunFolder
from getam.training.step import PADDING
from training.conftest import RECIPE


def test_shares_of_a_recipe_become_steps() -> None:
    recipe = replace(RECIPE, joint_from=0.4, warmup=0.1, joint_factor=2.0)
    schedule = schedule_of(recipe, steps=50)
    assert (schedule.joint_from, schedule.warmup, schedule.joint_factor) == (20, 5, 2.0)


def test_a_share_of_a_run_becomes_a_decay_per_update() -> None:
    assert decay_of(0.1, updates=1000) == pytest.approx(0.99)
    assert decay_of(0.1, updates=5) == 0  # the last weights alone


def test_averaged_weights_reach_as_far_back_if_gradients_are_summed(
    new_network, source: Source, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, ema=0.5, accumulate=3, epochs=12)
    fabric, run = Fabric(accelerator="cpu", devices=1), RunFolder(tmp_path / "run", {})
    trainer = build_trainer(
        new_network(), source, build_labeller(recipe),
        recipe=recipe, fabric=fabric, run=run, workers=0,
    )  # fmt: skip
    steps = 12 * len(source)
    assert trainer.average is not None
    average = trainer.average.multi_avg_fn
    kept, new = [torch.zeros(1)], [torch.ones(1)]
    average(kept, new, 5)
    assert kept[0].item() == pytest.approx(1 - decay_of(0.5, updates=steps / 3))


def test_photos_are_changed_as_the_recipe_says(source: Source) -> None:
    fabric = Fabric(accelerator="cpu", devices=1)

    def photo(**changes: object) -> torch.Tensor:
        recipe = replace(RECIPE, flip=0.0, jitter=0.0, scale=(1.0, 1.0), batch_size=5)
        loader = loader_of(source, replace(recipe, **changes), fabric=fabric, workers=0)
        return next(iter(loader)).image

    plain = photo()
    assert torch.equal(photo(), plain)
    for changes in ({"flip": 1.0}, {"jitter": 0.4}, {"scale": (1.5, 1.5)}):
        assert not torch.equal(photo(**changes), plain)


def test_a_network_learns_as_the_recipe_says(new_network) -> None:
    network = new_network()
    change_network(network, replace(RECIPE, drop_path=0.2, frozen_blocks=1))
    first, *_, last = network.backbone.blocks
    assert last.drop_path1.drop_prob == pytest.approx(0.2)
    assert not any(parameter.requires_grad for parameter in first.parameters())
    assert all(parameter.requires_grad for parameter in last.parameters())
    change_network(network, replace(RECIPE, frozen=True, scale=(1.0, 1.0), jitter=0.0))
    assert not any(parameter.requires_grad for parameter in network.backbone.parameters())
    assert all(parameter.requires_grad for parameter in network.decoder.parameters())


def test_a_step_has_the_parts_of_the_recipe(new_network) -> None:
    parts = {"patch_contrast": 0.2, "auxiliary": 1.0}
    recipe = replace(RECIPE, parts=parts, energy_weight=0.0, weight_decay=0.03, head_factor=7.0)
    labels = label_source_of(recipe, build_labeller(recipe))
    step = step_of(new_network(), labels, recipe)
    changes = {"parts_from": {"auxiliary": 0.7}, "padding": "background", "tag_weight": 0.25}
    late = step_of(new_network(), labels, replace(recipe, **changes))
    running = set(step.running(joint=True, elapsed=1.0))
    assert {"patch_contrast", "auxiliary", "segmentation"} <= running
    assert "energy" not in running
    assert "saliency" in loss_weights_of(replace(recipe, saliency_target="paper"))
    assert "auxiliary" not in late.running(joint=True, elapsed=0.6)
    assert "auxiliary" in late.running(joint=True, elapsed=0.7)
    assert (late.labelled, late.tag_weight) == (PADDING["background"], 0.25)
    optimiser = optimiser_of(step, recipe)
    assert {group["weight_decay"] for group in optimiser.param_groups} == {0.03}
    rates = {group["lr"] for group in optimiser.param_groups}
    assert max(rates) == pytest.approx(7 * min(rates))
    held = {id(p) for group in optimiser.param_groups for p in group["params"]}
    assert held == {id(p) for p in step.parameters() if p.requires_grad}
