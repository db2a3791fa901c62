"""This module turns looks at photos and saliency maps into findings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from getam.check.alike import Groups, equal, nearly_equal
from getam.check.look import Look
from getam.data import Record
from getam.data.finding import Finding

TINY = 64
"""Side in pixels: a transformer with patches of 16 finds next to nothing in a smaller photo."""


@dataclass(frozen=True)
class Seen:
    """A seen photo is a photo of a part of a data set that was looked at.

    Attributes
    ----------
    part
        The part that it is in: "train" or "val".
    record
        The record, which holds what is known about it.
    look
        The look says what was found when the photo was opened.
    """

    part: str
    record: Record
    look: Look

    @property
    def name(self) -> str:
        """Return the path of the photo, which is its name in messages."""
        return str(self.record.image)


def photo_findings(photos: Sequence[Seen]) -> list[Finding]:
    """Return what speaks against the photos and their saliency maps, whatever their labels."""
    checks = (unreadable, tiny, alike, unreadable_maps, inverted)
    return [finding for check in checks for finding in check(photos)]


def unreadable(photos: Sequence[Seen]) -> Iterator[Finding]:
    """Yield a finding about the photos that cannot be read."""
    faults = tuple(photo.look.fault for photo in photos if photo.look.fault)
    if faults:
        message = f"{len(faults)} photos cannot be read"
        yield Finding("error", "unreadable photos", message, "replace or remove them", faults)


def tiny(photos: Sequence[Seen]) -> Iterator[Finding]:
    """Yield a finding about the photos that have too few pixels to find anything in."""
    small = [p for p in photos if not p.look.fault and min(p.look.size) < TINY]
    names = tuple(f"{p.name} ({p.look.size[1]} x {p.look.size[0]})" for p in small)
    if small:
        message = f"{len(small)} photos have a side of less than {TINY} pixels"
        yield Finding("warning", "tiny photos", message, "take larger versions of them", names)


def alike(photos: Sequence[Seen]) -> Iterator[Finding]:
    """Yield findings about photos that are equal or nearly equal, in one part or in two."""
    readable = [photo for photo in photos if not photo.look.fault]
    copies = _members(equal([photo.look.digest for photo in readable]), readable)
    near = _members(nearly_equal([photo.look.fingerprint for photo in readable]), readable)
    near = [group for group in near if len({photo.look.digest for photo in group}) > 1]
    yield from _shared(copies, "equal", "equal photos in both parts")
    yield from _shared(near, "nearly equal", "nearly equal photos in both parts")
    yield from _differently_labelled(copies)
    inside = [group for group in copies if not _in_both(group)]
    if inside:
        count = sum(map(len, inside))
        message = f"{count} photos have the same bytes as another one"
        advice = "keep one of each group"
        yield Finding("warning", "equal photos", message, advice, _named(inside))
    inside = [group for group in near if not _in_both(group)]
    if inside:
        count = sum(map(len, inside))
        message = f"{count} photos are nearly equal to another one"
        advice = (
            "keep one of each group if they show one scene; otherwise it counts several times, and "
            "photos that are held out for scores may be copies of what was trained on"
        )
        yield Finding("warning", "nearly equal photos", message, advice, _named(inside))


def unreadable_maps(photos: Sequence[Seen]) -> Iterator[Finding]:
    """Yield a finding about the saliency maps that cannot be read."""
    faults = tuple(photo.look.map_fault for photo in photos if photo.look.map_fault)
    if faults:
        message = f"{len(faults)} saliency maps cannot be read"
        advice = "make them again; their photos are left out of training"
        yield Finding("error", "unreadable saliency maps", message, advice, faults)


def inverted(photos: Sequence[Seen]) -> Iterator[Finding]:
    """Yield a finding if the saliency maps are, on average, brighter at the border.

    Objects are mostly in the middle of a photo. A single photo may differ, but not
    the mean of many.
    """
    means = np.array([(photo.look.border, photo.look.centre) for photo in photos]).reshape(-1, 2)
    means = means[~np.isnan(means).any(1)]
    if not len(means) or means[:, 0].mean() <= means[:, 1].mean():
        return
    border, centre = means.mean(0).round().astype(int).tolist()
    message = (
        f"the {len(means)} saliency maps are brighter at the border (mean {border} of 255) than in "
        f"the centre ({centre}), as if bright and dark were exchanged"
    )
    yield Finding("warning", "saliency inverted", message, "invert them: objects must be bright")


def _shared(groups: list[list[Seen]], how: str, topic: str) -> Iterator[Finding]:
    """Yield a finding about the groups that have photos in both parts."""
    both = [group for group in groups if _in_both(group)]
    if both:
        scored = len({photo.name for group in both for photo in group if photo.part == "val"})
        message = f"{scored} photos to score have {how} ones among those to train on"
        advice = "put all photos of a group into one part, or the scores will be too good"
        names = tuple(tuple(f"{photo.name} ({photo.part})" for photo in group) for group in both)
        yield Finding("warning", topic, message, advice, names)


def _differently_labelled(copies: list[list[Seen]]) -> Iterator[Finding]:
    """Yield a finding about equal photos whose labels differ."""
    torn = [group for group in copies if len({_labels(photo) for photo in group}) > 1]
    if torn:
        message = f"{len(torn)} photos have copies with other labels"
        advice = "keep one copy and give it all its labels in a label file, such as cat;dog"
        yield Finding("warning", "copies with other labels", message, advice, _named(torn))


def _labels(photo: Seen) -> frozenset[str] | None:
    labels = photo.record.labels
    return None if labels is None else frozenset(labels)


def _members(groups: Groups, photos: Sequence[Seen]) -> list[list[Seen]]:
    return [[photos[position] for position in group] for group in groups]


def _in_both(group: Sequence[Seen]) -> bool:
    return len({photo.part for photo in group}) > 1


def _named(groups: Sequence[Sequence[Seen]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(photo.name for photo in group) for group in groups)
