"""A card shows what the model made of its photo."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from getam.evaluation import average, true_overlap
from getam.inference import judge_photos
from getam.report import map_uri, mask_uri
from getam.run_report.gallery import card, cards


def test_a_card_holds_every_step_of_the_photo(model, source):
    made = list(cards(model, {"trained on": source}, workers=0))
    judged = list(judge_photos(model, source, workers=0))
    for (_, shown), each, record in zip(made, judged, source.records, strict=True):
        photo = each.photo
        layers = [stage.layer for stage in shown.stages]
        count = len(photo.classes)
        assert layers[0] == ""
        assert layers[1 : count + 1] == [map_uri(m) for m in photo.activation_maps]
        assert layers[count + 1 : 2 * count + 1] == [map_uri(m) for m in photo.refined_maps]
        label, mask = mask_uri(photo.label), mask_uri(each.prediction.mask)
        assert layers[-3:] == [label, mask, mask_uri(source.read_truth(record))]
        assert [stage.kind for stage in shown.stages][-4:] == ["map", "mask", "mask", "mask"]
        assert (shown.name, shown.part, shown.tags) == (record.id, "trained on", record.labels)
        assert shown.quality == each.signs.quality
        assert shown.doubt == each.signs.doubt.kind
        assert shown.size == photo.size[::-1]
        assert set(record.labels) <= set(shown.colours)


def test_true_overlap_is_that_of_the_pseudo_label(model, source):
    record, each = source.records[1], list(judge_photos(model, source, workers=0))[1]
    truth = torch.from_numpy(source.read_truth(record))
    expected = true_overlap(each.photo.label_at_photo_size(), truth, each.photo.classes)
    shown = card(each, record, source, part="given")
    assert shown.overlap == pytest.approx(average(expected.values()))
    bare = card(each, replace(record, mask=None, saliency=None), source, part="given")
    assert bare.overlap is None
    assert len(bare.stages) == len(shown.stages) - 2
    assert np.all([bare.stages[0].kind == "photo", bare.stages[-1].kind == "mask"])
