"""How long the demonstration will take on this machine, from a probe of a second."""

import time
from copy import deepcopy
from statistics import median

import torch

from getam.demo.plan import Plan
from getam.network import Network

STEP = 2.0  # a training step in probes: it makes maps and pseudo labels too
SCENE = 1.0  # scoring a scene in probes of its share of a batch
START = 4.0  # seconds for everything else: drawing scenes, pages, the probe itself
REPEATS = 5


def forecast(network: Network, plan: Plan) -> float:
    """Return the seconds that a plan will take, from forward and backward passes of one batch."""
    recipe = plan.recipe
    steps = recipe.epochs * plan.scenes["train"] / recipe.batch_size
    batches = plan.scenes["val"] / recipe.batch_size
    return START + (STEP * steps + SCENE * batches) * probe(
        network, recipe.batch_size, side=recipe.crop
    )


def probe(network: Network, batch_size: int, *, side: int) -> float:
    """Return the median seconds of a forward and backward pass; the network stays as it is."""
    network = deepcopy(network).train()
    images = torch.zeros(batch_size, 3, side, side)
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        output = network(images)
        (output.mask_logits.mean() + output.class_logits.mean()).backward()
        seconds.append(time.perf_counter() - began)
    return median(seconds)
