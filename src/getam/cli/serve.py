"""The verb ``getam serve`` shows in a browser what a network sees in photos."""

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from getam.cli.options import led_by, run_verb
from getam.extra import needs
from getam.stopped import Stopped

if TYPE_CHECKING:
    from getam.web import Explorer


def serve(
    run: Path | None = None,
    backbone: str | None = None,
    weights: Path | None = None,
    pretrained: bool = True,
    port: int | None = None,
    open_browser: bool = False,
    device: str | None = None,
) -> None:
    """Show a page on this machine where you drop a photo and see what the network sees in it.

    Args:
        run: folder of a trained or converted model; --run may be left out
        backbone: timm name of a vision transformer with its own classifier, in place of a run
        weights: file with the backbone's weights (.safetensors, .pth), head included
        pretrained: use timm's pretrained weights
        port: port of the page; default the first free one from 7860
        open_browser: open the page in your browser
        device: cpu or cuda; default the accelerator if there is one
    """
    from functools import partial

    check_choice(run, backbone, weights, port)
    with needs("web", asked="getam serve"):
        from getam.web.page import explore_page
    from getam.web import serve as serve_page

    explorer = explorer_of(run, backbone, weights=weights, pretrained=pretrained, device=device)
    title = str(backbone) if run is None else run.resolve().name
    signal.signal(signal.SIGTERM, stop)
    serve_page(partial(explore_page, explorer, title=title), port=port, open_browser=open_browser)


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


def explorer_of(
    run: Path | None,
    backbone: str | None,
    *,
    weights: Path | None,
    pretrained: bool,
    device: str | None,
) -> "Explorer":
    """Open the run or the timm model, whichever is named."""
    from getam.explain import timm_classifier
    from getam.model import load_model
    from getam.web import ClassifierExplorer, RunExplorer

    if run is not None:
        return RunExplorer(load_model(run, device=device))
    return ClassifierExplorer(
        timm_classifier(str(backbone), pretrained=pretrained, weights=weights, device=device)
    )


def stop(number: int, _frame: Any) -> NoReturn:
    """End the page on a signal, so that its temporary folder is removed."""
    raise Stopped("the page is no longer served", number)


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options."""
    run_verb("serve", serve, led_by("run", options))
