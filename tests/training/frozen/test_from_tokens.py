"""Labels of kept features equal those of a pass of the backbone, which then does not run."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from data.scenes import CLASSES, write_mask
from PIL import Image

from getam.data import collate, with_corrected
from getam.model import label
from getam.network import build_network
from getam.pseudo_label import Labeller
from getam.training.frozen import LABELS, FeatureCache, keep_labels
from getam.training.frozen.from_tokens import label_from_tokens, reads_tokens_alone
from getam.training.label_sources import Corrected

LABELLER = Labeller("cam", first_block=3, iterations=1, rule="thresholds")


def network_of(classifier):
    torch.manual_seed(0)
    options = {"classifier": classifier, "pretrained": False, "decoder_width": 8}
    return build_network("getam_vit_nano", len(CLASSES), **options).eval()


def cached(network, source, folder, *, side=40, number_format="float32"):
    cache = FeatureCache(folder, source, side=side, number_format=number_format)
    cache.fill(network, workers=0)
    return cache


@pytest.mark.parametrize("side", [40, 44])  # whole patches of 8 pixels, and not
@pytest.mark.parametrize("classifier", ["average", "maximum"])
def test_they_equal_those_of_the_whole_network(classifier, side, source, tmp_path):
    network = network_of(classifier)
    cache = cached(network, source, tmp_path, side=side)
    batch = collate([cache.view(photo, mirrored=False) for photo in range(3)])
    with torch.no_grad():
        expected = label(network, LABELLER, batch)[1]
    found = label_from_tokens(network, LABELLER, batch, labelled=batch.valid)
    assert found.activation_maps.amax() == 1
    assert not found.activation_maps.requires_grad
    torch.testing.assert_close(found.activation_maps, expected.activation_maps)
    assert torch.equal(found.label, expected.label)


def test_float16_only_rounds(source, tmp_path):
    network = network_of("average")
    maps = []
    for number_format in ("float32", "float16"):
        cache = cached(network, source, tmp_path, number_format=number_format)
        batch = collate([cache.view(0, mirrored=False)])
        found = label_from_tokens(network, LABELLER, batch, labelled=batch.valid)
        maps.append(found.activation_maps)
    torch.testing.assert_close(maps[1], maps[0], rtol=0, atol=0.01)


def test_a_whole_run_is_the_same_but_for_rounding(frozen_run):
    settings = {"method": "cam", "rule": "thresholds", "saliency_weight": 0.0}
    ends = []
    for number_format in ("float32", "none"):
        network, folder = frozen_run(
            number_format, network=network_of("average"), feature_cache=number_format, **settings
        )
        ends.append((np.load(folder / LABELS), network.class_head.weight))
    assert np.mean(ends[0][0] != ends[1][0]) < 1e-3
    torch.testing.assert_close(ends[0][1], ends[1][1], rtol=1e-4, atol=1e-5)


def test_corrected_masks_are_laid_over_them(source, tmp_path):
    network, name = network_of("average"), source.records[1].id
    with Image.open(source.records[1].image) as photo:
        write_mask(tmp_path / "corrected" / f"{name}.png", np.full(photo.size[::-1], 2))
    drawn = with_corrected(source, tmp_path / "corrected", values=source.classes)
    cache = cached(network, drawn, tmp_path / "cache")
    batch = collate([cache.view(photo, mirrored=False) for photo in range(2)])
    with torch.no_grad():
        expected = label(network, Corrected(LABELLER), batch, labelled=torch.ones_like(batch.valid))
    network.backbone.forward = network.backbone.forward_intermediates = None
    make = keep_labels(lambda *_: Corrected(LABELLER), cache, tmp_path / LABELS, workers=0)
    kept = make(network, {})
    labels = kept.opened(torch.device("cpu"))
    rows = torch.from_numpy(labels[[kept.rows[name] for name in batch.ids]])
    assert (rows[1] == 2).any() and not (rows[0] == 2).all()
    assert torch.equal(rows.long(), expected[1].label)


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
