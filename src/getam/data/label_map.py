"""This module reads masks in the colours of a ``labelmap.txt``, as CVAT writes both.

A line of the file is ``name:red,green,blue:parts:actions``. Lines that begin with # are comments.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from getam.data.class_names import is_background
from getam.data.notice import first_few
from getam.data.spelling import composed
from getam.open_picture import open_picture
from getam.vocabulary import BACKGROUND, IGNORE

UNDECIDED = "undecided"
"""The name of the value 255 in the exports of getam."""

_VOC_BORDER = (224, 224, 192)  # the colour that PASCAL VOC gives to the value 255


@dataclass(frozen=True)
class LabelMap:
    """A label map says which colour of a mask stands for which value.

    Attributes
    ----------
    classes
        The value of every class by its name. It is its place in the file, counted from 1.
    colours
        The value of every colour (red, green, blue in 0..255).
    """

    classes: dict[str, int]
    colours: dict[tuple[int, int, int], int]

    def read(self, path: Path) -> np.ndarray:
        """Read a PNG in the colours of the map, RGB or with a palette, as int32 [H, W].

        Raises
        ------
        ValueError
            If the file is no picture, or has a colour that the map does not name.
        """
        codes, inverse = np.unique(_codes(path), return_inverse=True)
        found = [(code >> 16, code >> 8 & 255, code & 255) for code in codes.tolist()]
        strange = [f"({r}, {g}, {b})" for r, g, b in found if (r, g, b) not in self.colours]
        if strange:
            raise ValueError(
                f"the mask {path} has colours that its labelmap.txt does not name: "
                f"{first_few(strange)}"
            )
        values = np.array([self.colours[colour] for colour in found], dtype=np.int32)
        return values[inverse]


def read_label_map(path: Path) -> LabelMap:
    """Read a ``labelmap.txt``.

    Raises
    ------
    ValueError
        If a line is no entry, if no line names the background, or if two lines share a name or a
        colour.
    """
    entries = [_entry(line, path) for line in _lines(path)]
    for index, what in enumerate(("name", "colour")):
        seen = [entry[index] for entry in entries]
        twice = next((each for each in seen if seen.count(each) > 1), None)
        if twice is not None:
            raise ValueError(f"{path} has the {what} {twice} twice")
    if not any(is_background(name) for name, _ in entries):
        raise ValueError(f"no line of {path} names the background")
    names = [n for n, _ in entries if not is_background(n) and n != UNDECIDED]
    classes = {name: value for value, name in enumerate(names, start=1)}
    colours = {
        colour: BACKGROUND if is_background(name) else classes.get(name, IGNORE)
        for name, colour in entries
    }
    return LabelMap(classes, {_VOC_BORDER: IGNORE} | colours)


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"cannot read the label map {path}: {error}") from error
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _entry(line: str, path: Path) -> tuple[str, tuple[int, int, int]]:
    """Return the name and the colour of a line."""
    name, _, rest = line.partition(":")
    try:
        red, green, blue = map(int, rest.partition(":")[0].split(","))
    except ValueError:
        raise ValueError(
            f"a line of {path} must be name:red,green,blue:parts:actions, got {line!r}"
        ) from None
    return composed(name.strip()), (red, green, blue)


def _codes(path: Path) -> np.ndarray:
    """Read a picture as int32 [H, W], one number per colour."""
    try:
        with open_picture(path) as image:
            image.load()
            pixels = np.asarray(image.convert("RGB")).astype(np.int32)
    except Exception as error:  # the decoders raise OSError, SyntaxError, struct.error, ...
        raise ValueError(f"cannot read the mask {path}: {error}") from error
    return pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]
