"""The terms of regions and prototypes equal the authors' values, with their gradients."""

import pytest
import torch
from reference.peers import Peer, tags

from getam.pseudo_label.prototypes import Prototypes
from getam.training.parts.prototype_terms import (
    PROTOTYPE_WEIGHT,
    REGION_WEIGHT,
    nearest,
    prototype_term,
    region_terms,
    similarity,
)

COUNTS = {"positive": (3, 2, 4, 1), "negative": (2, 3, 0, 2), "unshared": (2, 3, 0, 4)}
LABELS = tags([[0, 3], [1, 2]], 4)


@pytest.fixture(scope="module")
def cpews(shared_reference):
    return Peer("cpews", shared_reference)


@pytest.fixture
def drawn(cpews):
    """Maps of four classes and an unused one, features, prototypes."""
    maps, features = cpews.z("cams", (2, 5, 5, 6)).clone(), cpews.z("features", (2, 12, 5, 6))
    maps[0, 0] = -maps[0, 0].abs()
    sets = {
        kind: [cpews.z(f"prototypes.{kind}.{i}", (count, 12)) for i, count in enumerate(counts)]
        for kind, counts in COUNTS.items()
    }
    return maps.requires_grad_(), features.clone().requires_grad_(), Prototypes(**sets)


def test_similarity(cpews):
    feature, others = cpews.z("similarity.a", (1, 12))[0], 3 * cpews.z("similarity.b", (5, 12))
    cpews.check(similarity(feature, others), "similarity")
    cpews.check(similarity(feature, others[:0]), "similarity_none")


def test_the_nearest_prototype(cpews):
    features = cpews.z("closest.features", (1, 12, 30))[0].mT
    cpews.check(nearest(features, cpews.z("closest.centres", (4, 12))), "closest")
    assert nearest(features, features[:0]).tolist() == [123456.0] * 30


def test_regions(cpews, drawn):
    maps, features, prototypes = drawn
    alike, unlike = region_terms(maps[:, :4], features, LABELS, prototypes)
    cpews.check(alike, "region_positive")
    cpews.check(unlike, "region_negative")
    loss = REGION_WEIGHT * (alike + unlike)
    cpews.check(loss, "region_loss")
    loss.backward()
    cpews.check(features.grad, "region_gradient")
    assert maps.grad is None


def test_confused_patches(cpews, drawn):
    maps, features, prototypes = drawn
    loss = PROTOTYPE_WEIGHT * prototype_term(maps[:, :4], features, LABELS, prototypes)
    cpews.check(loss, "prototype_loss")
    loss.backward()
    cpews.check(maps.grad, "prototype_loss_gradient_if_not_detached")
    assert features.grad is None


def test_nothing_to_compare(drawn):
    maps, features, prototypes = drawn
    none = torch.zeros_like(LABELS)
    assert [term.item() for term in region_terms(maps[:, :4], features, none, prototypes)] == [0, 0]
    assert prototype_term(maps[:, :4], features, none, prototypes).item() == 0
