"""Labels of kept features equal those of a pass of the backbone, which then does not run."""

from dataclasses import replace

import pytest
import torch
from data.scenes import CLASSES

from getam.data import collate
from getam.model import label
from getam.network import build_network
from getam.pseudo_label import Labeller
from getam.training.frozen import LABELS, FeatureCache, keep_labels
from getam.training.frozen.from_tokens import label_from_tokens, reads_tokens_alone

LABELLER = Labeller("cam", first_block=3, iterations=1, rule="thresholds")


def network_of(classifier):
    torch.manual_seed(0)
    options = {"classifier": classifier, "pretrained": False, "decoder_width": 8}
    return build_network("getam_vit_nano", len(CLASSES), **options).eval()


def cached(network, source, folder):
    cache = FeatureCache(folder, source, side=40, number_format="float32")
    cache.fill(network, workers=0)
    return cache


@pytest.mark.parametrize("classifier", ["average", "maximum"])
def test_they_equal_those_of_the_whole_network(classifier, source, tmp_path):
    network = network_of(classifier)
    cache = cached(network, source, tmp_path)
    batch = collate([cache.view(photo, mirrored=False) for photo in range(3)])
    with torch.no_grad():
        expected = label(network, LABELLER, batch)[1]
    found = label_from_tokens(network, LABELLER, batch, labelled=batch.valid)
    assert found.activation_maps.amax() == 1
    torch.testing.assert_close(found.activation_maps, expected.activation_maps)
    assert torch.equal(found.label, expected.label)


def test_the_backbone_does_not_run_for_them(source, tmp_path):
    network = network_of("average")
    cache = cached(network, source, tmp_path)
    network.backbone.forward = network.backbone.forward_intermediates = None
    make = keep_labels(lambda *_: LABELLER, cache, tmp_path / LABELS, workers=0)
    labels = make(network, {}).opened(torch.device("cpu"))
    assert labels.shape == (len(source), 40, 40)


def test_what_reads_more_than_the_last_tokens():
    network = network_of("average")
    assert reads_tokens_alone(LABELLER, network)
    assert not reads_tokens_alone(replace(LABELLER, affinity=1), network)
    assert not reads_tokens_alone(replace(LABELLER, method="grad_cam"), network)
    assert not reads_tokens_alone(LABELLER, network_of("class_token"))
