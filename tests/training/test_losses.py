"""Losses equal loops over pixels; degenerate batches give finite gradients."""

import math

import pytest
import torch
from torch.nn.functional import interpolate, multilabel_soft_margin_loss

from getam.network.decoder import enlarge
from getam.training.losses import (
    at_size,
    classification_loss,
    energy_loss,
    saliency_loss,
    segmentation_loss,
)


def drawn():
    torch.manual_seed(0)
    logits = torch.randn(2, 4, 5, 6, requires_grad=True)
    label = torch.randint(0, 4, (2, 5, 6))
    label[:, 0] = 255
    return logits, label


def pixels(logits, label):
    """(label, minus log probability) of every pixel that counts."""
    for b in range(len(label)):
        for y in range(label.shape[1]):
            for x in range(label.shape[2]):
                scores = [math.exp(value) for value in logits[b, :, y, x].tolist()]
                if (true := label[b, y, x].item()) != 255:
                    yield true, -math.log(scores[true] / sum(scores))


def test_classification():
    torch.manual_seed(0)
    logits, labels = torch.randn(2, 3), torch.tensor([[1.0, 0, 1], [0, 0, 1]])
    terms = []
    for score, label in zip(logits.flatten().tolist(), labels.flatten().tolist(), strict=True):
        likely = 1 / (1 + math.exp(-score))
        terms.append(-math.log(likely if label else 1 - likely))
    expected = sum(terms) / len(terms)
    known = torch.ones(2, 3, dtype=torch.bool)
    assert classification_loss(logits, labels, known).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (8, 20), (7, 3)])
def test_classification_of_known_classes_is_torchs_soft_margin(shape):
    torch.manual_seed(0)
    logits, labels = torch.randn(shape), torch.randint(2, shape).float()
    known = torch.ones(shape, dtype=torch.bool)
    ours = classification_loss(logits, labels, known)
    assert torch.equal(ours, multilabel_soft_margin_loss(logits, labels))


def test_unknown_classes_have_no_part_in_the_classification():
    torch.manual_seed(0)
    logits = torch.randn(3, 4, requires_grad=True)
    labels = torch.tensor([[1.0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]])
    known = torch.tensor([[True, True, False, False], [True, True, True, False], [False] * 4])
    loss = classification_loss(logits, labels, known)
    means = []
    for score, label, counted in zip(logits[:2], labels[:2], known[:2], strict=True):
        likely = score.sigmoid().where(label > 0, 1 - score.sigmoid())
        means.append(-sum(likely[counted].log()).item() / sum(counted).item())
    assert loss.item() == pytest.approx(sum(means) / 2, rel=1e-5)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert (gradient[known] != 0).all()
    assert (gradient[~known] == 0).all()


def test_a_batch_of_which_nothing_is_known_has_no_loss():
    logits = torch.randn(2, 3, requires_grad=True)
    loss = classification_loss(logits, torch.zeros(2, 3), torch.zeros(2, 3, dtype=torch.bool))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.item() == 0
    assert (gradient == 0).all()


def test_segmentation_balances_background_and_foreground():
    logits, label = drawn()
    background = [loss for true, loss in pixels(logits, label) if true == 0]
    foreground = [loss for true, loss in pixels(logits, label) if true != 0]
    expected = sum(background) / len(background) + sum(foreground) / len(foreground)
    assert segmentation_loss(logits, label).item() == pytest.approx(expected, rel=1e-5)


def test_saliency():
    logits, _ = drawn()
    saliency = torch.rand(2, 5, 6)
    valid = torch.rand(2, 5, 6) > 0.3
    before = saliency.clone()
    terms = []
    for b, y, x in valid.nonzero().tolist():
        scores = [math.exp(value) for value in logits[b, :, y, x].tolist()]
        background = scores[0] / sum(scores)
        wanted = 1 - saliency[b, y, x].item()
        terms.append(-wanted * math.log(background) - (1 - wanted) * math.log(1 - background))
    expected = sum(terms) / len(terms)
    assert saliency_loss(logits, saliency, valid).item() == pytest.approx(expected, rel=1e-5)
    assert torch.equal(saliency, before)


def test_energy_counts_at_the_resolution_of_the_logits():
    logits, label = drawn()
    image = torch.randint(0, 256, (2, 3, 5, 6)).float()
    valid = torch.ones(2, 5, 6, dtype=torch.bool)
    loss = energy_loss(logits, image, valid, label, stride=2)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.ndim == 0
    assert gradient.abs().max() > 0
    assert energy_loss(logits, image, ~valid, label, stride=2).item() == 0


def test_the_energy_reaches_as_far_in_the_photo_for_every_size_of_logits():
    image, valid = torch.zeros(1, 3, 4, 60), torch.ones(1, 4, 60, dtype=torch.bool)
    logits = torch.zeros(1, 2, 4, 60)
    unsure = torch.full((1, 4, 60), 255)
    near, far = (energy_loss(logits, image, valid, unsure, stride=s).item() for s in (2, 8))
    assert far > near + 1  # a reach of 12 logits finds fewer neighbours than one of 50


def test_half_size_losses_pull_as_those_at_the_photos_size():
    """The released code enlarges the logits first, and pays four times as much."""
    torch.manual_seed(0)
    coarse = torch.randn(2, 4, 6, 6)
    half = 3 * interpolate(coarse, (48, 48), mode="bicubic").requires_grad_()
    label = interpolate(torch.randn(2, 4, 4, 4), (96, 96), mode="bicubic").argmax(1)
    valid, saliency = torch.ones(2, 96, 96, dtype=torch.bool), (label > 0).float()
    losses, gradients = [], []
    for logits in (half, enlarge(half, (96, 96))):
        size = logits.shape[-2:]
        mask, salient, inside = (at_size(each, size) for each in (label, saliency, valid))
        loss = segmentation_loss(logits, mask) + saliency_loss(logits, salient, inside)
        losses.append(loss.item())
        gradients.append(torch.autograd.grad(loss, half)[0])
    smooth = [interpolate(gradient, (12, 12), mode="area").flatten() for gradient in gradients]
    assert losses[0] == pytest.approx(losses[1], rel=0.01)
    assert torch.cosine_similarity(*smooth, dim=0) > 0.99


@pytest.mark.parametrize("fill", [0, 2, 255])
def test_degenerate_labels_have_finite_gradients(fill):
    logits, label = drawn()
    label[:] = fill
    loss = segmentation_loss(logits, label)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert gradient.isfinite().all()
    assert (loss.item() == 0) == (fill == 255)


@pytest.mark.parametrize("sure", [-200.0, 200.0])
def test_a_sure_and_wrong_background_still_learns(sure):
    logits = torch.zeros(1, 3, 2, 2)
    logits[:, 0] = sure
    logits.requires_grad_()
    valid = torch.ones(1, 2, 2, dtype=torch.bool)
    loss = saliency_loss(logits, torch.full((1, 2, 2), float(sure > 0)), valid)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.item() == pytest.approx(200, abs=1)
    assert gradient[0, 0].abs().min() > 0.1


def test_at_size_takes_the_nearest_pixel():
    label = torch.tensor([[[0, 1, 2, 255], [3, 4, 5, 6]]])
    assert at_size(label, (1, 2)).tolist() == [[[0, 2]]]
    assert at_size(label, (1, 2)).dtype == torch.int64
    assert at_size(label > 2, (2, 4)).tolist() == (label > 2).tolist()
