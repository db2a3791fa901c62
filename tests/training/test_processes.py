"""Two processes train as one does with the same photos per step, and go on as another number."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from together import together
from torch import nn

from getam.data import Source, TrainLoader
from getam.network import Network
from getam.ranks import rank, world_size
from getam.recipe import Recipe
from getam.stopped import Stopped
from getam.training import train
from getam.training.processes import is_lost_connection, processes_here
from getam.training.shared_weights import bit_sum, states_of

from .conftest import RECIPE, losses

STEPS = 20
TWENTY = replace(
    RECIPE, epochs=STEPS // 2, batch_size=2, learning_rate=1e-4, energy_weight=1e-4, ema=0.1
)  # 10 steps of each phase
"""Two steps an epoch of four photos, half of the steps in each phase."""


def without_dropout(network: Network) -> Network:
    """A process drops other channels than one process would; all else must agree."""
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return network


def trained(network, source, out, recipe, *, stop_at=0, resume=False):
    """Train, and return the total loss of every step, the photos met, and sums of the weights."""
    photos, totals, step = [], [], [0]
    plain = TrainLoader.__iter__

    def noted(self):
        for batch in plain(self):
            photos.append(batch.ids)
            yield batch

    def hook(*_):
        step[0] += 1
        if step[0] == stop_at and rank() == world_size() - 1:  # one process alone is asked to stop
            os.kill(os.getpid(), signal.SIGTERM)

    TrainLoader.__iter__ = noted
    network.class_head.register_forward_hook(hook)
    try:
        train(network, source, out, recipe=recipe, device="cpu", workers=0, resume=resume)
    except Stopped as stopped:
        totals.append(str(stopped))
    finally:
        TrainLoader.__iter__ = plain
    return photos, totals, {name: bit_sum(t).item() for name, t in states_of(network).items()}
