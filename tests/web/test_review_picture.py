"""The picture of a review has the colours of the mask and a mark on every click."""

import numpy as np
import pytest
from PIL import Image

from getam.correction import Click
from getam.web.review_picture import picture_uri, review_picture

GREY = (100, 100, 100)


@pytest.mark.parametrize(
    ("size", "expected"), [((8, 4), (800, 400)), ((1000, 10), (1000, 10)), ((3200, 16), (1600, 8))]
)
def test_the_picture_is_neither_tiny_nor_huge(size, expected):
    mask = np.zeros(size[::-1], np.uint8)
    assert review_picture(Image.new("RGB", size), mask, [], opacity=0.5).size == expected


def test_mask_and_clicks_lie_where_they_belong():
    mask = np.zeros((4, 8), np.uint8)
    mask[:, 4:] = 15
    photo = Image.new("RGB", (8, 4), GREY)
    bare = review_picture(photo, mask, [], opacity=1)
    assert [bare.getpixel(place) for place in ((100, 50), (700, 50))] == [GREY, (192, 128, 128)]
    marked = review_picture(photo, mask, [Click(1, 2, 0), Click(6, 0, 3)], opacity=0)
    assert marked.getpixel((150, 250)) == (0, 0, 0)
    assert marked.getpixel((650, 50)) == (192, 128, 128)
    assert marked.getpixel((350, 250)) == GREY
    assert picture_uri(marked).startswith("data:image/jpeg;base64,")
