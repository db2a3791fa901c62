"""The first label joins the pseudo label and the network's mask."""

from dataclasses import replace

import numpy as np

from getam.correction import first_label
from getam.inference import Predictor, label_photos


def test_the_mask_decides_what_the_pseudo_label_leaves_open(model, source):
    model = replace(model, labeller=replace(model.labeller, rule="thresholds"))
    source = replace(source, records=tuple(replace(r, saliency=None) for r in source.records))
    predictor = Predictor(model)
    undecided = 0
    labelled = label_photos(model, source, workers=0)
    for record, photo in zip(source.records, labelled, strict=True):
        told = predictor(record.image, tags=record.labels).mask.numpy()
        label = photo.label_at_photo_size().numpy()
        undecided += (label == 255).sum()
        expected = np.where(label == 255, told, label)
        assert (first_label(model, source, record) == expected).all()
    assert undecided


def test_a_photo_without_tags_shows_the_mask_of_the_network(model, source):
    record = replace(source.records[0], labels=None)
    mask = Predictor(model)(record.image).mask.numpy()
    assert (first_label(model, source, record) == mask).all()
