"""How often does the processor wait for another device, and what lies there in float64?"""

import pytest
import torch
from another_device import Watch, without_autocast

from getam.inference import Predictor
from getam.model import Model, View
from getam.network import build_network
from getam.pseudo_label import Labeller
from getam.recipe.recipe import FURTHER_PARTS
from getam.training import Step
from getam.training.epoch_meter import EpochMeter
from getam.training.label_sources import source_maker

LOSSES = ("classification", "segmentation", "saliency", "saliency_released")


def test_the_watch_sees_what_makes_a_processor_wait():
    here, there = torch.zeros(2), torch.zeros(2, device="meta")
    with Watch() as watch:
        there.nonzero(), there.sum().item(), bool(there.any()), there.cpu()
        here.to("meta"), there.copy_(here)
        assert len(watch.waits) == 6
        there[there.argsort()], there.masked_fill(there > 1, 0), here[here > 1]  # these do not
        here.to("meta", non_blocking=True), there.copy_(here, non_blocking=True)
    assert (len(watch.waits), watch.sent, watch.doubles) == (6, 2, [])


def test_the_watch_sees_float64():
    with Watch() as watch:
        torch.zeros(2, device="meta").double(), torch.zeros(2).double()
    assert len(watch.doubles) == 1


@pytest.fixture
def there(new_network, batch):
    """Return a network and a batch on the other device."""
    with without_autocast():
        yield new_network().to("meta"), batch.to("meta")


def watched_step(network, batch, labeller, parts):
    step = Step(network, labeller, dict.fromkeys(parts, 1.0), tag_weight=1.0)
    meter = EpochMeter(3)
    with Watch() as watch:
        output = step(batch, joint=True)
        output.losses["total"].backward()
        meter.add(batch, output)
    return watch, meter


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("tags", FURTHER_PARTS),
        ("two_backgrounds_aprm", ()),
        ("afa", ("affinity",)),
        ("aream_by_entropy", ()),
        ("common_neighbours", ()),
        ("mctformer", ("patch_maps",)),
    ],
)
def test_parts_and_label_sources_wait_no_more(batch, name, parts):
    parts = dict.fromkeys(("segmentation", *parts), 1.0)
    options = {"pretrained": False, "decoder_width": 8, "class_tokens": True}
    labeller = Labeller("grad_cam", 3, iterations=1)
    with without_autocast():
        network = build_network("getam_vit_nano", 3, **options)
        step = Step(network, source_maker(name, labeller, corrected=False), parts).to("meta")
        batch = batch.to("meta")
        with Watch() as watch:
            step(batch, joint=True, elapsed=1.0).losses["total"].backward()
    assert len(watch.waits) <= 1, watch.waits
    assert watch.doubles == []


@pytest.mark.parametrize("rule", ["paper", "released", "thresholds"])
def test_a_joint_step_waits_once(there, rule):
    # Which tokens the classifier reads is seen in the gradients: that is the one wait. Figures that
    # are logged come over every few steps, in the copy of EpochMeter.read.
    labeller = Labeller("grad_cam", 3, affinity=2, iterations=1, scale=0.5, rule=rule)
    watch, meter = watched_step(*there, labeller, LOSSES)
    assert len(watch.waits) == 1, watch.waits
    assert watch.doubles == []
    with Watch() as watch:
        meter.read()
    assert len(watch.waits) == 1, watch.waits


def test_the_dense_energy_waits_once_more(there):
    # It needs the number of vertices of its lattice, one for all photos of the batch.
    labeller = Labeller("grad_cam", 3, iterations=1, rule="thresholds")
    watch, _ = watched_step(*there, labeller, ("classification", "energy"))
    assert len(watch.waits) == 2, watch.waits
    assert watch.doubles == []


def test_a_step_of_the_first_phase_does_not_wait(there):
    network, batch = there
    step = Step(network, Labeller(), {"classification": 1.0})
    with Watch() as watch:
        step(batch, joint=False).losses["total"].backward()
    assert (watch.waits, watch.doubles) == ([], [])


def test_a_prediction_waits_for_its_mask_and_its_classes(there, batch):
    network, _ = there
    model = Model(network, {"a": 1, "b": 2, "c": 3}, View(32), Labeller())
    photo = batch.image[0].to("meta")
    for view, waits in ((View(32, flip=True), 2), (View(32, crf=True), 6)):
        predictor = Predictor(model, view)
        with Watch():
            predictor(photo)  # the spatial kernel of the dense CRF is kept
        with Watch() as watch:
            predictor(photo)
        assert len(watch.waits) == waits, watch.waits
        assert watch.doubles == []
