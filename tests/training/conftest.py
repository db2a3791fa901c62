"""A tiny run: five small photos, a small network, a few steps of 32 pixels."""

import copy
import json
from dataclasses import replace

import pytest
import torch
from data.scenes import CLASSES

from getam.data import train_loader
from getam.network import build_network
from getam.pseudo_label import Labeller
from getam.recipe import Facts, recipe_for
from getam.training import Step, train

RECIPE = recipe_for(
    Facts(depth=6, width=128, photos=4, has_saliency=True),
    epochs=3,
    joint_from=0.5,
    batch_size=1,
    balance=0.0,
    corrected_factor=1.0,
    crop=32,
    long_side=45,
    scale=(0.9, 1.143),
    learning_rate=1e-3,
    head_factor=10.0,
    warmup=1 / 6,
    frozen_blocks=0,
    method="getam",
    first_block=3,
    affinity=0,
    iterations=2,
    rule_settings={},
    saliency_weight=0.5,
    ema=0.0,
    precision="32-true",
)


@pytest.fixture(scope="session")
def new_network():
    torch.manual_seed(0)
    original = build_network(
        "getam_vit_nano", len(CLASSES), pretrained=False, decoder_width=8, mask_stride=2
    )
    return lambda: copy.deepcopy(original)


@pytest.fixture
def run(source, new_network, tmp_path):
    """Train into a folder of this test; options change the recipe or go to train."""
    shown = replace(source, records=tuple(r for r in source.records if r.labels))  # four photos

    def go(
        name="run", *, network=None, recipe=RECIPE, data=shown, workers=0, resume=False, val=None,
        loggers=(), save_minutes=10.0, **changes,
    ):  # fmt: skip
        network = network or new_network()
        recipe = replace(recipe, **changes)
        options = {"device": "cpu", "workers": workers, "resume": resume, "val": val}
        options |= {"loggers": loggers, "save_minutes": save_minutes}
        trained = train(network, data, tmp_path / name, recipe=recipe, **options)
        return network, tmp_path / name, trained.scores

    return go


class Distance(torch.nn.Module):
    """A part of the loss with a parameter and a count of its own."""

    def __init__(self):
        super().__init__()
        self.centre = torch.nn.Parameter(torch.zeros(()))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, joint):
        self.seen += 1
        return (joint.mask_logits.mean() - self.centre) ** 2


def losses(folder):
    """Every figure of metrics.jsonl but the speed."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    return [{k: v for k, v in e.items() if k != "images_per_second"} for e in entries]


def same_weights(left, right):
    theirs = right.state_dict()
    return all(torch.equal(value, theirs[name]) for name, value in left.state_dict().items())


PLAIN = {"classification": 1.0, "segmentation": 1.0, "saliency": 0.0}


WEIGHTS = {"classification": 1.0, "segmentation": 2.0, "saliency": 0.5, "energy": 0.25}


@pytest.fixture
def batch(source):
    return next(iter(train_loader(source, crop=32, batch_size=3, seed=0, workers=0)))


@pytest.fixture
def seen_by():
    """What a part sees in a joint step of a network."""

    def see(network, batch):
        labeller = Labeller(first_block=3, iterations=1)
        step = Step(network, labeller, {"segmentation": 1.0})
        step.reads = {"attention", "outputs"}
        caught = {}

        def catch(seen):
            caught["seen"] = seen
            return seen.mask_logits.sum()

        step.parts = {"segmentation": catch}
        step(batch, joint=True)
        return caught["seen"]

    return see
