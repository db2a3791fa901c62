"""The loss is a sum of parts, each by its name."""

import pytest

from getam.pseudo_label import Labeller
from getam.training import PARTS, PartKind, Step
from getam.training.losses import (
    at_size,
    saliency_loss,
)
from getam.training.saliency_target import released

from ..conftest import PLAIN, WEIGHTS, Distance


def test_the_saliency_target_is_the_one_asked_for(new_network, batch):
    network, labeller = new_network().eval(), Labeller(first_block=3, iterations=2)
    step = Step(network, labeller, {"saliency_released": 0.5})
    output = step(batch, joint=True)
    target, counted = released(batch.saliency, batch, output.pseudo)
    size = (16, 16)
    loss = saliency_loss(output.mask_logits, at_size(target, size), at_size(counted, size))
    assert output.losses["saliency_released"].item() == pytest.approx(loss.item(), rel=1e-5)
    meant = Step(network, labeller, WEIGHTS)(batch, joint=True).losses["saliency"]
    assert abs(meant.item() - loss.item()) > 1e-3


def test_a_part_with_parameters_is_one_line_in_the_dictionary(new_network, batch, monkeypatch):
    monkeypatch.setitem(PARTS, "distance", PartKind(lambda _network, _others: Distance()))
    step = Step(new_network(), Labeller(first_block=3, iterations=1), {"distance": 2.0})
    output = step(batch, joint=True)
    output.losses["total"].backward()
    (centre,) = step.owned.parameters()
    mean = output.mask_logits.mean().item()
    assert output.losses["total"].item() == pytest.approx(2 * mean**2, rel=1e-5)
    assert centre.grad.item() == pytest.approx(-4 * mean, rel=1e-4)


def test_a_weight_of_zero_leaves_a_loss_out(new_network, batch):
    step = Step(new_network(), Labeller(first_block=3, iterations=1), PLAIN)
    assert set(step(batch, joint=True).losses) == {"classification", "segmentation", "total"}
    assert set(step(batch, joint=False).losses) == {"classification", "total"}
