"""Labels and scores of whole photos equal what is computed photo by photo."""

from dataclasses import replace

import pytest
import torch

from getam.activation import activation_maps, divide_as_released
from getam.data import open_source, photo_loader, read_photo
from getam.inference import label_batch, label_photo, label_photos
from getam.model import View
from getam.pseudo_label import complete_labels, refine


@pytest.fixture
def photos(model, source):
    return list(label_photos(model, source, workers=0))


def test_every_photo_in_order_at_its_own_size(photos, source):
    assert [photo.id for photo in photos] == [record.id for record in source.records]
    for photo, record in zip(photos, source.records, strict=True):
        truth = source.read_truth(record)
        maps = photo.maps_at_photo_size(photo.refined_maps)
        assert photo.size == truth.shape
        assert maps.shape == (len(record.labels), *truth.shape)
        assert photo.label_at_photo_size().shape == truth.shape
        values = {list(source.classes).index(name) + 1 for name in record.labels}
        assert set(photo.label.unique().tolist()) <= values | {0, 255}
        if not record.labels:
            assert (photo.label == 0).all()


def test_a_photo_at_hand_is_labelled_like_one_of_a_source(model, source):
    records = tuple(replace(r, saliency=None) for r in source.records if r.id == "b")
    (expected,) = label_photos(model, replace(source, records=records), workers=0)
    classes = [list(source.classes).index(name) for name in records[0].labels]
    given = label_photo(model, read_photo(records[0].image), classes)
    assert (given.classes, given.size) == (expected.classes, expected.size)
    for name in ("image", "activation_maps", "refined_maps", "label"):
        assert torch.equal(getattr(given, name), getattr(expected, name))


def test_equals_maps_refinement_and_completion_one_by_one(model, source):
    """A photo of whole patches, so that no padding stands in between."""
    batch = next(iter(photo_loader(source, long_side=48, workers=0)))
    batch = replace(
        batch,
        image=batch.image[..., :24, :40].contiguous(),
        saliency=batch.saliency[..., :24, :40],
        valid=batch.valid[..., :24, :40],
    )
    with torch.inference_mode():
        photo = label_batch(model, batch)
    (raw,) = activation_maps(
        model.network, model.network.normalise(batch.image), classes=[photo.classes], first_block=3,
        normalise=True,
    )  # fmt: skip
    refined = divide_as_released(refine(raw[None], batch.image, iterations=2))
    labels = torch.ones(1, len(photo.classes))
    label = complete_labels(refined, labels, batch.saliency)[0]
    values = torch.tensor([0, *(c + 1 for c in photo.classes)])
    expected = torch.where(label == 255, 255, values[label.clamp_max(len(labels[0]))])
    torch.testing.assert_close(photo.refined_maps, refined[0])
    assert torch.equal(photo.label, expected)
    enlarged = divide_as_released(refine(raw[None], batch.image, iterations=0))[0]
    torch.testing.assert_close(photo.activation_maps, enlarged)


def test_sees_whole_patches_only(model, source):
    for photo in label_photos(replace(model, view=View(43)), source, workers=0):
        height, width = photo.image.shape[-2:]
        assert (height % 8, width % 8) == (0, 0)
        assert photo.refined_maps.shape[-2:] == photo.label.shape == (height, width)


def test_without_saliency(model, voc):
    photos = list(label_photos(model, open_source(voc), workers=0))
    assert any((photo.label == 255).any() for photo in photos)


@pytest.mark.parametrize("options", [{"scale": 0.5}, {"affinity": 1}, {"scale": 0.5, "crf": True}])
def test_other_labellers(options, model, source):
    model = replace(model, labeller=replace(model.labeller, **options))
    for photo in label_photos(model, source, workers=0):
        assert photo.refined_maps.shape == (len(photo.classes), *photo.label.shape)
