"""This module finds the photos that cannot be read, before a long run begins."""

import multiprocessing
from collections.abc import Iterator, Mapping
from dataclasses import replace
from multiprocessing.pool import ThreadPool
from pathlib import Path

from getam.data.finding import Finding, notice_for
from getam.data.photo import check_photo
from getam.data.source import Record, Source
from getam.this_process import usable_cores

DECODE_TIMEOUT = 120.0
"""So many seconds may pass until the next photo is decoded."""


def without_unreadable(source: Source, *, strict: bool = False) -> Source:
    """Leave out the photos that cannot be read, or whose saliency map cannot be read.

    Every file is decoded, a JPEG at an eighth of its size. A photo that passes can therefore be
    trained on, and what is trained on does not depend on the bad ones. A source that was checked
    before is returned as it is.

    Parameters
    ----------
    source
        The photos to check.
    strict
        Whether to raise an error if a photo is bad. Otherwise bad photos are left out with one
        warning.

    Returns
    -------
    Source
        The source without the bad photos, which ``left_out`` names with their reasons.

    Raises
    ------
    ValueError
        If no photo is left, or if ``strict`` is on and a photo is bad.
    TimeoutError
        If a photo hangs its decoder or its disk.
    """
    if source.left_out is not None:
        return source
    faults = list(_faults(source))
    bad = [fault for fault in faults if fault]
    if bad:
        message = f"{len(bad)} of {len(source)} photos of {source.name} cannot be read"
        advice = "replace or remove them; without --strict they are left out"
        finding = Finding("error", "unreadable photos", message, advice, tuple(bad))
        notice_for(strict=strict or len(bad) == len(source))(finding)
    paired = zip(source.records, faults, strict=True)
    return _sound(source, {record.image: fault for record, fault in paired if fault})


def readable(source: Source) -> Source:
    """Return the source without the bad photos, as `without_unreadable`, but without a word."""
    paired = zip(source.records, _faults(source), strict=True)
    return _sound(source, {record.image: fault for record, fault in paired if fault})


def _faults(source: Source) -> Iterator[str]:
    """Yield what is wrong with each photo, "" if it is sound."""
    # No program waits at its end for the threads of this pool, so one that hangs keeps none alive.
    with ThreadPool(usable_cores()) as pool:
        faults = pool.imap(_fault, source.records)
        for record in source.records:
            try:
                yield faults.next(timeout=DECODE_TIMEOUT)
            except multiprocessing.TimeoutError:
                raise TimeoutError(
                    f"the photo {record.image} was not decoded within {DECODE_TIMEOUT:g} seconds: "
                    "remove it or its saliency map, or see whether the disk hangs"
                ) from None


def _sound(source: Source, left_out: Mapping[Path, str]) -> Source:
    good = (record for record in source.records if record.image not in left_out)
    return replace(source, records=tuple(good), left_out=left_out)


def _fault(record: Record) -> str:
    """Return what is wrong with a photo or its saliency map, "" if both are sound."""
    for path in (record.image, record.saliency):
        try:
            if path is not None:
                check_photo(path)
        except (OSError, ValueError) as error:
            return str(error)
    return ""
