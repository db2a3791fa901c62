"""A view says how a trained network looks at a photo to predict; it is one value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from getam.data import size_for_long_side

LONGEST_SIDE, LARGEST_SCALE = 16_384, 16


@dataclass(frozen=True)
class View:
    """A view holds the sizes, the mirror image and the sharpening of a prediction.

    It belongs to the model. ``getam predict``, ``getam stages``, :class:`getam.Predictor` and the
    score at the end of a training all use this one value, and print it beside what they found.

    Attributes
    ----------
    long_side
        Long side, in pixels, at which scale 1 shows a photo to the network.
    scales
        Relative sizes whose logits are averaged.
    resize
        A name of :data:`RESIZES`: keep the photo's aspect ratio, or make it a square.
    flip
        Average with the mirrored photo too.
    crf
        Sharpen the mask by a dense CRF. A photo of more than a megapixel is reduced for it.

    Raises
    ------
    ValueError
        If a size is out of its range or the way to resize is unknown.

    Examples
    --------
    >>> print(View(320, scales=(0.75, 1.0), crf=True))
    long side 320, scales 0.75 1, dense CRF
    >>> print(View(320, scales=(0.75, 1.0), crf=True).plain())
    long side 320, one plain pass
    """

    long_side: int
    scales: Sequence[float] = (1.0,)
    resize: str = "aspect"
    flip: bool = False
    crf: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "scales", tuple(self.scales))  # YAML brings lists
        if not 16 <= self.long_side <= LONGEST_SIDE:
            raise ValueError(f"long_side must be in 16..{LONGEST_SIDE}, got {self.long_side}")
        if not self.scales or not all(0 < scale <= LARGEST_SCALE for scale in self.scales):
            raise ValueError(
                f"scales must be above 0 and at most {LARGEST_SCALE}, got {list(self.scales)}"
            )
        if self.resize not in RESIZES:
            raise ValueError(f"resize must be one of {', '.join(RESIZES)}, got {self.resize!r}")

    def __str__(self) -> str:
        """Describe the view in a few words, to stand beside a score."""
        many = self.flip or tuple(self.scales) != (1.0,)
        parts = [
            f"long side {self.long_side}",
            f"scales {' '.join(f'{scale:g}' for scale in self.scales)}" if many else "",
            "squares" if self.resize == "square" else "",
            "mirrored too" if self.flip else "",
            "dense CRF" if self.crf else "",
        ]
        return ", ".join(part for part in parts if part) + ("" if many or self.crf else ONE_PASS)

    def plain(self) -> "View":
        """Return the view of one pass at scale 1, the photo's shape kept, without CRF."""
        return View(self.long_side)

    def size_for(self, size: tuple[int, int], scale: float, *, multiple: int) -> list[int]:
        """Return the height and width at which the network sees a photo, in whole patches.

        Parameters
        ----------
        size
            Height and width of the photo.
        scale
            One of ``scales``.
        multiple
            Side of a patch, in pixels.
        """
        return RESIZES[self.resize](size, round(self.long_side * scale), multiple=multiple)

    def changed(
        self,
        *,
        scales: Sequence[float] | None = None,
        resize: str | None = None,
        flip: bool | None = None,
        crf: bool | None = None,
    ) -> "View":
        """Return the view with the settings that are given; None keeps the model's own."""
        given: dict[str, Any] = {"scales": scales, "resize": resize, "flip": flip, "crf": crf}
        return replace(self, **{name: value for name, value in given.items() if value is not None})


ONE_PASS = ", one plain pass"


def size_of_square(_size: tuple[int, int], side: int, *, multiple: int = 1) -> list[int]:
    """Return a square whatever the photo, as the released test has it; objects lose their shape."""
    return size_for_long_side((1, 1), side, multiple=multiple)


RESIZES: dict[str, Callable[..., list[int]]] = {
    "aspect": size_for_long_side,
    "square": size_of_square,
}
"""Name to the function from a photo's size and a long side to the size the network sees."""
