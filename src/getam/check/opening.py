"""This module opens a data set as far as it can be opened, and keeps every fault as a finding."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from getam.data import Source, list_photos, with_truth
from getam.data.finding import Finding, Notice
from getam.data.open import open_bare, read_arguments
from getam.data.saliency import saliency_beside


def open_as_far_as_possible(path: Path, notice: Notice, **given: Any) -> Source:
    """Open a data set. What cannot be opened becomes a finding and is left out.

    Parameters
    ----------
    path
        As for :func:`getam.data.open_source`.
    notice
        The function that is called with each fault.
    **given
        The other arguments of `open_source`.

    Returns
    -------
    Source
        The data set. If its labels are refused, it has only the photos of the folder, or none.
    """
    try:
        arguments = read_arguments(path, **given)
        source = open_bare(arguments, notice)
    except (OSError, ValueError) as error:
        notice(refusal(error))
        return _photos_alone(path)
    for complete in _completions(arguments, values=source.classes, notice=notice):
        source = _tried(complete, source, notice)
    return source


def refusal(error: Exception) -> Finding:
    """Return the finding for an error at which a training would stop before it begins."""
    return Finding("refused", "refused", str(error), "mend this: training stops at it")


def _completions(
    arguments: Mapping[str, Any], *, values: Mapping[str, int], notice: Notice
) -> Iterator[Callable[[Source], Source]]:
    """Yield what is still to be done to a bare source: choose classes, add masks and maps."""
    classes, truth, saliency = map(arguments.get, ("classes", "truth", "saliency"))
    if classes is not None:
        yield lambda source: source.choose(classes)
    if truth is not None:
        yield lambda source: with_truth(source, truth, values=values)
    if saliency is not None:
        yield lambda source: _with_maps(source, saliency, notice)


def _tried(complete: Callable[[Source], Source], source: Source, notice: Notice) -> Source:
    """Return the completed source, or the source as it is if that is refused."""
    try:
        return complete(source)
    except (OSError, ValueError) as error:
        notice(refusal(error))
        return source


def _photos_alone(path: Path) -> Source:
    """Return the photos of a folder without labels, or no photo."""
    try:
        return list_photos(path) if path.is_dir() else Source((), {}, name=str(path))
    except (OSError, ValueError):  # it holds no photo, which the first error has said
        return Source((), {}, name=str(path))


def _with_maps(source: Source, folder: Path, notice: Notice) -> Source:
    """Return the source with the saliency maps that are there, and tell of those that are not."""
    source = saliency_beside(source, folder)
    missing = tuple(str(record.image) for record in source.records if record.saliency is None)
    if missing:
        message = f"{len(missing)} photos of {source.name} have no saliency map in {folder}"
        advice = "make the missing maps, or train without --saliency"
        notice(Finding("refused", "missing saliency maps", message, advice, missing))
    return source
