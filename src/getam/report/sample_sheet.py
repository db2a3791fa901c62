"""This module draws samples as one picture: photo, maps, pseudo label, prediction and truth."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from getam.report.mask_colours import colour_mask, shown_colours
from getam.report.overlay import overlay
from getam.report.picture import Photo, Plane, as_mask, as_picture
from getam.vocabulary import IGNORE

GAP = 10
TEXT = 15
LINE = 24
PAPER, INK, FAINT = "#ffffff", "#1f2328", "#636c76"


@dataclass(frozen=True)
class Sample:
    """A sample holds one photo with its maps and masks. A mask that is None is left out.

    Attributes
    ----------
    photo
        The photo; see `as_picture`.
    maps
        Activation maps [h, w] in 0..1, by the title to write below each of them (the class name).
    pseudo_label, prediction, truth
        Masks [h, w] of 0..255, or None.
    title
        Text to write below the photo.
    """

    photo: Photo
    maps: Mapping[str, Plane] = field(default_factory=dict)
    pseudo_label: Plane | None = None
    prediction: Plane | None = None
    truth: Plane | None = None
    title: str = ""

    def masks(self) -> dict[str, Plane | None]:
        """Return the three masks by the titles of their columns."""
        return {
            "pseudo label": self.pseudo_label,
            "prediction": self.prediction,
            "truth": self.truth,
        }


@dataclass(frozen=True)
class Cell:
    """A cell holds a picture and the line of text below it."""

    picture: Image.Image
    text: str = ""


def sample_sheet(
    samples: Sequence[Sample], names: Sequence[str], *, cell: int = 200, max_maps: int = 3
) -> Image.Image:
    """Draw samples as rows under labelled columns, with a legend of the classes that occur.

    Parameters
    ----------
    samples
        The samples, at least one.
    names
        Class names, background first. The index of a name is its mask value.
    cell
        Longest side of every picture, in pixels.
    max_maps
        Largest number of maps to show per sample. The first ones are shown.

    Returns
    -------
    PIL.Image.Image
        An RGB picture.

    Raises
    ------
    ValueError
        If there is no sample, if a shape is wrong, or if a mask value has no name.

    Examples
    --------
    >>> photo = np.zeros((40, 60, 3), dtype=np.uint8)
    >>> sample = Sample(photo, truth=np.ones((40, 60), dtype=int))
    >>> sample_sheet([sample], ["background", "dog"]).mode
    'RGB'
    """
    if not samples:
        raise ValueError("samples must hold at least one sample, got none")
    num_maps = min(max_maps, max(len(sample.maps) for sample in samples))
    shown = [
        title
        for title in samples[0].masks()
        if any(sample.masks()[title] is not None for sample in samples)
    ]
    rows = [_row(sample, num_maps, shown, cell) for sample in samples]
    headers = ["photo", *(["activation maps"] + [""] * num_maps)[:num_maps], *shown]
    return _stack(
        [_grid(rows, headers, cell), _legend(_values(samples), names, len(headers), cell)]
    )


def contact_sheet(
    pictures: Mapping[str, Photo], *, columns: int = 4, cell: int = 200
) -> Image.Image:
    """Draw pictures in a grid, each with its title below.

    Parameters
    ----------
    pictures
        The pictures by their titles, at least one.
    columns
        Number of pictures per row.
    cell
        Longest side of every picture, in pixels.

    Returns
    -------
    PIL.Image.Image
        An RGB picture.

    Raises
    ------
    ValueError
        If there is no picture, or if a shape is wrong.
    """
    if not pictures:
        raise ValueError("pictures must hold at least one picture, got none")
    cells: list[Cell | None] = [Cell(as_picture(p), title) for title, p in pictures.items()]
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    return _grid(rows, [""] * min(columns, len(cells)), cell)


def labelled_grid(
    photo: Photo,
    rows: Mapping[str, Sequence[Photo]],
    *,
    columns: Sequence[str],
    cell: int = 224,
) -> Image.Image:
    """Draw rows of pictures that belong to one photo, below the titles of the columns.

    Parameters
    ----------
    photo
        The photo, which is the first picture of every row.
    rows
        The further pictures of each row, one per column, by the title of the row. The title is
        written below the photo. There must be at least one row.
    columns
        Titles of the columns, without that of the photo.
    cell
        Longest side of every picture, in pixels.

    Returns
    -------
    PIL.Image.Image
        An RGB picture.

    Raises
    ------
    ValueError
        If there is no row, if a row is not as long as the columns, or if a shape is wrong.
    """
    lengths = {len(pictures) for pictures in rows.values()}
    if lengths != {len(columns)}:
        raise ValueError(f"rows must have {len(columns)} pictures each, got {sorted(lengths)}")
    cells = [
        [Cell(as_picture(photo), title), *(Cell(as_picture(picture)) for picture in pictures)]
        for title, pictures in rows.items()
    ]
    return _grid(cells, ["photo", *columns], cell)


def _row(sample: Sample, num_maps: int, shown: Sequence[str], cell: int) -> list[Cell | None]:
    photo = _fit(as_picture(sample.photo), cell)
    maps = [Cell(overlay(photo, m), title) for title, m in sample.maps.items()][:num_maps]
    masks = [sample.masks()[title] for title in shown]
    return [
        Cell(photo, sample.title),
        *maps,
        *([None] * (num_maps - len(maps))),
        *(None if mask is None else Cell(_like(photo, mask)) for mask in masks),
    ]


def _like(photo: Image.Image, mask: Plane) -> Image.Image:
    """Colour a mask in the size of the photo, so that all cells of a row line up.

    It is not smoothed, because smoothing would mix two classes into the colour of a third.
    """
    return colour_mask(mask).resize(photo.size, Image.Resampling.NEAREST)


def _grid(rows: Sequence[Sequence[Cell | None]], headers: Sequence[str], cell: int) -> Image.Image:
    """Draw cells below their headers. A row is as high as its highest picture."""
    head = LINE if any(headers) else 0
    fitted = [[None if c is None else Cell(_fit(c.picture, cell), c.text) for c in r] for r in rows]
    heights = [_row_height(row) for row in fitted]
    size = (GAP + len(headers) * (cell + GAP), GAP + head + sum(heights) + GAP * (len(rows) - 1))
    sheet = Image.new("RGB", size, PAPER)
    for column, header in enumerate(headers):
        _write(sheet, (_left(column, cell), GAP), header, width=cell, colour=INK)
    top = GAP + head
    for row, height in zip(fitted, heights, strict=True):
        for column, content in enumerate(row):
            _paste(sheet, (_left(column, cell), top), content, cell)
        top += height + GAP
    return sheet


def _paste(sheet: Image.Image, corner: tuple[int, int], content: Cell | None, cell: int) -> None:
    if content is None:
        return
    left, top = corner
    sheet.paste(content.picture, corner)
    below = top + content.picture.height + 3
    _write(sheet, (left, below), content.text, width=cell, colour=FAINT)


def _row_height(row: Sequence[Cell | None]) -> int:
    cells = [content for content in row if content is not None]
    text = LINE if any(content.text for content in cells) else 0
    return max(content.picture.height for content in cells) + text


def _fit(picture: Image.Image, cell: int) -> Image.Image:
    """Scale the long side to ``cell``. A small picture is enlarged without smoothing."""
    scale = cell / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    how = Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.NEAREST
    return picture.resize(size, how)


def _left(column: int, cell: int) -> int:
    return GAP + column * (cell + GAP)


def _values(samples: Iterable[Sample]) -> list[int]:
    """Return the mask values that occur, in rising order."""
    masks = [mask for sample in samples for mask in sample.masks().values() if mask is not None]
    return sorted({int(value) for mask in masks for value in np.unique(as_mask(mask))})


def _legend(values: Sequence[int], names: Sequence[str], columns: int, cell: int) -> Image.Image:
    """Draw patches of colour with class names, in lines of the width of the sheet."""
    unnamed = [value for value in values if value >= len(names) and value != IGNORE]
    if unnamed:
        raise ValueError(
            f"names must name every mask value, got {len(names)} names and the value {unnamed[0]}"
        )
    width = _left(columns, cell)
    titles = ["ignored" if value == IGNORE else names[value] for value in values]
    places = _flow(titles, width)
    legend = Image.new("RGB", (width, places[-1][1] + LINE if places else 1), PAPER)
    draw = ImageDraw.Draw(legend)
    for value, name, (x, y) in zip(values, titles, places, strict=True):
        colour = tuple(shown_colours()[value].tolist())
        draw.rounded_rectangle((x, y + 1, x + TEXT, y + 1 + TEXT), 3, fill=colour, outline=FAINT)
        _write(legend, (x + TEXT + 6, y), name, width=width, colour=INK)
    return legend


def _flow(titles: Sequence[str], width: int) -> list[tuple[int, int]]:
    """Return the corner of each legend entry, from left to right and line by line."""
    places: list[tuple[int, int]] = []
    left, top = GAP, GAP
    for title in titles:
        needed = TEXT + 6 + int(_font().getlength(title))
        if left > GAP and left + needed > width - GAP:
            left, top = GAP, top + LINE
        places.append((left, top))
        left += needed + 2 * GAP
    return places


def _write(
    sheet: Image.Image, corner: tuple[int, int], text: str, *, width: int, colour: str
) -> None:
    """Write one line, which ends in "..." if it is wider than ``width``."""
    font = _font()
    line = text[:width]  # a letter is a pixel wide or more
    if line != text or font.getlength(line) > width:
        lengths = range(len(line) + 1)
        fit = bisect_right(lengths, width, key=lambda n: ceil(font.getlength(line[:n] + "...")))
        line = line[: max(0, fit - 1)] + "..."
    ImageDraw.Draw(sheet).text(corner, line, fill=colour, font=font)


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(TEXT)


def _stack(pictures: Sequence[Image.Image]) -> Image.Image:
    sheet = Image.new(
        "RGB", (max(p.width for p in pictures), sum(p.height for p in pictures)), PAPER
    )
    top = 0
    for picture in pictures:
        sheet.paste(picture, (0, top))
        top += picture.height
    return sheet
