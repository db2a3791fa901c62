"""The terms of regions and prototypes equal the authors' values, with their gradients."""

import pytest
import torch
from reference.peers import Peer, tags

from getam.data import photo_loader
from getam.model import classify
from getam.pseudo_label.prototypes import Prototypes, covered, mean_of_scales
from getam.training.parts.auxiliary import Auxiliary
from getam.training.parts.prototype_terms import (
    Padded,
    RegionPrototypes,
    nearest,
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


def padded(prototypes):
    return [Padded.of(own, count=5) for own in (prototypes.positive, prototypes.negative)]


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
    alike, unlike = region_terms(maps[:, :4], features, LABELS, *padded(prototypes))
    cpews.check(alike, "region_positive")
    cpews.check(unlike, "region_negative")
    loss = 0.12 * (alike + unlike)  # the weight of the authors
    cpews.check(loss, "region_loss")
    loss.backward()
    cpews.check(features.grad, "region_gradient")
    assert maps.grad is None


def test_nothing_to_compare(drawn):
    maps, features, prototypes = drawn
    none = torch.zeros_like(LABELS)
    terms = region_terms(maps[:, :4], features, none, *padded(prototypes))
    assert [term.item() for term in terms] == [0, 0]


@pytest.fixture
def part(new_network, source):
    """The part, prepared on five photos by a network in evaluation mode."""
    network = new_network().eval()
    torch.manual_seed(0)
    auxiliary = Auxiliary.of(network)
    made = RegionPrototypes(network.backbone.embed_dim, network.num_classes, auxiliary)
    photos = photo_loader(source, long_side=32, multiple=32, workers=0)
    made.prepare(network, photos)
    return network, auxiliary, made, photos


def test_prototypes_are_made_of_the_photos(part):
    network, _, made, photos = part
    shown = torch.cat([batch.labels for batch in photos]).sum(0)
    assert made.prepared
    assert (made.positive_there.sum(1) <= shown).all()
    assert made.positive_there.any()
    assert (made.negative_there.sum(1) <= len(list(photos)) - shown).all()
    assert not made.positive[~made.positive_there].any()


def test_one_photo_of_a_class_is_its_prototype(part):
    network, auxiliary, made, photos = part
    (batch,) = [batch for batch in photos if batch.classes == [[0]]][:1]
    made.prepare(network, [batch])

    def look(image):
        features = classify(network, image).features
        tokens = features.patch_tokens.mT.unflatten(-1, features.grid)
        return auxiliary.final_maps(features), tokens

    maps, tokens = mean_of_scales(look, batch.image.float())
    cover = covered(maps[0, 0], floor=1e-5)
    assert made.positive_there.sum(1).tolist() == [1, 0, 0]
    torch.testing.assert_close(
        made.positive[0, 0], tokens[0][:, cover].mean(1), rtol=1e-4, atol=1e-4
    )


def test_the_part_trains_the_features_alone(part, batch, seen_by):
    network, auxiliary, made, _ = part
    seen = seen_by(network, batch)
    loss = made(seen)
    assert loss.item() > 0
    loss.backward()
    assert network.backbone.blocks[-1].mlp.fc2.weight.grad.any()
    assert auxiliary.classifier.weight.grad is None


def test_half_precision_changes_little(part, batch, seen_by):
    network, _, made, _ = part
    seen = seen_by(network, batch)
    whole = made(seen).item()
    with torch.autocast("cpu", torch.bfloat16):
        assert made(seen).item() == pytest.approx(whole, rel=0.02)
