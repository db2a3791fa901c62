"""Prototypes equal those that the authors' code builds."""

import pytest
import torch
from reference.peers import Peer
from torch.nn.functional import conv2d

from getam.pseudo_label.prototypes import build_prototypes, centres, mean_of_scales, regions

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
    photos = []
    for image, tags in zip(images, TAGS, strict=True):
        maps, features = mean_of_scales(look, image, scales=scales)
        absent = sorted(set(range(20)) - set(tags))
        photos.append(regions(maps[0], features[0], present=tags, absent=absent))
    found = build_prototypes(photos, classes=20, groups=GROUPS, alone=frozenset({PERSON}), count=3)
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


def test_a_map_that_covers_nothing_makes_no_prototype():
    features = torch.ones(4, 2, 2)
    maps = torch.stack([torch.ones(2, 2), -torch.ones(2, 2), torch.ones(2, 2), -torch.ones(2, 2)])
    photo = regions(maps, features, present=[0, 1], absent=[2, 3])
    found = build_prototypes([photo], classes=4)
    assert [len(own) for own in found.positive] == [1, 0, 0, 0]
    assert [len(own) for own in found.negative] == [0, 0, 1, 0]
    assert found.positive[1].shape == (0, 4)


def test_what_is_unknown_is_neither_there_nor_absent():
    photo = regions(torch.ones(2, 2, 2), torch.ones(3, 2, 2), present=[], absent=[1])
    found = build_prototypes([photo], classes=2)
    assert [len(own) for own in (*found.positive, *found.negative)] == [0, 0, 0, 1]
    assert len(found.unshared[1]) == 1
