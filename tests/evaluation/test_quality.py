"""Quality and doubts of photos whose signs are known."""

import json

import pytest
import torch

from getam.evaluation import (
    ClassSigns,
    Doubt,
    PhotoSigns,
    class_qualities,
    poor_masks,
    quality_table,
    suspicious,
)

GOOD = ClassSigns(
    probability=0.9,
    label_told=0.8,
    label_prediction=0.7,
    map_label=0.5,
    coverage=0.2,
    entropy=0.9,
    area=0.3,
)


def photo(name="a", untagged=None, **tagged):
    return PhotoSigns(name, tagged, untagged or {"cow": 0.1})


def changed(**changes):
    return ClassSigns(**{**GOOD.__dict__, **changes})


def test_signs_of_a_class_are_counted_by_hand():
    label = torch.tensor([[2, 2, 255, 0]])
    signs = ClassSigns.of(
        1,
        torch.tensor([[1.0, 0.5, 0.5, 0.0]]),
        label=label,
        told=torch.tensor([[2, 2, 2, 0]]),
        prediction=torch.tensor([[2, 1, 1, 0]]),
        probability=0.75,
    )
    assert (signs.label_told, signs.label_prediction) == (2 / 3, 1 / 2)
    assert (signs.map_label, signs.coverage, signs.area) == (0.6, 0.5, 0.5)
    assert signs.entropy == pytest.approx(1.5 / 2)  # shares of 1/2, 1/4, 1/4 among four pixels
    assert signs.quality == signs.label_told
    assert signs.probability == 0.75


def test_quality_of_a_photo_is_the_mean_of_its_classes():
    assert photo(cat=GOOD, dog=changed(label_told=0.2)).quality == pytest.approx(0.5)
    assert PhotoSigns("empty", background=0.9).quality == 0.9


@pytest.mark.parametrize(
    ("signs", "kind", "named", "strength"),
    [
        (photo(cat=GOOD), "", "", 0.0),
        (photo(cat=changed(probability=0.03)), "wrong tag", '"cat" a probability of 3 %', 0.97),
        (photo(untagged={"cow": 0.8}, cat=GOOD), "missing tag", '"cow"', 0.8),
        (photo(cat=changed(label_told=0.1)), "bad mask", '"cat" that should agree', 0.9),
        (photo(cat=changed(label_told=0.1, probability=0.4)), "wrong tag", '"cat"', 0.6),
        (photo(untagged={"cow": 0.9}, cat=changed(probability=0.2)), "missing tag", '"cow"', 0.9),
        (PhotoSigns("empty", background=0.2), "bad mask", "The mask covers 80 % of the photo", 0.8),
    ],
)
def test_the_strongest_doubt_is_told_and_tags_come_before_masks(signs, kind, named, strength):
    assert (signs.doubt.kind, signs.doubt.strength) == (kind, pytest.approx(strength))
    assert named in signs.doubt.reason


def test_no_doubt_about_an_empty_photo_without_a_mask():
    assert PhotoSigns("empty", background=1.0).doubt == Doubt()


def test_suspicious_photos_come_by_kind_in_the_order_of_their_doubt():
    photos = [
        photo("fine", cat=GOOD),
        photo("bad", cat=changed(label_told=0.2)),
        photo("worse", cat=changed(label_told=0.0)),
        photo("wrong", cat=changed(probability=0.1)),
    ]
    assert [signs.id for signs in suspicious(photos)] == ["wrong", "worse", "bad"]
    assert [signs.id for signs in suspicious(photos, most=1)] == ["wrong", "worse"]
    head, first, second, last = quality_table(photos, most=1).splitlines()
    assert head.split() == ["quality", "doubt", "photo", "why"]
    assert first.startswith("0.80     wrong tag  wrong  The network gives")
    assert second.startswith("0.00     bad mask   worse  Two masks of")
    assert last == "4 photos, 3 with a doubt, mean quality: cat 0.45"
    assert quality_table([], most=1) == "0 photos, 0 with a doubt, mean quality: -"
    empty = [PhotoSigns("empty", background=1.0), photo("fine", cat=GOOD)]
    assert quality_table(empty, most=1).endswith("cat 0.80; 1 photos without a tag 1.00")


def test_signs_survive_a_file():
    signs = photo(cat=changed(label_told=1 / 3))
    content = json.loads(json.dumps(signs.to_dict()))
    assert content["quality"] == 0.3333
    assert content["doubt"] == ""
    again = PhotoSigns.from_dict(content)
    assert again.to_dict() == signs.to_dict()
    assert again.tagged["cat"].probability == GOOD.probability


def test_a_class_of_poor_masks_is_named_if_enough_photos_show_it():
    poor, good = changed(label_told=0.1), changed(label_told=0.7)
    photos = [photo(f"{n}", cat=good, dog=poor) for n in range(5)]
    assert class_qualities(photos) == pytest.approx({"cat": 0.7, "dog": 0.1})
    line = poor_masks([*photos, PhotoSigns("empty")])
    assert line is not None
    assert "probably not usable: dog (10 %); two masks" in line
    assert quality_table(photos, most=1).endswith(f"mean quality: cat 0.70; dog 0.10\n{line}")
    for quality, named in ((0.44, True), (0.46, False)):
        near = [photo(f"{n}", cat=changed(label_told=quality)) for n in range(5)]
        assert (poor_masks(near) is not None) == named
    also = poor_masks([*photos, photo("rare", yak=good)])
    assert also is not None
    assert "dog (10 %) (too few photos to judge: yak); two masks" in also
    assert poor_masks(photos[:4]) is None
    assert poor_masks([photo("a", cat=good)] * 5) is None
