"""Prototypes equal those that the authors' code builds."""

import pytest
import torch
from reference.peers import Peer
from torch.nn.functional import conv2d

from getam.pseudo_label.prototypes import build_prototypes, centres, mean_of_scales

TAGS = [sorted({i % 4, (5 * i + 2) % 20}) for i in range(7)]
PERSON = 14
GROUPS = {PERSON: 0, **dict.fromkeys((2, 7, 9, 11, 12, 16), 1)}
GROUPS |= dict.fromkeys((0, 1, 3, 5, 6, 13, 18), 2) | dict.fromkeys((4, 8, 10, 15, 17, 19), 3)


@pytest.fixture(scope="module")
def cpews(shared_reference):
    return Peer("cpews", shared_reference)


@pytest.mark.parametrize(("name", "scales"), [("single", (1.0,)), ("multi", (1.0, 0.5, 1.5, 2.0))])
def test_equal_those_of_the_authors(cpews, name, scales):
    to_maps = cpews.z("build.kernel", (21, 3, 4, 4))[:20] / 7
    to_features = cpews.z("build.feature_kernel", (12, 3, 4, 4)) / 7

    def look(image):
        return conv2d(image, to_maps, stride=4), conv2d(image, to_features, stride=4)

    images = [cpews.z(f"build.image.{i}", (1, 3, 24, 32)) for i in range(7)]
    made = [mean_of_scales(look, image, scales=scales) for image in images]
    maps, features = (torch.cat(own) for own in zip(*made, strict=True))
    found = build_prototypes(
        maps, features, TAGS, groups=GROUPS, alone=frozenset({PERSON}), count=3
    )
    in_order = [own[own[:, 0].argsort()] for own in found.positive]
    for kind, own in (
        ("positive", in_order),
        ("negative", found.negative),
        ("unshared", found.unshared),
    ):
        counts = cpews[f"build_{name}_{kind}_counts"]
        assert [len(each) for each in own] == counts.tolist()
        cpews.check(torch.cat(list(own)), f"build_{name}_{kind}")


def test_no_photo_has_no_centre():
    assert centres(torch.zeros(0, 5), 3).shape == (0, 5)
    one = torch.arange(5.0)[None]
    assert torch.equal(centres(one, 3), one)
