"""One pass gives what its steps give by hand, and the decoder runs only where masks are read."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from getam.activation import activation_maps, divide_as_released
from getam.data import Batch, classes_of
from getam.model import Model, classify, label
from getam.pseudo_label import complete_labels, refine

CLASSES = [[0, 2], [1]]


@pytest.fixture
def batch() -> Batch:
    """Two photos of whole patches, so that no padding stands between the steps."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.zeros(2, 3)
    for row, present in zip(labels, CLASSES, strict=True):
        row[present] = 1
    return Batch(
        ids=["a", "b"],
        image=torch.randint(0, 256, (2, 3, 24, 40), dtype=torch.uint8, generator=generator),
        labels=labels,
        classes=[classes_of(own) for own in labels],
        known=torch.ones(2, 3, dtype=torch.bool),
        saliency=torch.rand(2, 24, 40, generator=generator).round(),
        valid=torch.ones(2, 24, 40, dtype=torch.bool),
        sizes=[(24, 40)] * 2,
    )


@pytest.fixture
def decoded(model: Model) -> Iterator[list[int]]:
    """One entry for every time that the decoder runs."""
    runs: list[int] = []
    hook = model.network.decoder.register_forward_hook(lambda *_: runs.append(1))
    yield runs
    hook.remove()


def test_classify_gives_the_networks_own_class_logits(
    model: Model, batch: Batch, decoded: list[int]
) -> None:
    with torch.no_grad():
        trunk = classify(model.network, batch.image)
        assert not decoded
        output = model.network(model.network.normalise(batch.image))
        assert torch.equal(trunk.class_logits, output.class_logits)
        assert torch.equal(trunk.segment(), output.mask_logits)
    assert len(decoded) == 2


def test_tags_weigh_the_masks_and_learn_nothing_from_them(model: Model, batch: Batch) -> None:
    trunk = classify(model.network, batch.image)
    weighed = trunk.segment(tag_weight=0.5)
    expected = trunk.segment()
    expected[:, 1:] += 0.5 * trunk.class_logits.sigmoid().log()[:, :, None, None]
    torch.testing.assert_close(weighed, expected)
    (gradient,) = torch.autograd.grad(
        weighed.sum(), model.network.class_head.weight, allow_unused=True
    )
    assert gradient is None


@pytest.mark.parametrize("mode", [torch.no_grad, torch.enable_grad])
def test_label_equals_maps_refinement_and_completion(
    mode: type, model: Model, batch: Batch, decoded: list[int]
) -> None:
    with mode():
        trunk, pseudo = label(model.network, model.labeller, batch)
    assert not decoded
    assert pseudo.classes == CLASSES
    raw = activation_maps(
        model.network, model.network.normalise(batch.image), classes=CLASSES, first_block=3,
        normalise=True,
    )  # fmt: skip
    for photo, (maps, present) in enumerate(zip(raw, CLASSES, strict=True)):
        image, saliency = batch.image[photo : photo + 1], batch.saliency[photo : photo + 1]
        refined = divide_as_released(refine(maps[None], image, iterations=2))
        slots = complete_labels(refined, torch.ones(1, len(present)), saliency)[0]
        by_slot = {0: 0, 255: 255, **{slot + 1: c + 1 for slot, c in enumerate(present)}}
        used = slice(len(present))
        torch.testing.assert_close(pseudo.activation_maps[photo, used], maps)
        torch.testing.assert_close(pseudo.refined_maps[photo, used], refined[0])
        assert pseudo.label[photo].tolist() == [[by_slot[v] for v in row] for row in slots.tolist()]
    with torch.no_grad():
        expected = model.network.classify(
            model.network.forward_features(model.network.normalise(batch.image))
        )
    assert torch.equal(trunk.class_logits, expected)


def test_the_pass_of_the_labels_still_serves_the_loss(model: Model, batch: Batch) -> None:
    trunk, _ = label(model.network, model.labeller, batch)
    weight = model.network.backbone.blocks[0].attn.qkv.weight
    (ours,) = torch.autograd.grad(trunk.class_logits.sum(), weight)
    alone = classify(model.network, batch.image).class_logits.sum()
    torch.testing.assert_close(ours, torch.autograd.grad(alone, weight)[0])


def test_a_label_counts_where_it_is_asked_for(model: Model, batch: Batch) -> None:
    inside = batch.valid.clone()
    inside[:, :, 30:] = False
    with torch.no_grad():
        _, whole = label(model.network, model.labeller, batch)
        _, asked = label(model.network, model.labeller, batch, labelled=inside)
        _, padded = label(model.network, model.labeller, replace(batch, valid=inside))
    expected = whole.label.masked_fill(~inside, 255)
    assert torch.equal(asked.label, expected)
    assert torch.equal(padded.label, expected)
