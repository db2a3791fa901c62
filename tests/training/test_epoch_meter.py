"""The figures of an epoch equal those of all its steps at once, in a state that does not grow."""

import io
from dataclasses import replace

import pytest
import torch

from getam.data import train_loader
from getam.evaluation import binned_average_precision, mean_average_precision
from getam.training.epoch_meter import EpochMeter
from getam.training.step import StepOutput


@pytest.fixture
def steps(source):
    batch = next(iter(train_loader(source, crop=32, batch_size=3, seed=0, workers=0)))
    torch.manual_seed(0)
    made = []
    for _ in range(40):
        labels = (torch.rand(3, 3) > 0.5).float()
        logits = torch.randn(3, 3) + labels
        losses = {"classification": torch.rand(()), "total": torch.rand(())}
        known = torch.rand(3, 3) > 0.2
        made.append((replace(batch, labels=labels, known=known), StepOutput(losses, logits)))
    return made


def met(steps):
    meter = EpochMeter(3)
    for batch, output in steps:
        meter.add(batch, output)
    return meter


def test_means_and_average_precision_are_those_of_all_steps(steps):
    figures = met(steps).whole()
    for name in ("classification", "total"):
        expected = sum(output.losses[name].item() for _, output in steps) / len(steps)
        assert figures[name] == pytest.approx(expected)
    logits, labels, known = (
        torch.cat(parts)
        for parts in zip(*((o.class_logits, b.labels, b.known) for b, o in steps), strict=True)
    )
    # Bins part fewer scores than all of them do.
    assert figures["mAP"] == pytest.approx(mean_average_precision(logits, labels, known), abs=0.01)


def test_certain_tags_lie_in_the_last_bin_of_their_own_class(steps):
    batch, output = steps[0]
    labels = torch.tensor([[1.0, 0, 1], [0, 1, 1], [1, 0, 0]])
    logits = torch.tensor([[90.0, -90, 90], [90, 90, -90], [-90, -90, -90]])
    sure = replace(batch, labels=labels, known=torch.ones(3, 3, dtype=torch.bool))
    figures = met([(sure, output._replace(class_logits=logits))]).whole()
    assert figures["mAP"] == pytest.approx(mean_average_precision(logits, labels))


def test_what_is_not_finite_is_left_to_the_loss(steps):
    batch, output = steps[0]
    nan = output._replace(class_logits=output.class_logits * torch.nan)
    assert met([(batch, nan)]).whole()["total"] == pytest.approx(output.losses["total"].item())


def test_rare_tags_are_told_apart_by_small_probabilities():
    torch.manual_seed(0)
    labels = (torch.rand(500, 3) < 0.05).float()
    logits = torch.randn(500, 3) + 1.5 * labels - 8
    meter = EpochMeter(3)
    meter.count(logits, labels)
    expected = mean_average_precision(logits, labels)
    assert binned_average_precision(meter.tags) == pytest.approx(expected, abs=0.01)


def test_without_tags_of_both_kinds_there_is_no_figure(steps):
    batch, output = steps[0]
    all_shown = replace(batch, labels=torch.ones(3, 3), known=torch.ones(3, 3, dtype=torch.bool))
    assert "mAP" not in met([(all_shown, output)]).whole()


def test_losses_of_another_phase_begin_anew(steps):
    meter = met(steps)
    batch, output = steps[0]
    joint = {**output.losses, "segmentation": torch.tensor(3.0)}
    meter.add(batch, output._replace(losses=joint))
    assert meter.running()["segmentation"] == 3.0
    assert meter.running()["total"] == pytest.approx(output.losses["total"].item())


def test_it_goes_on_from_its_state_which_does_not_grow(steps):
    half, sizes = met(steps[:20]), []
    for meter in (met(steps[:1]), half):
        file = io.BytesIO()
        torch.save(meter.state_dict(), file)
        sizes.append(file.tell())
    assert abs(sizes[0] - sizes[1]) < 100
    resumed = EpochMeter(3)
    resumed.load_state_dict(half.state_dict())
    for batch, output in steps[20:]:
        resumed.add(batch, output)
    speed = "images_per_second"
    ours, whole = resumed.whole(), met(steps).whole()
    assert {**ours, speed: 0} == pytest.approx({**whole, speed: 0})
