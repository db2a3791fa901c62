"""This module finds what the tags alone say against a run; no photo is opened for it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import permutations

from getam.data import Source
from getam.data.finding import Finding
from getam.places import folded

FEW_PHOTOS = 10
"""A class that fewer photos show gets poor masks."""

TOGETHER = 0.95
"""The share of a class's photos that must show another class too, to count as always."""

AT_LEAST = 3
"""Fewer photos of a class say nothing about what it occurs with."""


def tag_findings(source: Source) -> list[Finding]:
    """Return what the tags of the photos say against training on them, in the time of a moment.

    Parameters
    ----------
    source
        The photos to train on.

    Returns
    -------
    list of Finding
        Warnings about classes that few photos show, classes that always occur together, classes
        that every photo shows, and class names that differ only in their spelling.
    """
    return [
        finding
        for look in (few_photos, always_together, everywhere, spelled_alike)
        for finding in look(source)
    ]


def photos_of(source: Source) -> Counter[str]:
    """Return how many photos show each class."""
    return Counter(name for record in source.records for name in record.labels or ())


def few_photos(source: Source) -> Iterator[Finding]:
    """Yield a finding about the classes that some photos show, but fewer than 10."""
    shown = photos_of(source)
    few = tuple(f"{name} {shown[name]}" for name in source.classes if 0 < shown[name] < FEW_PHOTOS)
    if few:
        message = f"fewer than {FEW_PHOTOS} photos show these classes, so their masks will be poor"
        advice = "add photos, or leave the classes out with --classes"
        yield Finding("warning", "few photos", message, advice, few)


def always_together(source: Source) -> Iterator[Finding]:
    """Yield a finding about the classes that (nearly) always occur with another class.

    Nothing in the tags then tells the two apart, so the activation map of one covers the other.
    """
    shown, common = photos_of(source), set(_everywhere(source))
    pairs = Counter(pair for r in source.records for pair in permutations(r.labels or (), 2))
    found = tuple(
        f"{name} with {other} ({count} of {shown[name]} photos)"
        for (name, other), count in sorted(pairs.items())
        if shown[name] >= AT_LEAST and count >= TOGETHER * shown[name] and other not in common
    )
    if found:
        message = "these classes never occur without another, so the map of one may cover both"
        advice = "add photos that show the one without the other, or give both one name"
        yield Finding("warning", "classes together", message, advice, found)


def everywhere(source: Source) -> Iterator[Finding]:
    """Yield a finding about the classes that every photo shows or may show.

    A classifier that is trained on such photos learns to say yes to every photo.
    """
    names = _everywhere(source)
    if names:
        message = (
            f"no photo of {source.name} is known to be without these classes, so the classifier "
            "has nothing to tell them from"
        )
        advice = (
            "add photos that do not show them (with empty labels, or in a folder named by --none)"
        )
        yield Finding("warning", "classes in every photo", message, advice, names)


def spelled_alike(source: Source) -> Iterator[Finding]:
    """Yield a finding about class names that differ only in case, spaces, hyphens, underscores."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in source.classes:
        groups["".join(folded(name).replace("_", " ").replace("-", " ").split())].append(name)
    alike = tuple(tuple(names) for names in groups.values() if len(names) > 1)
    if alike:
        message = "these class names differ only in case, spaces, hyphens or underscores"
        advice = "write each class in one way, unless they are different classes"
        yield Finding("warning", "spelling of classes", message, advice, alike)


def _everywhere(source: Source) -> tuple[str, ...]:
    known = [record for record in source.records if record.labels is not None]
    may_show = Counter(name for r in known for name in {*(r.labels or ()), *r.unknown})
    return tuple(name for name in source.classes if known and may_show[name] == len(known))
