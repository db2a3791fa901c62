"""The score of every stage equals a count by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from getam.evaluation.seed_curve import THRESHOLDS
from getam.inference import Predictor, label_photos, score_stages
from getam.model import View


@pytest.fixture
def photos(model, source):
    return list(label_photos(model, source, workers=0))


def intersection_over_union(pairs, classes=4):
    """IoU per class over all (truth, prediction), pixel sets by numpy; classes not met are nan."""
    truth = np.concatenate([np.asarray(t).ravel() for t, _ in pairs])
    guess = np.concatenate([np.asarray(g).ravel() for _, g in pairs])
    kept = (truth != 255) & (guess != 255)
    truth, guess = truth[kept], guess[kept]
    both = [np.sum((truth == c) & (guess == c)) for c in range(classes)]
    either = [np.sum((truth == c) | (guess == c)) for c in range(classes)]
    return [b / e if e else np.nan for b, e in zip(both, either, strict=True)]


def thresholded(photo, maps, threshold):
    maps = photo.maps_at_photo_size(maps)
    strength, winner = maps.max(0)
    values = torch.tensor(photo.classes)[winner] + 1
    return torch.where(strength > threshold, values, 0)


def test_stage_scores_equal_a_count_by_hand(model, source, photos):
    source = replace(source, records=source.records[:3])
    photos = photos[:3]
    truths = [source.read_truth(record) for record in source.records]
    seen = {}
    scores = score_stages(
        model, source, workers=0, on_photo=lambda a: seen.update({a.photo.id: a.prediction.mask})
    )
    assert list(seen) == ["a", "b", "c"]
    stages, predictor = scores.stages, Predictor(model)

    labels = [(t, p.label_at_photo_size()) for t, p in zip(truths, photos, strict=True)]
    masks = [(t, predictor(r.image).mask) for t, r in zip(truths, source.records, strict=True)]
    assert all(torch.equal(m, s) for (_, m), s in zip(masks, seen.values(), strict=True))
    for name, pairs in (("pseudo label", labels), ("prediction", masks)):
        ours = list(stages[name].iou.values())
        np.testing.assert_allclose(ours, intersection_over_union(pairs))
        assert stages[name].miou == pytest.approx(np.nanmean(ours))
    scored = [(t != 255, np.asarray(g) == 255) for t, g in labels]
    share = sum((s & g).sum() for s, g in scored) / sum(s.sum() for s, _ in scored)
    assert stages["pseudo label"].ignored_share == pytest.approx(share)

    for name, kind in (("raw map", "activation_maps"), ("refined map", "refined_maps")):
        mious = {}
        for threshold in THRESHOLDS:
            guesses = [thresholded(p, getattr(p, kind), threshold) for p in photos]
            pairs = list(zip(truths, guesses, strict=True))
            mious[threshold] = np.nanmean(intersection_over_union(pairs))
        assert stages[name].curve == pytest.approx(mious)
        assert stages[name].best.miou == pytest.approx(max(mious.values()))


def test_photos_without_any_label_are_scored_too(model, source):
    stages = score_stages(model, source, workers=0)
    assert stages.final().images == 5


def test_photos_of_which_nothing_is_known_count_for_the_prediction_alone(model, source, caplog):
    caplog.set_level("INFO")
    first, *others = source.records
    some = replace(source, records=(replace(first, labels=None), *others))
    stages = score_stages(model, some, workers=0).masks()
    assert {name: scores.images for name, scores in stages.items()} == {
        "raw map": 4, "refined map": 4, "pseudo label": 4, "prediction": 5
    }  # fmt: skip
    known = score_stages(model, replace(source, records=tuple(others)), workers=0).masks()
    assert stages["pseudo label"].iou == pytest.approx(known["pseudo label"].iou, nan_ok=True)
    assert "nothing is known about 1 photos" in caplog.text
    none = replace(source, records=tuple(replace(r, labels=None) for r in source.records))
    alone = score_stages(model, none, workers=0)
    assert list(alone.stages) == ["prediction"]
    assert alone.final().iou == score_stages(model, source, workers=0).final().iou


def test_without_masks_the_tags_alone_are_scored(model, source):
    bare = replace(source, records=tuple(replace(r, mask=None) for r in source.records))
    scores = score_stages(model, bare, workers=0)
    assert not scores.stages
    whole = score_stages(model, source, workers=0)
    assert scores.tags.to_dict() == whole.tags.to_dict()  # where nan is None


def test_the_prediction_is_made_by_the_models_view_and_the_plain_pass_beside_it(model, source):
    view = View(48, scales=(1.0, 1.5), flip=True)
    scores = score_stages(replace(model, view=view), source, workers=0)
    plain = score_stages(model, source, workers=0)
    assert scores.view == "long side 48, scales 1 1.5, mirrored too"
    assert plain.view == "long side 48, one plain pass"
    assert "prediction, one plain pass" not in plain.stages
    one_pass = scores.stages["prediction, one plain pass"]
    assert one_pass.iou == plain.stages["prediction"].iou
    assert scores.final().iou != one_pass.iou


def test_tags_are_scored_by_what_the_prediction_says(model, source):
    predictor = Predictor(model)
    likely = torch.stack([predictor(r.image).class_probabilities for r in source.records])
    labels = np.stack([source.label_vector(r) for r in source.records])
    scores = score_stages(model, source, workers=0).tags
    for number, name in enumerate(source.classes):
        expected = average_precision_score(labels[:, number], likely[:, number])
        assert scores.ap[name] == pytest.approx(expected)
