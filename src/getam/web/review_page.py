"""This module lays out the page on which a person reviews masks; it needs gradio.

The page only asks `getam.correction.Review`, and shows what is on its screen.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from math import floor
from pathlib import Path
from typing import Any

import gradio as gr
import torch

from getam.correction import OPEN, Review
from getam.data import read_photo
from getam.inference import file_values
from getam.printable import printable
from getam.report import colours_of
from getam.vocabulary import BACKGROUND, IGNORE
from getam.web.page import OPACITY, told
from getam.web.review_picture import picture_uri, review_picture

SCRIPT = Path(__file__).with_name("review.js")

CLICK, BRUSH = "click", "brush"
TOOLS = ((f"{CLICK} (C)", CLICK), (f"{BRUSH} (B)", BRUSH))

WIDTH = 3.0
"""Width of the brush at the beginning, in percent of the photo's long side."""

HELP = (
    "<p>Choose a class, and click on a pixel that should have it: the region around it takes the "
    "class. The brush paints what clicks do not reach. Every change is saved at once.</p>"
    "<p>Keys: <kbd>A</kbd> accept, <kbd>R</kbd> reject, <kbd>U</kbd> undo, <kbd>N</kbd> next, "
    "<kbd>P</kbd> previous, <kbd>C</kbd> click, <kbd>B</kbd> brush, <kbd>0</kbd> to <kbd>9</kbd> "
    "choose the class.</p>"
)


def review_page(review: Review, *, title: str, qualities: Mapping[str, float]) -> gr.Blocks:
    """Make the page that leads a person through the photos of a review.

    Parameters
    ----------
    review
        The review. Every open page shows the same one.
    title
        What the heading names, such as the folder of the run.
    qualities
        The quality of the masks of photos by their ids, 0..1, as far as it is known.
    """
    with gr.Blocks(title=f"{title} - getam review", analytics_enabled=False) as page:
        gr.HTML(f"<h1>{escape(printable(title))}: accept, reject or correct masks</h1>")
        with gr.Row():
            with gr.Column(scale=5, min_width=280):
                said = gr.HTML(elem_id="said")
                screen = gr.HTML(
                    elem_id="screen",
                    js_on_load=SCRIPT.read_text(encoding="utf-8"),
                    apply_default_css=False,
                )
                counts = gr.HTML(elem_id="counts")
            with gr.Column(scale=2, min_width=280):
                buttons = decision_buttons()
                value, tool, width, opacity = review_controls(review)
                gr.HTML(HELP)

        def shown(opacity: float) -> list[str]:
            return [said_of(review, qualities), screen_of(review, opacity), counts_of(review)]

        def answer(act: Callable[[], None], opacity: float) -> list[str]:
            try:
                act()
            except (ValueError, OSError) as error:
                return [told(str(error), wrong=True), *shown(opacity)[1:]]
            return shown(opacity)

        def touched(
            opacity: float, value: int, tool: str, width: float, touch: gr.EventData
        ) -> list[str]:
            act = partial(touch_photo, review, tool, touch.points, value=value, width=width)
            return answer(act, opacity)

        output = [said, screen, counts]
        asking: dict[str, Any] = {
            "concurrency_id": "review",  # one change after the other
            "api_visibility": "private",
            "show_progress": "hidden",
        }
        for name, act in actions(review).items():
            buttons[name].click(partial(answer, act), [opacity], output, **asking)
        screen.select(
            touched, [opacity, value, tool, width], output, trigger_mode="multiple", **asking
        )
        opacity.input(shown, [opacity], output, trigger_mode="always_last", **asking)
        page.load(shown, [opacity], output, **asking)
    return page


def decision_buttons() -> dict[str, gr.Button]:
    """Lay out the buttons, and return them by the names of their actions."""
    buttons: dict[str, gr.Button] = {}
    for row in (("accept", "reject"), ("undo",), ("previous", "next")):
        with gr.Row():
            for name in row:
                buttons[name] = gr.Button(
                    f"{name.capitalize()} ({name[0].upper()})",
                    variant="primary" if name == "accept" else "secondary",
                    elem_id=name,
                    min_width=100,
                )
    return buttons


def review_controls(review: Review) -> tuple[gr.Radio, gr.Radio, gr.Slider, gr.Slider]:
    """Lay out the choice of the class, the tool, the width of the brush, and the opacity."""
    names = ["background", *map(printable, review.source.classes)]
    classes = [(f"{value} {name}", value) for value, name in enumerate(names)]
    return (
        gr.Radio(
            [*classes, ("undecided (brush only)", IGNORE)],
            value=min(1, len(classes) - 1),
            label="Class",
            elem_id="class",
        ),
        gr.Radio(list(TOOLS), value=CLICK, label="Tool", elem_id="tool"),
        gr.Slider(0.5, 20, WIDTH, step=0.5, label="Width of the brush, percent", elem_id="brush"),
        gr.Slider(0, 1, OPACITY, step=0.05, label="Opacity", elem_id="opacity"),
    )


def actions(review: Review) -> dict[str, Callable[[], None]]:
    """Return what the buttons do, by their names."""

    def decide(decision: Callable[[], None]) -> Callable[[], None]:
        def act() -> None:
            decision()
            review.go_to_open()

        return act

    def undo() -> None:
        if not review.undo():
            raise ValueError("there is nothing to undo")

    return {
        "accept": decide(review.accept),
        "reject": decide(review.reject),
        "undo": undo,
        "next": lambda: review.go(1),
        "previous": lambda: review.go(-1),
    }


def touch_photo(
    review: Review, tool: str, shares: Sequence[Sequence[float]], *, value: int, width: float
) -> None:
    """Click on the photo, or paint a stroke.

    Parameters
    ----------
    review
        The review.
    tool
        "click" or "brush".
    shares
        The points of the stroke in shares of the photo's width and height. A click has one.
    value
        0 background, class + 1, or 255 undecided.
    width
        Width of the brush in percent of the photo's long side.

    Raises
    ------
    ValueError
        If a click lies outside the photo or has no class.
    """
    height, columns = review.label.shape
    points = [(floor(x * columns), floor(y * height)) for x, y in shares]
    if tool == BRUSH:
        radius = width / 100 * max(height, columns) / 2
        review.paint(points, radius=radius, value=value)
        return
    if value == IGNORE:
        raise ValueError("a click needs a class: choose one, or paint with the brush")
    x, y = points[0]
    review.click(min(max(x, 0), columns - 1), min(max(y, 0), height - 1), value)


def screen_of(review: Review, opacity: float) -> str:
    """Return the picture of the photo on the screen as HTML."""
    mask = file_values(review.source.classes)[torch.from_numpy(review.label).long()].numpy()
    photo = read_photo(review.record.image)
    picture = review_picture(photo, mask, review.clicks, opacity=opacity)
    return (
        f'<div class="screen"><img src="{picture_uri(picture)}" draggable="false" '
        f'alt="photo and mask"><canvas></canvas></div>{label_legend(review)}'
    )


def label_legend(review: Review) -> str:
    """Return the colours of the classes in the label as HTML."""
    present = {int(number) for number in torch.from_numpy(review.label).unique()} - {BACKGROUND}
    classes = enumerate(review.source.classes.items(), start=1)
    names = {value: name for number, (name, value) in classes if number in present}
    if IGNORE in present:
        names[IGNORE] = "undecided"
    keys = [
        f'<li><i style="background: {colour}"></i>{escape(printable(name))}</li>'
        for name, colour in colours_of(names).items()
    ]
    return f'<ul class="legend">{"".join(keys)}</ul>'


def said_of(review: Review, qualities: Mapping[str, float]) -> str:
    """Say which photo is on the screen, what its tags are, and what is decided about it."""
    record = review.record
    tags = "no tags" if record.labels is None else ", ".join(record.labels) or "none of the classes"
    quality = qualities.get(record.id)
    parts = [
        f"Photo {review.place + 1} of {len(review.source)}, {record.id} ({tags})",
        f"quality {quality:.2f}" if quality is not None else "quality not known",
        review.decision,
    ]
    return told(": ".join([parts[0], ", ".join(parts[1:])]))


def counts_of(review: Review) -> str:
    """Say how many photos are decided."""
    counts = review.counts
    text = ", ".join(f"{count} {name}" for name, count in counts.items())
    if counts[OPEN] == 0:
        text += ". Every photo is decided."
    return f"<p>{text}</p>"
