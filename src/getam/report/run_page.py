"""This module writes the report of a run as one HTML file that needs no other file.

``run_page.html`` is the template, ``run_page.css`` the style, and ``run_page.js`` the gallery. The
template escapes every text, so that a name full of HTML is shown as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from getam.evaluation import percent
from getam.files import write_text
from getam.report.line_chart import Points, line_chart
from getam.report.line_colours import line_colours
from getam.report.mask_colours import shown_colours

MOST_BYTES = 14_000_000
"""The most that the pictures of a page may weigh. Every page then stays below 15 MB."""


@dataclass(frozen=True)
class Stage:
    """A stage is one picture of a photo's card: the photo itself, or a layer over the photo.

    Attributes
    ----------
    title
        The name of the stage, as people read it.
    kind
        "photo", "map" or "mask".
    layer
        The layer as a data URI (`getam.report.map_uri`, `getam.report.mask_uri`); empty for the
        photo itself.
    """

    title: str
    kind: str = "photo"
    layer: str = ""


@dataclass(frozen=True)
class Card:
    """A card shows one photo through all stages.

    Attributes
    ----------
    name
        The id of the photo.
    photo
        The photo as a data URI (`getam.report.photo_uri`).
    size
        Width and height of the photo.
    stages
        The pictures, in the order in which they were made.
    tags
        The classes that the user named.
    colours
        The colour of each class or label that a mask may show, by its name.
    part
        "trained on" or "not trained on".
    quality
        The quality score in 0..1.
    doubt
        What may be wrong: a name of ``RunPage.doubts``, or empty.
    reason
        One sentence that explains the doubt, or empty.
    overlap
        The overlap with the true outline in 0..1; None without a true mask.
    facts
        Further figures of the photo, by their names.
    """

    name: str
    photo: str
    size: tuple[int, int]
    stages: Sequence[Stage]
    tags: Sequence[str]
    colours: Mapping[str, str]
    part: str
    quality: float
    doubt: str = ""
    reason: str = ""
    overlap: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        """Return the number of bytes of the pictures in the page."""
        return len(self.photo) + sum(len(stage.layer) for stage in self.stages)


@dataclass(frozen=True)
class Suspect:
    """A suspect is a photo of the list of what to look at first.

    Attributes
    ----------
    name
        The id of the photo. If the photo has a card, the list links to it.
    doubt
        What may be wrong: a name of ``RunPage.doubts``.
    reason
        One sentence that explains it.
    quality
        The quality score in 0..1.
    """

    name: str
    doubt: str
    reason: str
    quality: float


@dataclass(frozen=True)
class Table:
    """A table has a text or a number in every cell.

    Attributes
    ----------
    title, note
        The heading, and sentences that explain the columns.
    head
        The titles of the columns.
    rows
        The cells. A float is a share of 0..1 and is shown in percent with a bar; None is a dash.
    """

    title: str
    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[str | float | None]]


@dataclass(frozen=True)
class Chart:
    """A chart has lines of points (x, y) by the name of the line.

    Attributes
    ----------
    title, note
        The heading, and a sentence that says how to read the lines.
    x_label
        The name of what the horizontal axis counts.
    lines
        The points of each line.
    """

    title: str
    note: str
    x_label: str
    lines: Mapping[str, Points]

    def drawing(self) -> Markup:
        """Return the chart as SVG with its legend, or "" if there is nothing to draw."""
        return Markup(line_chart(self.lines, x_label=self.x_label))


@dataclass(frozen=True)
class RunPage:
    """A run page holds everything that the report of a run says.

    Attributes
    ----------
    title, lead
        The heading, and one or two sentences below it.
    warning
        One sentence that must not be overlooked, if there is one.
    tiles
        The most important figures, by what they measure.
    doubts
        What may be wrong with a photo, by its name, with a sentence that explains it.
    suspects
        The photos to look at first.
    tables, charts, cards
        The sections of the page. Sections without content are left out.
    facts
        Names and values such as settings and versions, by heading.
    command
        The command that makes the same run again.
    """

    title: str
    lead: str = ""
    warning: str = ""
    tiles: Mapping[str, str] = field(default_factory=dict)
    doubts: Mapping[str, str] = field(default_factory=dict)
    suspects: Sequence[Suspect] = ()
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()
    cards: Sequence[Card] = ()
    facts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    command: str = ""


def write_run_page(path: str | Path, page: RunPage) -> int:
    """Write the page, whole or not at all.

    Cards are written in their order until their pictures weigh 14 MB. The page says how many are
    left out.

    Returns
    -------
    int
        The number of cards that were written.

    Raises
    ------
    OSError
        If the page cannot be written.
    """
    cards = light_enough(page.cards)
    environment = Environment(
        loader=PackageLoader("getam.report", "."), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["percent"] = percent
    folder = Path(__file__).parent
    text = environment.get_template("run_page.html").render(
        page=page,
        cards=cards,
        charts=[(chart, drawing) for chart in page.charts if (drawing := chart.drawing())],
        classes=sorted({tag for card in cards for tag in card.tags}),
        numbers={card.name: number for number, card in enumerate(cards)},
        style=Markup((folder / "run_page.css").read_text(encoding="utf-8") + line_colours()),
        script=Markup((folder / "run_page.js").read_text(encoding="utf-8")),
    )
    write_text(path, text)
    return len(cards)


def light_enough(cards: Sequence[Card]) -> list[Card]:
    """Return the first cards whose pictures weigh at most 14 MB together."""
    kept: list[Card] = []
    weight = 0
    for card in cards:
        weight += card.weight
        if weight > MOST_BYTES:
            break
        kept.append(card)
    return kept


def colours_of(names: Mapping[int, str]) -> dict[str, str]:
    """Return the colour ``#rrggbb`` of mask values by their names.

    Examples
    --------
    >>> colours_of({1: "cat", 255: "undecided"})
    {'cat': '#800000', 'undecided': '#e0e0c0'}
    """
    return {name: f"#{shown_colours()[value].tobytes().hex()}" for value, name in names.items()}
