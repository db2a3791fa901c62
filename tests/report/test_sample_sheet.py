"""Sample sheets: what stands where."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from getam.report import Sample, contact_sheet, labelled_grid, palette, sample_sheet
from getam.report.sample_sheet import GAP, LINE, _font, _write

NAMES = ["background", "cat", "a class with a long name", "dog"]
RED = np.full((30, 40, 3), (200, 10, 10), dtype=np.uint8)


def centre(sheet, column, row_height=60, cell=80):
    return sheet.getpixel((GAP + column * (cell + GAP) + cell // 2, GAP + LINE + row_height // 2))


def test_columns_hold_photo_maps_and_masks_in_order():
    sample = Sample(
        RED,
        maps={"cat": np.zeros((3, 4)), "dog": np.ones((3, 4))},
        pseudo_label=np.full((30, 40), 255),
        prediction=np.full((30, 40), 1),
        truth=np.full((15, 20), 3),
        title="a",
    )
    sheet = sample_sheet([sample], NAMES, cell=80)
    assert sheet.width == GAP + 6 * (80 + GAP)
    assert centre(sheet, 0) == (200, 10, 10)
    assert sum(centre(sheet, 1)) < sum(centre(sheet, 2))
    assert [centre(sheet, column) for column in (3, 4, 5)] == [
        tuple(palette()[value].tolist()) for value in (255, 1, 3)
    ]


def test_legend_shows_the_classes_that_occur():
    sheet = sample_sheet([Sample(RED, truth=np.full((3, 4), 2))], NAMES, cell=80)
    legend = np.array(sheet)[GAP + LINE + 60 :].reshape(-1, 3).tolist()
    assert palette()[2].tolist() in legend
    assert palette()[3].tolist() not in legend


def test_absent_columns_and_missing_cells():
    bare = sample_sheet([Sample(RED)], NAMES, cell=80)
    assert bare.width == GAP + 80 + GAP
    both = [Sample(RED, truth=np.zeros((3, 4), dtype=int)), Sample(RED, maps={"cat": RED[..., 0]})]
    sheet = sample_sheet(both, NAMES, cell=80)
    assert sheet.width == GAP + 3 * (80 + GAP)
    assert centre(sheet, 1) == (255, 255, 255)


def test_real_photo_of_any_size():
    tall = Image.new("RGB", (3, 700))
    assert sample_sheet([Sample(tall, title="x" * 300)], NAMES, cell=80).width == 100


def test_contact_sheet_fills_rows():
    pictures = {str(number): RED for number in range(5)}
    sheet = contact_sheet(pictures, columns=3, cell=80)
    assert sheet.width == GAP + 3 * (80 + GAP)
    assert sheet.height == 2 * GAP + 2 * (60 + LINE)
    below = GAP + 60 + LINE + GAP + 30
    assert sheet.getpixel((GAP + 80 + GAP + 40, below)) == (200, 10, 10)
    assert sheet.getpixel((GAP + 2 * (80 + GAP) + 40, below)) == (255, 255, 255)


def test_broken_input():
    with pytest.raises(ValueError, match="at least one sample"):
        sample_sheet([], NAMES)
    with pytest.raises(ValueError, match="at least one picture"):
        contact_sheet({})
    with pytest.raises(ValueError, match="must name every mask value, got 4 names and the value 9"):
        sample_sheet([Sample(RED, truth=np.full((3, 4), 9))], NAMES)


def test_labelled_grid_has_a_row_per_title_and_a_column_per_method():
    photo, red = np.zeros((20, 40, 3), np.uint8), np.full((20, 40, 3), (255, 0, 0), np.uint8)
    rows = {"dog": [red, red], "cat": [photo, red]}
    sheet = labelled_grid(photo, rows, columns=["getam", "grad"], cell=40)
    pixels = np.asarray(sheet)
    red_at = (pixels == (255, 0, 0)).all(-1)
    assert sheet.width == 10 + 3 * (40 + 10)
    assert red_at.sum() == 3 * 20 * 40
    top, bottom = red_at.nonzero()[0].min(), red_at.nonzero()[0].max()
    assert red_at[top + 10, 65]
    assert not red_at[bottom - 10, 65]  # the cat's first picture is black
    with pytest.raises(ValueError, match=r"2 pictures each, got \[1\]"):
        labelled_grid(photo, {"dog": [red]}, columns=["getam", "grad"])


def test_a_long_title_is_cut_where_it_no_longer_fits(monkeypatch):
    drawn = []
    monkeypatch.setattr(ImageDraw.ImageDraw, "text", lambda _s, _c, text, **_o: drawn.append(text))
    font = _font()
    for text in ("short", "w" * 40, "il" * 60, "a name of 5,000 letters " * 200):
        _write(Image.new("RGB", (200, 20)), (0, 0), text, width=150, colour="black")
        cut = text
        while cut and font.getlength(cut[:200] + "...") > 150:
            cut = cut[:200][:-1]
        assert drawn.pop() == (text if font.getlength(text[:200]) <= 150 else cut + "...")
