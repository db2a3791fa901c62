"""A checked data set is shown as a table for people, and as JSON with every name."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from getam.data.finding import Finding
from getam.evaluation.text_table import aligned
from getam.files import write_text
from getam.printable import printable

SHOWN = 5  # the text lists so many names of a finding


@dataclass(frozen=True)
class Part:
    """A part holds the counts of one part of a data set: of the photos to train on or to score.

    Attributes
    ----------
    name
        The data set and the split.
    photos
        Number of photos.
    unlabelled
        Number of photos about which nothing is known.
    none
        Number of photos that show none of the classes.
    classes
        For each class, how many photos show it.
    alone
        For each class, how many photos show it and no other one.
    """

    name: str
    photos: int
    unlabelled: int
    none: int
    classes: Mapping[str, int]
    alone: Mapping[str, int]

    def describe(self) -> str:
        """Return the counts of photos as one line of text.

        Examples
        --------
        >>> Part("tiles.csv", 9, unlabelled=0, none=4, classes={}, alone={}).describe()
        '9 photos of tiles.csv, 4 show none of the classes'
        """
        none = f", {self.none} show none of the classes" if self.none else ""
        unlabelled = f", nothing is known about {self.unlabelled}" if self.unlabelled else ""
        return f"{self.photos} photos of {self.name}{none}{unlabelled}"


@dataclass(frozen=True)
class Checked:
    """A checked data set says what is in it and what is wrong with it.

    Attributes
    ----------
    parts
        The photos to train on under "train" and, if there are any, those to score under "val".
    sizes
        Width and height of the smallest, the middle and the largest photo; empty if no photo was
        opened.
    findings
        Everything that is wrong, errors first.
    """

    parts: Mapping[str, Part]
    sizes: Mapping[str, tuple[int, int]]
    findings: Sequence[Finding]

    @property
    def has_errors(self) -> bool:
        """Return whether a finding is more than a warning."""
        return any(finding.kind != "warning" for finding in self.findings)

    def table(self) -> str:
        """Return everything as text; long lists of names are cut, and say so."""
        found = [*map(_finding_text, self.findings), _totals(self.findings)]
        blocks = [_photo_counts(self), _class_counts(self), *found]
        return "\n\n".join(block for block in blocks if block)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON can hold it; no list is cut."""
        return {**asdict(self), "has_errors": self.has_errors}

    def write_json(self, path: str | Path) -> None:
        """Write everything to a JSON file."""
        write_text(path, json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n")


def _photo_counts(checked: Checked) -> str:
    lines = [printable(f"{use}: {part.describe()}") for use, part in checked.parts.items()]
    sizes = ", ".join(f"{which} {w} x {h}" for which, (w, h) in checked.sizes.items())
    return "\n".join([*lines, *([f"sizes: {sizes}"] if sizes else [])])


def _class_counts(checked: Checked) -> str:
    names = dict.fromkeys(name for part in checked.parts.values() for name in part.classes)
    if not names:
        return ""
    head = ["class", *(f"{use}{what}" for use in checked.parts for what in ("", ", alone"))]
    rows = [
        [name, *(str(c.get(name, 0)) for p in checked.parts.values() for c in (p.classes, p.alone))]
        for name in names
    ]
    return aligned([head, *rows])


def _finding_text(finding: Finding) -> str:
    names = finding.listed()
    more = len(names) - SHOWN
    rest = [f"... and {more} more (--json FILE lists all)"] if more > 0 else []
    kind = "warning" if finding.kind == "warning" else "ERROR"
    lines = [
        f"{kind}, {finding.topic}: {finding.message}",
        *(f"    {name}" for name in [*names[:SHOWN], *rest]),
        f"    -> {finding.advice}",
    ]
    return "\n".join(map(printable, lines))


def _totals(findings: Sequence[Finding]) -> str:
    if not findings:
        return "nothing is wrong"
    warnings = sum(finding.kind == "warning" for finding in findings)
    return f"errors: {len(findings) - warnings}, warnings: {warnings}"
