"""Labels of two thresholds equal the authors'."""

import pytest
import torch
from reference.peers import Peer, box, tags

from getam.pseudo_label import aprm
from getam.pseudo_label.two_thresholds import (
    against_background,
    join_backgrounds,
    refined_label,
    region_mask,
    single_threshold_label,
    two_threshold_label,
)

BOXES = [[8, 96, 0, 100], [0, 80, 16, 128]]
SIZE = (96, 128)


@pytest.fixture(scope="module")
def toco(shared_reference):
    return Peer("toco", shared_reference)


@pytest.fixture(scope="module")
def maps(toco):
    """V of the README: maps of present classes."""
    labels = tags([[0, 3], [2]], 5)[:, :, None, None]
    return labels * (8 * toco.coarse("label.cams", (2, 5, *SIZE), 16) - 4).sigmoid()


def inside(label):
    return label.masked_fill(~box((2, *SIZE), BOXES), 255)


def test_labels_without_refinement(toco, maps):
    toco.check_label(single_threshold_label(maps), "label_single_threshold")
    toco.check_label(inside(two_threshold_label(maps)), "label_two_thresholds")
    toco.check_label(region_mask(maps), "region_mask")


@pytest.mark.parametrize("high", [0.7, 0.65])
def test_refined_labels(high, toco, maps):
    image = toco.picture("par.image", (2, 3, *SIZE))
    image[..., -12:] = 0
    label = refined_label(maps, tags([[0, 3], [2]], 5), image, low=0.25, high=high)
    toco.check_label(inside(label), f"refined_label_{high}_0.25")


def test_refined_label_of_tsdcam(shared_reference):
    peer = Peer("tsdcam", shared_reference)
    present = tags([[0, 3], [1]], 4)
    maps = (8 * peer.coarse("aprm.cams", (2, 4, *SIZE), 16) - 4).sigmoid()
    image = peer.picture("aprm.image", (2, 3, *SIZE))
    image[..., -12:] = 0
    maps = present[:, :, None, None] * maps
    label = refined_label(maps, present, image, low=0.25, high=0.7, refinement=aprm)
    peer.check_label(inside(label), "aprm_label")


def test_the_thresholds_themselves():
    maps = torch.tensor([0.25, 0.26, 0.7, 0.71]).view(1, 1, 1, 4)
    assert single_threshold_label(maps, threshold=0.7).tolist() == [[[0, 0, 0, 1]]]
    assert two_threshold_label(maps).tolist() == [[[0, 255, 255, 1]]]
    assert region_mask(maps).tolist() == [[[0, 1, 2, 2]]]


def test_backgrounds_are_joined():
    strict, lenient = torch.tensor([0, 0, 2, 1]), torch.tensor([0, 3, 2, 0])
    assert join_backgrounds(strict, lenient).tolist() == [0, 255, 2, 1]


def test_absent_classes_take_no_part():
    probabilities = against_background(torch.rand(1, 3, 2, 2), torch.tensor([[1.0, 0, 1]]), 0.5)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(1, 2, 2))
    assert not probabilities[:, 2].any()


def test_a_photo_without_classes_is_background():
    image = torch.zeros(1, 3, 4, 6)
    assert refined_label(torch.zeros(1, 0, 4, 6), torch.zeros(1, 0), image).unique().tolist() == [0]
    absent = refined_label(torch.zeros(1, 2, 4, 6), torch.zeros(1, 2), image)
    assert absent.unique().tolist() == [0]
