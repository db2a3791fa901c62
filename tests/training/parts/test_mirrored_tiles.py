"""Mirrored views, tiles and their losses equal the authors' values, with gradients."""

import pytest
import torch
from reference.peers import Peer, tags
from torch.nn.functional import conv2d

from getam.pseudo_label.class_maps import class_values
from getam.training.losses import classification_loss
from getam.training.parts.mirrored_tiles import (
    MirroredTiles,
    disagreement,
    disagreement_by_photo,
    joined,
    mean_of_views,
    positive_maps,
    strength,
    tiles,
)

LABELS = tags([[0, 3], [1]], 4)
KNOWN = torch.ones_like(LABELS).bool()
COMPARED = {
    "masking": disagreement,
    "selection": disagreement_by_photo,
    "none": lambda maps, tiled, labels: disagreement(maps, tiled, torch.ones_like(labels)),
}


@pytest.fixture(scope="module")
def flipcam(shared_reference):
    return Peer("flipcam", shared_reference)


@pytest.mark.parametrize("side", [2, 4])
def test_tiles_and_back(flipcam, side):
    image = flipcam.z("tile.input", (2, 3, 8, 12))
    cut = tiles(image, side=side)
    flipcam.check(cut, f"tiles_{side * side}")
    assert torch.equal(joined(cut, side=side), image)


def kernels(flipcam):
    """The weights of the small network of the values."""
    first, second = (
        flipcam.z("kernel1", (10, 3, 4, 4)) / 7,
        flipcam.z("kernel2", (10, 10, 3, 3)) / 9,
    )
    last = flipcam.z("classifier", (4, 10, 1, 1)) / 3
    return [weight.requires_grad_() for weight in (first, second, last)]


def views(flipcam, weights):
    """The maps of the photos alone, F and R."""
    first, second, last = weights
    images = flipcam.z("images", (2, 3, 32, 48))

    def maps_of(image):
        hidden = conv2d(conv2d(image, first, stride=4).relu(), second, padding=1).relu()
        return conv2d(hidden, last)

    maps = maps_of(images)
    return maps, mean_of_views(maps, maps_of(images.flip(-1))), joined(maps_of(tiles(images)))


def test_maps_of_views_and_tiles(flipcam):
    _, mean, tiled = views(flipcam, kernels(flipcam))
    flipcam.check(mean, "features_mean_of_views")
    flipcam.check(tiled, "features_merged")
    flipcam.check(positive_maps(mean), "cam_mean_of_views")


@pytest.mark.parametrize(
    ("level", "option", "step"),
    [
        *(("feature", "masking", step) for step in (0, 100, 600, 900)),
        ("feature", "selection", 600),
        ("feature", "none", 600),
        ("cam", "masking", 600),
    ],
)
def test_losses_and_gradients(flipcam, level, option, step):
    weights = kernels(flipcam)
    plain, mean, tiled = views(flipcam, weights)
    if level == "cam":
        mean, tiled = positive_maps(mean), positive_maps(tiled)
    whole, cut = (classification_loss(m.mean((2, 3)), LABELS, KNOWN) for m in (plain, tiled))
    apart, alpha = COMPARED[option](mean, tiled, LABELS), strength(step / 1000)
    total = whole + cut + alpha * apart
    found = torch.stack([whole, cut, apart, torch.tensor(alpha), total]).detach()
    flipcam.check(found.double(), f"losses_{level}_{option}_iteration_{step}")
    if step == 600:
        total.backward()
        flipcam.check(weights[0].grad, f"gradient_kernel1_{level}_{option}")
        flipcam.check(weights[2].grad, f"gradient_classifier_{level}_{option}")


def test_the_part_of_a_network(new_network, batch, seen_by):
    network = new_network()
    seen = seen_by(network, batch)
    loss = MirroredTiles(network)(seen)
    image = network.normalise(batch.image)

    def maps_of(view):
        return class_values(network, network.forward_features(view))

    mean = mean_of_views(maps_of(image), maps_of(image.flip(-1)))
    tiled = joined(maps_of(tiles(image)))
    expected = classification_loss(tiled.mean((2, 3)), batch.labels, batch.known)
    expected = expected + strength(seen.elapsed) * disagreement(mean, tiled, batch.labels)
    torch.testing.assert_close(loss, expected, rtol=1e-3, atol=1e-4)
    loss.backward()
    assert network.class_head.weight.grad.any()
