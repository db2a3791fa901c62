"""How often does a joint step wait for a device to tell it something?"""

import traceback

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from getam.pseudo_label import Labeller
from getam.training import Step
from getam.training.epoch_meter import EpochMeter

ATEN = torch.ops.aten
ALWAYS = {ATEN.nonzero, ATEN._local_scalar_dense, ATEN.masked_select, ATEN.equal}
INDEXED = {ATEN.index, ATEN.index_put, ATEN.index_put_}


class Waits(TorchDispatchMode):
    """Notes where a value or a shape is asked for that only the device knows."""

    def __init__(self):
        super().__init__()
        self.places = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        packet = func._overloadpacket
        by_mask = packet in INDEXED and any(
            i is not None and i.dtype is torch.bool for i in args[1]
        )
        if packet in ALWAYS or by_mask:
            stack = traceback.extract_stack()[:-1]
            ours = [frame for frame in stack if "site-packages" not in frame.filename][-1]
            self.places.append(f"{packet}: {ours.filename}:{ours.lineno}")
        return func(*args, **(kwargs or {}))


def test_the_counter_sees_what_makes_a_device_wait():
    values = torch.tensor([1.0, 2.0])
    with Waits() as waits:
        values[values > 1], values.nonzero(), values.sum().item(), bool(values.any())
        values[torch.tensor([0])], values.masked_fill(values > 1, 0)  # these do not
    assert len(waits.places) == 4


@pytest.mark.parametrize("rule", ["paper", "released", "thresholds"])
def test_a_joint_step_waits_once(new_network, batch, rule):
    # Which tokens the classifier reads is seen in the gradients: that is the one wait. Figures that
    # are logged come over every few steps, in the copy of EpochMeter.read.
    labeller = Labeller("grad_cam", 3, affinity=2, iterations=1, scale=0.5, rule=rule)
    losses = ("classification", "segmentation", "saliency", "saliency_released")
    weights = dict.fromkeys(losses, 1.0)
    step, meter = Step(new_network(), labeller, weights, tag_weight=1.0), EpochMeter(3)
    with Waits() as waits:
        output = step(batch, joint=True)
        output.losses["total"].backward()
        meter.add(batch, output)
    assert len(waits.places) == 1, waits.places
