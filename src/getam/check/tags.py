"""This module finds what the tags alone say against a run; no photo is opened for it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import permutations

from getam.data import Source
from getam.data.finding import Finding
from getam.places import folded

FEW_PHOTOS = 10
"""A class that fewer photos show gets poor masks."""

TOGETHER = 0.9
"""If this share of the photos of a class shows another class too, the two are always together."""

AT_LEAST = 3
"""If fewer photos show a class, they say nothing about what it always occurs with."""

_SEPARATORS = re.compile(r"[,;|/]")
"""People write these signs between the tags of a photo."""


def tag_findings(source: Source) -> list[Finding]:
    """Return what the tags of the photos say against training on them. It takes a moment.

    Parameters
    ----------
    source
        The photos to train on.

    Returns
    -------
    list of Finding
        Warnings about classes that few photos show, classes that always occur together or never
        alone, classes that every photo shows, and class names that differ only in their spelling or
        seem to be several names.
    """
    checks = (few_photos, always_together, never_alone, everywhere, spelled_alike, several_names)
    return [finding for check in checks for finding in check(source)]


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
    shown = photos_of(source)
    found = tuple(
        f"{name} with {other} ({count} of {shown[name]} photos)"
        for (name, other), count in _companions(source).items()
    )
    if found:
        message = "these classes hardly occur without another, so the map of one may cover both"
        advice = "add photos that show the one without the other, or give both one name"
        yield Finding("warning", "classes together", message, advice, found)


def never_alone(source: Source) -> Iterator[Finding]:
    """Yield a finding about the classes that occur with other classes only, if not always the same.

    Photos that show a class and no other one are what tells it apart from the others.
    """
    shown, common = photos_of(source), set(_never_absent(source))
    told = common | {name for name, _ in _companions(source)}
    others = (set(record.labels or ()) - common for record in source.records)
    alone = {name for names in others if len(names) == 1 for name in names}
    found = tuple(
        f"{name} {shown[name]}"
        for name in source.classes
        if shown[name] >= AT_LEAST and name not in alone | told
    )
    if found:
        message = "no photo shows one of these classes alone, so the map of one may cover others"
        advice = "add photos that show the class and no other one"
        yield Finding("warning", "classes never alone", message, advice, found)


def everywhere(source: Source) -> Iterator[Finding]:
    """Yield a finding about the classes that every photo shows or may show.

    A classifier that is trained on such photos learns to say yes to every photo.
    """
    names = _never_absent(source)
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
    """Yield a finding about names that differ only in case, spaces, hyphens or underscores."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in source.classes:
        groups["".join(folded(name).replace("_", " ").replace("-", " ").split())].append(name)
    alike = tuple(tuple(names) for names in groups.values() if len(names) > 1)
    if alike:
        message = "these class names differ only in case, spaces, hyphens or underscores"
        advice = "write each class in one way, unless they are different classes"
        yield Finding("warning", "spelling of classes", message, advice, alike)


def several_names(source: Source) -> Iterator[Finding]:
    """Yield a finding about names such as ``cat,dog`` if another name is or holds ``cat``.

    The tags of a photo were then probably separated by another sign than a semicolon.
    """
    parts = {name: {part.strip() for part in _SEPARATORS.split(name)} for name in source.classes}
    often = Counter(part for those in parts.values() for part in those if part)
    joined = tuple(
        name
        for name, those in parts.items()
        if _SEPARATORS.search(name) and any(often[part] > 1 for part in those)
    )
    if joined:
        message = "each of these names is one class, but seems to be the tags of several"
        advice = "separate tags by ; (in JSON, write a list), unless each is one class"
        yield Finding("warning", "several classes in one name", message, advice, joined)


def _companions(source: Source) -> dict[tuple[str, str], int]:
    """Return how many photos show both of two classes, if the first hardly occurs alone.

    Classes that every photo shows are no companions: another finding tells of them.
    """
    shown, common = photos_of(source), set(_never_absent(source))
    pairs = Counter(pair for r in source.records for pair in permutations(r.labels or (), 2))
    return {
        (name, other): count
        for (name, other), count in sorted(pairs.items())
        if shown[name] >= AT_LEAST and count >= TOGETHER * shown[name] and other not in common
    }


def _never_absent(source: Source) -> tuple[str, ...]:
    """Return the classes that no photo is known to be without."""
    known = [record for record in source.records if record.labels is not None]
    may_show = Counter(name for r in known for name in {*(r.labels or ()), *r.unknown})
    return tuple(name for name in source.classes if known and may_show[name] == len(known))
