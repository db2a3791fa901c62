"""The verb ``getam serve`` shows in a browser what a network sees in photos."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from getam.cli.options import run_verb
from getam.extra import needs

if TYPE_CHECKING:
    from getam.web.serve import Build

CORRECTED = "corrected"
"""The folder in a run for the masks of a review, unless another one is named."""

OF_A_REVIEW = ("out", "labels", "split", "none")


def serve(
    run: Path | None = None,
    backbone: str | None = None,
    weights: Path | None = None,
    pretrained: bool = True,
    review: Path | None = None,
    out: Path | None = None,
    labels: Path | None = None,
    split: str | None = None,
    none: str | None = None,
    port: int | None = None,
    open_browser: bool = False,
    device: str | None = None,
) -> None:
    """Show a page on this machine where you drop a photo and see what the network sees in it.

    With --review, the page leads you through the masks of a data set, the worst first, and you
    accept, reject or correct them.

    Args:
        run: folder of a trained or converted model
        backbone: timm name of a vision transformer with its own classifier, in place of a run
        weights: file with the backbone's weights (.safetensors, .pth), head included
        pretrained: use timm's pretrained weights
        review: a data set, as for getam train, whose masks you want to review
        out: folder for the reviewed masks; default the folder corrected in the run
        labels: label file, where the data set to review has none of its own
        split: part of the data set to review; default all of it
        none: class folder whose photos show none of the classes
        port: port of the page; default the first free one from 7860
        open_browser: open the page in your browser
        device: cpu, cuda, cuda:1 or mps; default a CUDA GPU if there is one
    """
    settings = locals()
    check_choice(run, backbone, weights, port)
    check_review(run, settings)
    with needs("web", asked="getam serve"):
        import gradio  # noqa: F401
    from getam.web import serve as serve_page

    with ExitStack() as held:
        build = exploration_of(settings) if review is None else review_of(settings, held)
        serve_page(build, port=port, open_browser=open_browser)


def check_choice(
    run: Path | None, backbone: str | None, weights: Path | None, port: int | None
) -> None:
    """Raise a ValueError, before anything is loaded, unless the options fit together."""
    if run is not None and (backbone is not None or weights is not None):
        raise ValueError("give a run or --backbone (and --weights), not both")
    if run is None and backbone is None:
        raise ValueError("give the folder of a run, or --backbone NAME (a timm model)")
    if port is not None and not 1 <= port <= 65535:
        raise ValueError(f"port must lie in 1..65535, got {port}")


def check_review(run: Path | None, settings: Mapping[str, Any]) -> None:
    """Raise a ValueError unless the options of a review come with one, and a review with a run."""
    if settings["review"] is not None and run is None:
        raise ValueError("--review needs the folder of a run, whose network makes the masks")
    alone = [name for name in OF_A_REVIEW if settings[name] is not None]
    if settings["review"] is None and alone:
        raise ValueError(f"--{alone[0]} belongs to a review: name its data set with --review DATA")


def exploration_of(settings: Mapping[str, Any]) -> "Build":
    """Open the run or the timm model, whichever is named, and return what makes its page."""
    from functools import partial

    from getam.explain import timm_classifier
    from getam.model import load_model
    from getam.web import ClassifierExplorer, Explorer, RunExplorer
    from getam.web.page import explore_page

    run, backbone, device = (settings[name] for name in ("run", "backbone", "device"))
    explorer: Explorer
    if run is not None:
        explorer = RunExplorer(load_model(run, device=device))
    else:
        wanted = {name: settings[name] for name in ("pretrained", "weights", "device")}
        explorer = ClassifierExplorer(timm_classifier(str(backbone), **wanted))
    title = str(backbone) if run is None else run.resolve().name
    return partial(explore_page, explorer, title=title)


def review_of(settings: Mapping[str, Any], held: ExitStack) -> "Build":
    """Open the run, the data set and the folder of the masks, and return what makes the page.

    The folder belongs to this process until ``held`` is closed.
    """
    from functools import partial

    from getam.cli.command import inputs_of
    from getam.cli.splits import open_for
    from getam.correction import open_review, qualities_for
    from getam.files import alone_in
    from getam.inference import output_folder
    from getam.model import load_model
    from getam.web.review_page import review_page

    run, data = settings["run"], settings["review"]
    model = load_model(run, device=settings["device"])
    wanted = {name: settings[name] for name in ("labels", "split", "none")}
    source = open_for(model, {**wanted, "data": data, "strict": False})
    command = {"verb": "serve --review", "data": str(data.resolve()), "classes": model.classes}
    folder = settings["out"] or run / CORRECTED
    inputs = inputs_of({**settings, "data": data})
    try:
        out = output_folder(folder, source, command, inputs=inputs)
    except FileExistsError:
        raise FileExistsError(
            f"out: {folder} is no folder of a review of {data}: name another one with --out"
        ) from None
    out.path.mkdir(parents=True, exist_ok=True)
    held.enter_context(alone_in(out.path))
    qualities = qualities_for(source, run, model)
    review = open_review(model, source, out, qualities)
    print(f"The masks of {len(source)} photos are reviewed; they are kept in {out.path}.")
    return partial(review_page, review, title=run.resolve().name, qualities=qualities)


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options."""
    run_verb("serve", serve, options)
