"""Photos are judged by masks and maps that can be made one by one as well."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import interpolate

from getam.data import read_photo
from getam.evaluation import overlap, poor_masks, soft_overlap
from getam.inference import (
    QUALITY,
    Predictor,
    judge_photos,
    label_photos,
    read_quality,
    warning_of,
    write_quality,
)


@pytest.fixture(scope="module")
def judged(model, source):
    return list(judge_photos(model, source, workers=0))


def test_signs_are_those_of_the_single_steps(model, source, judged):
    predictor = Predictor(model)
    names = list(source.classes)
    labelled = label_photos(model, source, workers=0)
    for each, record, photo in zip(judged, source.records, labelled, strict=True):
        signs = each.signs
        assert signs.id == record.id
        assert set(signs.tagged) == set(record.labels)
        assert set(signs.untagged) == set(names) - set(record.labels)
        image = read_photo(record.image)
        free, told = predictor(image), predictor(image, tags=record.labels)
        assert torch.equal(each.prediction.mask, free.mask)
        size = free.mask.shape
        label = interpolate(photo.label[None, None].float(), size, mode="nearest")[0, 0]
        assert signs.undecided == pytest.approx(float((label == 255).float().mean()))
        assert signs.background == pytest.approx(float((free.mask == 0).float().mean()))
        for name, sign in signs.tagged.items():
            number = names.index(name)
            own = label == number + 1
            assert sign.label_told == overlap(own, told.mask == number + 1)
            assert sign.label_prediction == overlap(own, free.mask == number + 1)
            assert sign.area == pytest.approx(float(own.float().mean()))
            assert sign.probability == pytest.approx(float(free.class_probabilities[number]))
            refined = photo.maps_at_photo_size(photo.refined_maps)
            plane = refined[photo.classes.index(number)]
            assert sign.map_label == pytest.approx(soft_overlap(plane, own))
            assert sign.coverage == pytest.approx(float(plane.mean()))


def test_classes_that_are_not_known_are_not_judged(model, source):
    first = replace(source.records[0], unknown=("dog",))
    nothing = replace(source.records[1], labels=None)
    signs = judge_photos(model, replace(source, records=(first, nothing)), workers=0)
    one, other = (each.signs for each in signs)
    assert set(one.untagged) == {"cow"}
    assert (other.tagged, other.untagged) == ({}, {})


def test_the_file_holds_every_photo(judged, tmp_path):
    signs = [each.signs for each in judged]
    write_quality(tmp_path / "quality.json", {"trained on": signs[:3], "not trained on": signs[3:]})
    again = read_quality(tmp_path / "quality.json")
    assert [s.to_dict() for s in again["trained on"]] == [s.to_dict() for s in signs[:3]]
    assert [s.id for s in again["not trained on"]] == ["d", "e"]
    assert read_quality(tmp_path / "none.json") == {}


@pytest.mark.parametrize("content", ['{"trained on": [{"id": "a"}]}', '{"a": 3}', '{"a": [1]}'])
def test_a_file_of_something_else_is_refused(content, tmp_path):
    (tmp_path / "quality.json").write_text(content)
    with pytest.raises(ValueError, match=r"quality\.json was not written by getam quality"):
        read_quality(tmp_path / "quality.json")


def test_what_a_run_said_of_its_masks_is_said_again(judged, tmp_path):
    signs = [each.signs for each in judged] * 5
    assert warning_of(tmp_path) is None
    write_quality(tmp_path / QUALITY, {"trained on": signs})
    assert warning_of(tmp_path) == poor_masks(signs) is not None
    (tmp_path / QUALITY).write_text("[")
    assert warning_of(tmp_path) is None
