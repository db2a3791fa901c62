"""The correlation of maps equals the authors' values, with its gradients."""

from dataclasses import replace

import pytest
from reference.peers import Peer

from getam.training.parts.map_correlation import (
    MapCorrelation,
    correlation,
    correlation_losses,
    map_correlation,
    reduced,
)


@pytest.fixture(scope="module")
def tsdcam(shared_reference):
    return Peer("tsdcam", shared_reference)


def test_pairs_of_points(tsdcam):
    targets = [tsdcam.u(f"pair.feature{view}", (2, 4, 5, 5)) for view in (1, 2)]
    codes = [tsdcam.z(f"pair.code{view}", (2, 5, 5, 5)).requires_grad_() for view in (1, 2)]
    students = correlation(*codes)
    losses = correlation_losses(correlation(*targets), students)
    tsdcam.check(students, "pair_code_correlation")
    tsdcam.check(losses, "pair_loss_elements")
    tsdcam.check(losses.mean(), "pair_loss")
    losses.mean().backward()
    for view, code in enumerate(codes, start=1):
        tsdcam.check(code.grad, f"pair_gradient{view}")


def test_two_views_of_two_sizes(tsdcam):
    shapes = ((2, 4, 40, 56), (2, 4, 12, 16))
    maps = [tsdcam.coarse(f"loss.cam{n}", shapes[n - 1], (8, 4)[n - 1]) for n in (1, 2)]
    logits = [tsdcam.z(f"loss.seg{n}", (2, 5, *shapes[n - 1][2:])).requires_grad_() for n in (1, 2)]
    points = [2 * tsdcam.u(f"loss.coordinates{n}", (2, 6, 6, 2)) - 1 for n in (1, 2)]
    loss = map_correlation(tuple(maps), tuple(logits), tuple(points))
    tsdcam.check(loss, "correlation_loss")
    loss.backward()
    tsdcam.check(logits[0].grad[:, :, ::4, ::4], "correlation_gradient1")
    tsdcam.check(logits[0].grad.norm(), "correlation_gradient1_norm")
    tsdcam.check(logits[1].grad, "correlation_gradient2")


def test_the_reduced_view(tsdcam):
    maps = tsdcam.coarse("view.cams", (2, 4, 96, 128), 8)
    small = reduced(maps)
    assert list(small.shape[2:]) == tsdcam["view_small_size"].tolist()
    tsdcam.check(small[:, :, ::2, ::2], "view_cams_reduced")
    assert reduced(maps, least=64).shape[2:] == (64, 64)
    assert reduced(maps[..., :50, :], least=64).shape[2:] == (50, 64)


def test_the_part_teaches_the_decoder_alone(new_network, batch, seen_by):
    network = new_network()
    seen = seen_by(network, batch)
    loss = MapCorrelation(network)(seen)
    loss.backward()
    assert network.decoder.head[-1].weight.grad.any()
    assert network.class_head.weight.grad is None


def test_maps_need_a_classifier_of_tokens(new_network):
    network = new_network()
    network.architecture = replace(network.architecture, classifier="stride32")
    with pytest.raises(ValueError, match="map_correlation needs a classifier that reads tokens"):
        MapCorrelation(network)
