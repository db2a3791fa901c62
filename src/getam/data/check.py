"""This module finds the photos that cannot be read, before a long run begins."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from getam.data.finding import Finding, notice_for
from getam.data.photo import read_photo
from getam.data.source import Record, Source
from getam.elsewhere import Fetched
from getam.open_picture import open_picture

_END_OF_JPEG = b"\xff\xd9"
_TAIL = 4096


def check_photos(source: Source, *, strict: bool = False) -> Source:
    """Leave out the photos that cannot be read, or whose saliency map cannot be read.

    Every file is decoded. Only a JPEG that has a valid header and its end marker is trusted
    without decoding it.

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
        The source without the bad photos.

    Raises
    ------
    ValueError
        If no photo is left, or if ``strict`` is on and a photo is bad.
    """
    faults = _faults(source)
    bad = [fault for fault in faults if fault]
    if bad:
        message = f"{len(bad)} of {len(source)} photos of {source.name} cannot be read"
        advice = "replace or remove them; without --strict they are left out"
        finding = Finding("error", "unreadable photos", message, advice, tuple(bad))
        notice_for(strict=strict or len(bad) == len(source))(finding)
    return _sound(source, faults)


def readable(source: Source) -> Source:
    """Return the source without the bad photos, as `check_photos`, but without a word."""
    return _sound(source, _faults(source))


def _faults(source: Source) -> list[str]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_fault, source.records))


def _sound(source: Source, faults: list[str]) -> Source:
    good = (record for record, fault in zip(source.records, faults, strict=True) if not fault)
    return replace(source, records=tuple(good))


def _fault(record: Record) -> str:
    """Return what is wrong with a photo or its saliency map, "" if both are sound."""
    for path in (record.image, record.saliency):
        try:
            if path is not None and not _is_whole_jpeg(path):
                read_photo(path)
        except (OSError, ValueError) as error:
            return str(error)
    return ""


def _is_whole_jpeg(path: Path) -> bool:
    if isinstance(path, Fetched):  # it would be fetched twice
        return False
    try:
        with open_picture(path) as image:
            if image.format != "JPEG":
                return False
    except Exception:  # the decoders raise any kind; read_photo then says what is wrong
        return False
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        # Only zeros may follow: a thumbnail in the header has an end marker of its own.
        return file.read().rstrip(b"\0").endswith(_END_OF_JPEG)
