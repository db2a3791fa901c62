"""A review saves at once, goes on where it stopped, and leaves a folder that training takes."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from getam.correction import ACCEPTED, CORRECTED, OPEN, REJECTED, Click, Review
from getam.data import open_source, photo_size
from getam.evaluation import read_mask
from getam.inference import output_folder

VALUES = {"cat": 8, "cow": 10, "dog": 12}  # masks of a model need not count from 1


def spread_of(_record):
    """Let a click take a square of three pixels."""

    def spread(label, clicks, *, before=()):
        assert not set(clicks) & set(before)
        label = label.copy()
        for click in clicks:
            label[max(0, click.y - 1) : click.y + 2, max(0, click.x - 1) : click.x + 2] = (
                click.value
            )
        return label

    return spread


@pytest.fixture
def review(source, tmp_path):
    """Returns a function that opens the review, as a new start of the program does."""

    def opened(values=VALUES):
        photos = replace(source, classes=values)
        out = output_folder(tmp_path / "out", photos, {"verb": "review"})
        return Review(photos, out, first=lambda record: label_of(record), spread=spread_of)

    return opened


def label_of(record):
    label = np.zeros(photo_size(record.image), np.uint8)
    label[2:6, 2:9] = 1
    return label


def saved(review, record):
    path = review.out.path / f"{record.id}.png"
    return read_mask(path).numpy() if path.is_file() else None


def test_a_click_is_saved_at_once_with_the_values_of_the_model(review):
    on = review()
    assert (on.place, on.decision, saved(on, on.record)) == (0, OPEN, None)
    on.click(12, 10, 3)
    expected = label_of(on.record)
    expected[9:12, 11:14] = 3
    assert (on.label == expected).all()
    assert (saved(on, on.record) == np.array([0, 8, 10, 12])[expected]).all()
    with Image.open(on.out.path / f"{on.record.id}.png") as picture:
        assert picture.mode == "P"
    assert (on.decision, on.clicks) == (CORRECTED, (Click(12, 10, 3),))


def test_a_click_spreads_by_the_features_of_its_own_photo(source, tmp_path):
    asked = []

    def spread(record):
        asked.append(record.id)
        return spread_of(record)

    photos = replace(source, classes=VALUES)
    out = output_folder(tmp_path / "out", photos, {"verb": "review"})
    on = Review(photos, out, first=label_of, spread=spread)
    on.click(12, 10, 3)
    on.click(3, 3, 3)  # the features are made once for each photo
    on.go(1)
    on.click(12, 10, 3)
    assert asked == ["a", "b"]


def test_a_review_goes_on_where_it_stopped(review):
    on = review()
    on.accept()
    assert on.go_to_open()
    on.reject()
    assert on.go_to_open()
    on.paint([(1, 1), (9, 1)], radius=1.5, value=255)
    again = review()
    assert again.counts == {OPEN: 2, ACCEPTED: 1, CORRECTED: 1, REJECTED: 1}
    assert again.place == 2
    assert (again.label == on.label).all()
    assert (again.label == 255).any()
    again.go(-2)
    assert (again.decision, (again.label == label_of(again.record)).all()) == (ACCEPTED, True)


def test_undo_goes_back_through_photos_and_decisions(review):
    on = review()
    first, before = on.record, on.label
    on.click(12, 10, 3)
    clicked = on.label
    on.paint([(12, 10)], radius=0, value=0)
    assert on.clicks == ()
    on.accept()
    assert on.decision == CORRECTED
    on.go_to_open()
    on.reject()
    on.go(1)
    assert on.undo()
    assert (on.place, on.decision) == (1, OPEN)
    assert on.undo()
    assert (on.record, on.clicks, (on.label == clicked).all()) == (first, (Click(12, 10, 3),), True)
    assert (saved(on, first) == np.array([0, 8, 10, 12])[clicked]).all()
    assert on.undo()
    assert ((on.label == before).all(), on.decision, saved(on, first)) == (True, OPEN, None)
    assert not on.undo()


def test_a_rejected_photo_has_no_mask_and_a_lost_mask_is_open_again(review):
    on = review()
    on.accept()
    on.reject()
    assert (on.decision, saved(on, on.record)) == (REJECTED, None)
    on.reject()  # nothing to undo, since nothing changes
    on.undo()
    assert on.decision == ACCEPTED
    (on.out.path / f"{on.record.id}.png").unlink()
    assert on.decision == OPEN


def test_the_end_is_reached_when_nothing_is_open(review):
    on = review()
    for _ in range(4):
        on.accept()
        assert on.go_to_open()
    on.accept()
    assert not on.go_to_open()
    on.go(9)
    assert on.place == 4


def test_open_photos_before_the_one_on_the_screen_are_found(review):
    on = review()
    on.go(1)
    on.accept()
    on.go(9)
    on.accept()
    assert on.go_to_open()
    assert on.place == 0


def test_training_takes_the_folder(review, voc):
    on = review({"cat": 1, "cow": 2, "dog": 3})
    on.click(12, 10, 3)
    on.go_to_open()
    on.reject()
    on.undo()
    on.paint([(3, 3)], radius=2, value=2)
    on.go(-1)
    on.paint([(20, 15)], radius=2, value=1)
    source = open_source(voc, corrected=on.out.path)
    assert {r.id for r in source.corrected} == {"a", "b"}
    assert (source.read_corrected(source.corrected[0]) == on.label).all()


def test_what_does_not_fit_is_refused(review, caplog):
    on = review()
    for value in (4, -1, 255):
        with pytest.raises(ValueError, match="value must lie in"):
            on.click(1, 1, value)
    for value in (4, -1):
        with pytest.raises(ValueError, match="value must lie in"):
            on.paint([(1, 1)], radius=1, value=value)
    on.accept()
    file = on.out.path / f"{on.record.id}.png"
    for wrong in (np.zeros((3, 3), np.uint8), np.full(on.label.shape, 9, np.uint8)):
        Image.fromarray(wrong).save(file)
        again = review()  # the next photo is shown
        assert "must have the size of its photo" in caplog.messages[-1]
        assert again.place == on.place + 1
        with pytest.raises(ValueError, match="must have the size of its photo"):
            again.go(-1)
        assert again.place == on.place + 1


def test_a_mask_that_somebody_put_there_is_a_corrected_one(review):
    on = review()
    file = on.out.path / f"{on.record.id}.png"
    own = np.zeros_like(on.label)
    own[3:5, 3:5] = VALUES["dog"]
    Image.fromarray(own).save(file)
    again = review()
    assert again.decision == CORRECTED
    assert (again.label == np.where(own, 3, 0)).all()
    again.click(1, 1, 1)
    assert again.undo()
    assert (read_mask(file).numpy() == own).all()
    again.reject()
    assert not file.exists()
    assert again.undo()
    assert (read_mask(file).numpy() == own).all()
    again.accept()
    assert again.decision == CORRECTED
    (on.out.path / "decisions.json").unlink()
    assert review().decision == CORRECTED


def test_no_mask_replaces_an_input(source, voc):
    with pytest.raises(ValueError, match="would meet the input"):
        output_folder(voc / "SegmentationClass", source, {}, overwrite=True)


def test_the_file_of_decisions_is_json(review):
    on = review()
    on.accept()
    content = json.loads((on.out.path / "decisions.json").read_text())
    assert content == {"shown": "a", "photos": {"a": "accepted"}}
