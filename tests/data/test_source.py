"""Classes are chosen, aligned and checked; truth comes in the numbers of training."""

from dataclasses import replace

import numpy as np
import pytest

from getam.data import open_source, train_loader

from .scenes import labels_of


def test_truth_in_the_numbering_of_training(voc):
    source = open_source(voc, split="train", classes=["dog", "cat"])
    assert source.classes == {"dog": 3, "cat": 1}
    assert labels_of(source) == {"a": ("cat",), "b": ("dog",), "c": (), "d": ()}
    truth = source.read_truth(source.records[1])
    assert truth.dtype == np.uint8
    assert truth.shape == (21, 34)
    assert truth[:, 0].tolist() == [255] + 7 * [0] + 3 * [255] + [0] + 3 * [1] + 6 * [0]


def test_the_classes_of_a_trained_network(voc):
    source = open_source(voc, split="train")
    aligned = source.aligned(["yak", "dog", "cat"])
    assert list(aligned.classes) == ["yak", "dog", "cat"]
    assert aligned.label_vector(aligned.records[1]).tolist() == [0, 1, 0]
    expected = source.choose(["dog", "cat"])
    for record in source.records:
        truth = expected.read_truth(record)
        shifted = np.where((truth > 0) & (truth < 255), truth + 1, truth)
        assert (aligned.read_truth(record) == shifted).all()
    with pytest.raises(ValueError, match="unknown class"):
        source.aligned(["yak"])


def test_more_classes_than_a_mask_can_hold(voc):
    source = open_source(voc, split="train")
    many = replace(source, classes={str(value): value for value in range(1, 256)})
    with pytest.raises(ValueError, match="at most 254 classes"):
        many.for_training()


def test_photos_without_the_chosen_classes_are_negatives(voc):
    source = open_source(voc, split="train", classes=["cow"])
    assert labels_of(source.for_training()) == {"a": (), "b": ("cow",), "c": ("cow",), "d": ()}


def test_training_needs_every_class(voc):
    with pytest.raises(ValueError, match="1 of the classes .* cat"):
        open_source(voc, split="val", classes=["dog", "cat"]).for_training()
    (voc / "image_labels.json").unlink()
    source = open_source(voc)
    with pytest.raises(ValueError, match="no photo .* has a label"):
        train_loader(source, crop=8, batch_size=2, seed=0)
