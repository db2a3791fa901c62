"""This module lays out the page that shows what a network sees in a photo; it needs gradio.

The page only asks :mod:`getam.web.explorer` and :mod:`getam.web.sight`, and shows what comes
back.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

import gradio as gr
from PIL import Image

from getam.places import class_parts
from getam.printable import printable
from getam.report import save_mask
from getam.report.overlay import INFERNO
from getam.web.dropped import MOST_MEBIBYTES, MOST_PIXELS, open_dropped
from getam.web.explorer import Choice, Explorer
from getam.web.sight import MAP, MASK, PSEUDO_LABEL, Key, Sight, draw

TITLES = {MAP: "Map", PSEUDO_LABEL: "Pseudo label", MASK: "Mask"}

OPACITY = 0.6

SWEEP, LIVES = 600, 3600
"""Every ten minutes, pictures that are older than an hour are deleted."""

EMPTY = (
    f"Drop a photo to begin. It may have {MOST_MEBIBYTES} MB and {MOST_PIXELS // 10**6} million "
    "pixels at most."
)


class Dropped(NamedTuple):
    """A dropped photo is kept with the name of its file, without folder and ending."""

    stem: str
    photo: Image.Image


@dataclass(frozen=True)
class Controls:
    """The controls are what a person sets before the network looks at the photo."""

    file: gr.File
    method: gr.Dropdown
    first_block: gr.Slider
    low: gr.Slider
    high: gr.Slider
    classes: gr.Dropdown

    def choice(self) -> list[Any]:
        """Return the controls of a choice, in the order of the fields of :class:`Choice`."""
        return [self.method, self.first_block, self.low, self.high, self.classes]


@dataclass(frozen=True)
class Results:
    """The results are what the page shows of a sight."""

    dropped: gr.State
    sight: gr.State
    said: gr.HTML
    map_of: gr.Radio
    opacity: gr.Slider
    pictures: dict[str, gr.Image]
    legend: gr.HTML
    files: dict[str, gr.DownloadButton]

    def all(self) -> list[Any]:
        """Return everything that changes when the network has looked at a photo."""
        shown = [self.said, self.map_of, self.opacity, self.legend]
        return [self.dropped, self.sight, *shown, *self.pictures.values(), *self.files.values()]


def explore_page(explorer: Explorer, *, title: str) -> gr.Blocks:
    """Make the page that asks a network about photos.

    Parameters
    ----------
    explorer
        The network: a :class:`getam.web.RunExplorer` or a :class:`getam.web.ClassifierExplorer`.
    title
        What the heading names, such as the folder of the run.
    """
    with gr.Blocks(
        title=f"{title} - getam", analytics_enabled=False, delete_cache=(SWEEP, LIVES)
    ) as page:
        gr.HTML(
            f"<h1>{escape(printable(title))}: what the network sees in a photo</h1>"
            "<p>Photos stay on this computer. Nothing is sent anywhere.</p>"
        )
        with gr.Row():
            with gr.Column(scale=2, min_width=280):
                controls = controls_for(explorer)
            with gr.Column(scale=5, min_width=280):
                results = results_for(explorer)
        connect(Answers(explorer, controls, results))
    return page


def controls_for(explorer: Explorer) -> Controls:
    """Lay out the controls, set to the start of the explorer."""
    start = explorer.start
    shares: dict[str, Any] = {"minimum": 0, "maximum": 1, "step": 0.01}
    return Controls(
        file=gr.File(label="Photo", height=150, elem_id="photo"),
        classes=gr.Dropdown(
            [(name, index) for index, name in enumerate(explorer.names)],
            multiselect=True,
            label="Classes",
            info="What the photo shows. If you choose none, the network chooses.",
            elem_id="classes",
        ),
        method=gr.Dropdown(
            list(explorer.methods), value=start.method, label="Method of the map", elem_id="method"
        ),
        first_block=gr.Slider(
            minimum=0,
            maximum=explorer.depth - 1,
            value=start.first_block,
            step=1,
            label="First block",
            info="Blocks of the network before this one do not count.",
            elem_id="first-block",
        ),
        low=gr.Slider(
            **shares,
            value=start.low,
            label="Background threshold",
            info="The pseudo label is background where the map is weaker.",
            visible=explorer.segments,
            elem_id="low",
        ),
        high=gr.Slider(
            **shares,
            value=start.high,
            label="Class threshold",
            info="It is the class where the map is stronger. Between the two it is undecided.",
            visible=explorer.segments,
            elem_id="high",
        ),
    )


def results_for(explorer: Explorer) -> Results:
    """Lay out the results, hidden until there are some."""
    titles = list(TITLES) if explorer.segments else [MAP]
    said = gr.HTML(told(EMPTY), elem_id="said")
    with gr.Row():
        map_of = gr.Radio([], label="Map of", visible=False, elem_id="map-of")
        opacity = gr.Slider(
            0, 1, OPACITY, step=0.01, label="Opacity", visible=False, elem_id="opacity"
        )
    with gr.Row():
        pictures = {
            title: gr.Image(
                label=TITLES[title],
                format="png",
                type="filepath",
                interactive=False,
                visible=False,
                buttons=["download", "fullscreen"],
                min_width=260,
                elem_id=title.replace(" ", "-"),
            )
            for title in titles
        }
    legend = gr.HTML(visible=False, elem_id="legend")
    with gr.Row():
        files = {
            title: gr.DownloadButton(
                f"{TITLES[title]} as a PNG of class values",
                visible=False,
                size="sm",
                elem_id=f"{title.replace(' ', '-')}-file",
            )
            for title in titles
            if title != MAP
        }
    return Results(gr.State(), gr.State(), said, map_of, opacity, pictures, legend, files)


@dataclass(frozen=True)
class Answers:
    """The answers are what changes on the page after each thing that a person does."""

    explorer: Explorer
    controls: Controls
    results: Results

    def arrive(self, file: str, *settings: Any) -> dict[Any, Any]:
        """Take a dropped file and look at it, or say in one line why it cannot be shown."""
        empty: dict[Any, Any] = {self.controls.file: None}
        try:
            dropped = Dropped(Path(file).stem, open_dropped(file))
        except (ValueError, OSError) as error:
            return {**empty, **hidden(self.results, told(str(error), wrong=True))}
        return {**empty, **self.look(dropped, *settings)}

    def look(self, dropped: Dropped | None, *settings: Any) -> dict[Any, Any]:
        """Let the network look at the photo again, as the controls now say."""
        if dropped is None:
            return {self.results.said: told(EMPTY)}
        *chosen, map_of, opacity = settings
        choice, stem = Choice(*chosen), dropped.stem
        try:
            sight = self.explorer(dropped.photo, choice)
        except (ValueError, RuntimeError) as error:
            refused = hidden(self.results, told(str(error), wrong=True))
            return {**refused, self.results.dropped: dropped}
        shown = map_of if map_of in sight.maps else next(iter(sight.maps))
        said = told(f"{stem}: {summary(sight, by_network=not choice.classes)}")
        return {
            self.results.dropped: dropped,
            self.results.said: said,
            **revealed(self.results, sight, shown),
            **drawn(self.results, sight, shown, opacity, stem=stem),
            **written(self.results, sight, stem=stem),
        }

    def redraw(
        self, dropped: Dropped | None, sight: Sight | None, map_of: str, opacity: float
    ) -> dict[Any, Any]:
        """Draw what was found again, in another opacity or for another class."""
        if dropped is None or sight is None:
            return {}
        return drawn(self.results, sight, map_of, opacity, stem=dropped.stem)


def connect(answers: Answers) -> None:
    """Let the network look whenever a control changes, and redraw when only the view does."""
    controls, results = answers.controls, answers.results
    view = [results.map_of, results.opacity]
    asking: dict[str, Any] = {
        "trigger_mode": "always_last",
        "concurrency_id": "network",
        "api_visibility": "private",
    }
    controls.file.upload(
        answers.arrive,
        [controls.file, *controls.choice(), *view],
        [controls.file, *results.all()],
        show_progress="minimal",
        **asking,
    )
    gr.on(
        [control.input for control in controls.choice()],
        answers.look,
        [results.dropped, *controls.choice(), *view],
        results.all(),
        show_progress="minimal",
        **asking,
    )
    gr.on(
        [results.map_of.input, results.opacity.input],
        answers.redraw,
        [results.dropped, results.sight, *view],
        list(results.pictures.values()),
        show_progress="hidden",
        **asking,
    )


def revealed(results: Results, sight: Sight, map_of: str) -> dict[Any, Any]:
    """Keep the sight, and show what explains its pictures."""
    names = list(sight.maps)
    return {
        results.sight: sight,
        results.map_of: gr.Radio(names, value=map_of, visible=len(names) > 1),
        results.opacity: gr.Slider(visible=True),
        results.legend: gr.HTML(legend_of(sight), visible=True),
    }


def drawn(
    results: Results, sight: Sight, map_of: str, opacity: float, *, stem: str
) -> dict[Any, Any]:
    """Draw the pictures into files and return the images that show them."""
    (part,) = class_parts([map_of])
    names = {MAP: f"{part}.map", PSEUDO_LABEL: "pseudo_label.overlay", MASK: "mask.overlay"}
    labels = {**TITLES, MAP: f"{TITLES[MAP]}: {map_of}"}
    shown = {}
    for title, picture in draw(sight, map_of, opacity=opacity).items():
        path = new_file(f"{stem}.{names[title]}.png")
        picture.save(path, compress_level=1)  # small files matter less here than a short wait
        shown[results.pictures[title]] = gr.Image(path, label=labels[title], visible=True)
    return shown


def written(results: Results, sight: Sight, *, stem: str) -> dict[Any, Any]:
    """Write the masks with the values of mask files, and return the buttons that give them."""
    buttons = {}
    for title, mask in sight.masks.items():
        path = new_file(f"{stem}.{title.replace(' ', '_')}.png")
        save_mask(path, mask)
        buttons[results.files[title]] = gr.DownloadButton(value=path, visible=True)
    return buttons


def new_file(name: str) -> str:
    """Return the path of a new file in the folder of the page, by the name that a download gets."""
    return str(Path(mkdtemp(dir=os.environ.get("GRADIO_TEMP_DIR"))) / name)


def hidden(results: Results, said: str) -> dict[Any, Any]:
    """Forget the sight, hide everything about it, and say why."""
    shown: Sequence[Any] = [results.map_of, results.opacity, results.legend]
    return {
        results.dropped: None,
        results.sight: None,
        results.said: said,
        **{each: gr.update(visible=False) for each in shown},
        **{each: gr.update(value=None, visible=False) for each in results.pictures.values()},
        **{each: gr.update(value=None, visible=False) for each in results.files.values()},
    }


def told(text: str, *, wrong: bool = False) -> str:
    """Return one line of text as HTML, which programs for blind people read out."""
    kind = "said wrong" if wrong else "said"
    return f'<p class="{kind}" role="status">{escape(printable(text.splitlines()[0]))}</p>'


def summary(sight: Sight, *, by_network: bool) -> str:
    """Say in one sentence whose classes are shown."""
    names = ", ".join(sight.maps)
    return f"the network chose {names}." if by_network else f"you chose {names}."


def legend_of(sight: Sight) -> str:
    """Return the legend of the colours as HTML; names may hold anything."""
    steps = ", ".join(f"#{step}" for step in INFERNO.split())
    heat = f'<li>map: weak<i class="heat" style="background: linear-gradient(90deg, {steps})"></i>'
    keys = "".join(key_of(key) for key in sight.legend())
    return f'<ul class="legend">{heat}strong</li>{keys}</ul>'


def key_of(key: Key) -> str:
    """Return one line of the legend as HTML."""
    colour = f'<i style="background: {key.colour}"></i>' if key.colour else ""
    share = "" if key.probability is None else f" {key.probability:.0%}"
    return f"<li>{colour}{escape(printable(key.name))}{share}</li>"
