"""A sight becomes pictures of the photo's size, and a legend of what is in them."""

import numpy as np
import pytest
import torch
from PIL import Image

from getam.report import blend, overlay
from getam.web import Key, Sight, draw

PHOTO = Image.fromarray(np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8))
MASK = torch.zeros(6, 8, dtype=torch.uint8)
MASK[0], MASK[1], MASK[2] = 1, 3, 255
SIGHT = Sight(
    photo=PHOTO,
    probabilities={"cat": 0.75, "cow": 0.1, "dog": 0.2},
    maps={"cat": torch.eye(3)},
    masks={"pseudo label": MASK, "mask": torch.zeros(6, 8, dtype=torch.uint8)},
    values={"cat": 1, "cow": 2, "dog": 3},
)


def test_every_stage_is_drawn_over_the_photo() -> None:
    pictures = draw(SIGHT, "cat", opacity=0.3)
    assert list(pictures) == ["map", "pseudo label", "mask"]
    assert pictures["map"].tobytes() == overlay(PHOTO, torch.eye(3), alpha=0.3).tobytes()
    assert pictures["pseudo label"].tobytes() == blend(PHOTO, MASK, alpha=0.3).tobytes()
    assert pictures["mask"].tobytes() == PHOTO.tobytes()


def test_the_legend_names_what_is_shown_and_what_is_in_a_mask() -> None:
    assert SIGHT.legend() == [
        Key("cat", "#800000", 0.75),
        Key("dog", "#808000", 0.2),
        Key("undecided", "#e0e0c0"),
    ]


def test_without_masks_the_legend_has_no_colours() -> None:
    maps_only = Sight(PHOTO, {"tench": 0.5}, {"tench": torch.eye(3)}, masks={}, values={})
    assert maps_only.legend() == [Key("tench", "", 0.5)]
    assert list(draw(maps_only, "tench", opacity=1)) == ["map"]


def test_wrong_views_are_refused() -> None:
    with pytest.raises(ValueError, match="map_of must be one of cat, got 'dog'"):
        draw(SIGHT, "dog", opacity=0.5)
    with pytest.raises(ValueError, match="alpha must lie in"):
        draw(SIGHT, "cat", opacity=2)
