"""Class maps are the classifier's values of the patches, for the present classes."""

import pytest
import torch
from data.scenes import CLASSES

from getam.model import label
from getam.network import build_network
from getam.pseudo_label.class_maps import multi_scale_maps
from getam.pseudo_label.two_backgrounds import TwoBackgrounds
from getam.training.label_sources.class_maps import ClassMaps


def network(classifier):
    torch.manual_seed(0)
    return build_network(
        "getam_vit_nano", len(CLASSES), pretrained=False, decoder_width=8, classifier=classifier
    ).eval()


def test_maps_of_the_present_classes(batch):
    maximum = network("maximum")
    source = ClassMaps(maximum, TwoBackgrounds(0.25, 0.7))
    _, pseudo = label(maximum, source, batch)
    maps = multi_scale_maps(source.class_maps, batch.image.float())
    for own, classes, slots in zip(maps, pseudo.classes, pseudo.activation_maps, strict=True):
        torch.testing.assert_close(slots[: len(classes)], own[classes])
        assert not slots[len(classes) :].any()
    assert (pseudo.label[~batch.valid] == 255).all()


def test_values_are_those_that_the_classifier_takes_the_maximum_of(batch):
    mean = network("average")  # for a linear head, the logit is the mean of the map
    with torch.no_grad():
        maps = ClassMaps(mean, TwoBackgrounds(0.25, 0.7)).class_maps(batch.image.float())
        logits = mean(mean.normalise(batch.image)).class_logits
    torch.testing.assert_close(maps.mean((-2, -1)) + mean.class_head.bias, logits)


def test_a_classifier_of_maps_is_refused():
    with pytest.raises(ValueError, match="needs a classifier that reads tokens"):
        ClassMaps(network("stride32"), TwoBackgrounds(0.25, 0.7))
