"""Rows of a picture hold what a step made of the first photos of a batch."""

from dataclasses import replace

import numpy as np
import torch
from PIL import Image

from getam.inference import label_photos
from getam.pseudo_label import Labeller
from getam.training import Step
from getam.training.pictures import SHOWN, batch_samples, photo_sample, save_samples

from .conftest import PLAIN


def test_a_row_per_photo_with_its_own_maps_and_masks(new_network, batch, source):
    step = Step(new_network().eval(), Labeller(first_block=3, iterations=1), PLAIN)
    names = list(source.classes)
    output = step(batch, joint=True)
    samples = batch_samples(batch, output, names=names)
    tagged = [name for name in batch.ids if batch.labels[batch.ids.index(name)].any()]
    assert [sample.title for sample in samples][: len(tagged)] == tagged  # then those of nothing
    assert {sample.title for sample in samples} == set(batch.ids)
    assert len(tagged) < len(batch.ids)
    for sample in samples:
        index = batch.ids.index(sample.title)
        assert list(sample.maps) == [names[c] for c in batch.labels[index].nonzero()[:, 0]]
        assert torch.equal(sample.pseudo_label, output.pseudo.label[index])
        assert torch.equal(sample.prediction, output.mask_logits[index].argmax(0))
        assert sample.truth is None
    (first, *_) = batch_samples(batch, step(batch, joint=False), names=names)
    assert (first.maps, first.pseudo_label, first.prediction) == ({}, None, None)


def test_no_more_photos_than_fit(batch, new_network, source):
    repeated = {"image": batch.image.repeat(3, 1, 1, 1), "labels": batch.labels.repeat(3, 1)}
    many = replace(batch, ids=batch.ids * 3, **repeated)
    step = Step(new_network(), Labeller(first_block=3, iterations=1), PLAIN)
    output = step(batch, joint=False)
    assert len(batch_samples(many, output, names=list(source.classes))) == SHOWN


def test_a_labelled_photo_has_its_truth_and_is_saved(model, source, tmp_path):
    photo = next(iter(label_photos(model, source, workers=0)))
    mask = torch.zeros(photo.size, dtype=torch.uint8)
    sample = photo_sample(photo, mask, source)
    np.testing.assert_array_equal(sample.truth, source.read_truth(source.records[0]))
    assert list(sample.maps) == ["cat"]
    bare = replace(source, records=(replace(source.records[0], mask=None),))
    assert photo_sample(photo, mask, bare).truth is None
    save_samples([sample], source, tmp_path / "samples" / "val.jpg")
    with Image.open(tmp_path / "samples" / "val.jpg") as picture:
        assert picture.width > 4 * 200  # photo, map and three masks
