"""A view says in pixels and in words how a photo is looked at."""

from typing import Any

import pytest

from getam.model import View


@pytest.mark.parametrize(
    ("resize", "scale", "expected"),
    [
        ("aspect", 1.0, [240, 320]),
        ("aspect", 0.5, [128, 160]),  # 120 pixels are 7.5 patches
        ("aspect", 1.5, [352, 480]),
        ("square", 1.0, [320, 320]),
        ("square", 0.8, [256, 256]),
    ],
)
def test_a_photo_of_375_x_500_in_whole_patches(
    resize: str, scale: float, expected: list[int]
) -> None:
    view = View(320, resize=resize)
    assert view.size_for((375, 500), scale, multiple=16) == expected


def test_a_long_thin_photo_keeps_one_patch() -> None:
    assert View(64).size_for((3, 1000), 1.0, multiple=16) == [16, 64]


def test_what_is_given_replaces_the_models_own() -> None:
    assert View(320, scales=[1.0]) == View(320)  # YAML brings lists
    view = View(320, scales=(0.8, 1.0), resize="square", flip=True, crf=True)
    assert view.changed() == view
    assert view.changed(flip=False) == View(320, (0.8, 1.0), "square", flip=False, crf=True)
    assert view.changed(scales=(2.0,), resize="aspect", crf=False) == View(320, (2.0,), flip=True)
    assert view.plain() == View(320)


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (View(320), "long side 320, one plain pass"),
        (View(320, crf=True), "long side 320, dense CRF"),
        (View(64, flip=True), "long side 64, scales 1, mirrored too"),
        (View(64, (0.5, 2.0), "square"), "long side 64, scales 0.5 2, squares"),
        (View(64, resize="square"), "long side 64, squares, one plain pass"),
    ],
)
def test_words(view: View, words: str) -> None:
    assert str(view) == words


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"long_side": 0}, "long_side must be in 16..16384, got 0"),
        ({"scales": ()}, "scales must be above 0 and at most 16, got []"),
        ({"scales": (1.0, 0.0)}, "scales must be above 0 and at most 16, got [1.0, 0.0]"),
        ({"resize": "sqare"}, "resize must be one of aspect, square, got 'sqare'"),
    ],
)
def test_a_view_that_makes_no_sense(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        View(**{"long_side": 320, **wrong})
    assert str(caught.value) == message
