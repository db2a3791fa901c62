"""The photos of a review come in the order in which they need a person."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from getam.data import Record, Source
from getam.inference import QUALITY, judge_photos, read_quality
from getam.model import Model
from getam.progress import counted


def worst_first(records: Sequence[Record], qualities: Mapping[str, float]) -> list[Record]:
    """Sort photos by the quality of their masks, the worst first.

    Parameters
    ----------
    records
        The photos.
    qualities
        The quality of a photo by its id, 0..1. Photos without one come last, in their own order.
    """
    return sorted(records, key=lambda record: qualities.get(record.id, 2.0))


def qualities_for(
    source: Source, run: Path, model: Model, *, workers: int | None = None
) -> dict[str, float]:
    """Return the quality of every photo about whose tags something is known, by its id.

    The run has written the quality of its own photos. All others are judged now.

    Parameters
    ----------
    source
        The photos.
    run
        The folder of the run, which may hold ``quality.json``.
    model
        The model of the run.
    workers
        Number of processes that read photos.

    Raises
    ------
    ValueError
        If ``quality.json`` is damaged.
    """
    written = [signs for part in read_quality(run / QUALITY).values() for signs in part]
    found = {signs.id: signs.quality for signs in written}
    others = tuple(r for r in source.records if r.id not in found and r.labels is not None)
    if others:
        rest = replace(source, records=others)
        with counted("photos judged", len(others)) as advance:
            for judged in judge_photos(model, rest, workers=workers):
                found[judged.signs.id] = judged.signs.quality
                advance()
    return {record.id: found[record.id] for record in source.records if record.id in found}
