"""This module puts the report of a run together from its record and its photos."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from getam.data import Source
from getam.evaluation import (
    ALL_TRAINED_ON,
    DOUBTS,
    PhotoSigns,
    percent,
    poor_masks,
    suspicious,
)
from getam.inference import TRAINED_ON, files_of
from getam.model import Model
from getam.outputs import refuse_inputs
from getam.replacing import HTML, refuse_other_kind
from getam.report import RunPage, Suspect, write_run_page
from getam.run_report.choice import chosen, shares
from getam.run_report.facts import duration, facts
from getam.run_report.gallery import cards
from getam.run_report.recorded_run import RecordedRun, read_run
from getam.run_report.tables import charts, class_table, stage_table

REPORT = "report.html"
MOST_PHOTOS = 120
MOST_SUSPECTS = 10  # of each kind

LEAD = (
    "The network learnt from photos and their tags alone; nobody drew a mask for it. This page "
    "shows how far that came, photo by photo, and which photos deserve a look."
)


def report_run(
    folder: str | Path,
    parts: Mapping[str, Source],
    *,
    model: Model,
    out: str | Path | None = None,
    title: str | None = None,
    most_photos: int = MOST_PHOTOS,
    workers: int | None = None,
) -> Path:
    """Write the report of a run as one HTML file below 15 MB that needs no other file.

    The gallery shows some photos of each part. Two thirds of them are those of the worst quality,
    as far as ``quality.json`` of the run knows it, and the others are chosen evenly from the rest.
    The model computes the maps and masks of these photos anew.

    Parameters
    ----------
    folder
        The run folder. Figures that it lacks are left out.
    parts
        The photos to choose from, by what the run did with them, such as "trained on". Their
        classes are the model's. Photos about whose tags nothing is known are left out.
    model
        The trained model of the run.
    out
        The HTML file. None writes ``report.html`` into the run folder.
    title
        The heading of the page. None takes the name of the run folder.
    most_photos
        How many photos to show at most.
    workers
        Number of processes that read photos.

    Returns
    -------
    Path
        The file that was written. It is written whole or not at all.

    Raises
    ------
    FileExistsError, PermissionError
        As :func:`getam.replacing.refuse_other_kind`.
    ValueError
        If the file would replace a photo or another input, or if a photo cannot be read.
    """
    out = Path(out or Path(folder) / REPORT)
    refuse_inputs([out], [file for source in parts.values() for file in files_of(source)])
    refuse_other_kind(out, begins=HTML)
    run = read_run(folder)
    parts = {name: source.with_known_labels() for name, source in parts.items()}
    known = {photo.id: photo for photo in run.signs}
    qualities = {name: photo.quality for name, photo in known.items()}
    places = shares({name: len(source) for name, source in parts.items()}, most_photos)
    gallery = {name: chosen(parts[name], qualities, count) for name, count in places.items()}
    made = list(cards(model, gallery, workers=workers))
    signs = list({**known, **{a.photo.id: a.signs for a, _ in made}}.values())
    page = RunPage(
        title=title or f"Report of {run.folder.resolve().name}",
        lead=LEAD,
        warning=poor_masks(signs) or (ALL_TRAINED_ON if list(parts) == [TRAINED_ON] else ""),
        tiles=tiles(run, parts),
        doubts=DOUBTS,
        suspects=suspects(signs),
        tables=[class_table(run, parts.get(TRAINED_ON), signs), stage_table(run)],
        charts=charts(run),
        cards=sorted((card for _, card in made), key=lambda card: card.quality),
        facts=facts(run),
        command=run.command(),
    )
    write_run_page(out, page)
    return out


def tiles(run: RecordedRun, parts: Mapping[str, Source]) -> dict[str, str]:
    """Return the most important figures of a run, as far as they are known."""
    found: dict[str, str] = {}
    if run.scores.get("miou") is not None:
        found["overlap with the true outlines (mean IoU)"] = percent(run.scores["miou"])
    if "tags" in run.scores:
        mean = run.scores["tags"]["mean_ap"]
        found["how reliably tags are recognised (mean average precision)"] = (
            "too few photos were held out" if mean is None else percent(mean)
        )
    found |= {f"photos {name}": f"{len(source):,}" for name, source in parts.items()}
    if run.seconds is not None:
        found["time of the training"] = duration(run.seconds)
    return found


def suspects(signs: Sequence[PhotoSigns]) -> list[Suspect]:
    """Return the photos to look at first, with the reason for each."""
    return [
        Suspect(photo.id, photo.doubt.kind, photo.doubt.reason, photo.quality)
        for photo in suspicious(signs, most=MOST_SUSPECTS)
    ]
