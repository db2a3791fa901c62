"""This module checks a data set as a whole and lists everything that is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from getam.check.checked import Checked, Part
from getam.check.look import look_at
from getam.check.opening import open_as_far_as_possible, refusal
from getam.check.photos import Seen, photo_findings
from getam.check.tags import photos_of, tag_findings
from getam.data import Record, Source
from getam.data.finding import Finding
from getam.data.overlap import in_both
from getam.data.truth import truth_faults
from getam.elsewhere import located
from getam.progress import counted


def check_source(
    path: str | Path,
    *,
    split: str | None = None,
    val: str | None = None,
    labels: str | Path | None = None,
    classes: Sequence[str] | None = None,
    saliency: str | Path | None = None,
    truth: str | Path | None = None,
    none: str | None = None,
    pixels: bool = True,
) -> Checked:
    """List everything that is wrong with a data set, before a network is trained on it.

    Nothing is written. A fault does not stop the check, which goes on with what can still be read.

    Parameters
    ----------
    path, split, labels, classes, saliency, truth, none
        As for :func:`getam.data.open_source`.
    val
        The part that will be scored. It is compared with the part to train on.
    pixels
        Whether to open every photo, saliency map and mask. Otherwise only names and labels are
        looked at, which takes a moment.

    Returns
    -------
    Checked
        The counts and the findings.
    """
    given = {"labels": labels, "classes": classes, "none": none}
    given |= {"saliency": saliency, "truth": truth}
    path, findings = located(path), list[Finding]()
    train = open_as_far_as_possible(path, findings.append, split=split, **given)
    parts = {"train": train}
    if val is not None:
        alike = {**given, "classes": None}  # it may lack some of the classes
        scored = open_as_far_as_possible(path, findings.append, split=val, **alike)
        parts = _without_shared(train, _aligned(scored, train, findings), findings)
    findings += _of_labels(parts["train"], findings)
    seen = _look_at_all(parts) if pixels else []
    findings += photo_findings(seen)
    if pixels:
        findings += [finding for source in parts.values() for finding in _of_masks(source)]
    findings = sorted(dict.fromkeys(findings), key=lambda finding: finding.kind == "warning")
    return Checked({use: _counted(part) for use, part in parts.items()}, _sizes(seen), findings)


def _aligned(val: Source, train: Source, findings: list[Finding]) -> Source:
    """Return the photos to score with the classes to train on, or as they are if that fails."""
    if not train.classes or not val.classes:
        return val
    try:
        return val.aligned(list(train.classes))
    except ValueError as error:
        findings.append(refusal(error))
        return val


def _without_shared(train: Source, val: Source, findings: list[Finding]) -> dict[str, Source]:
    """Return both parts; photos that stand in both are taken out of those to train on."""
    shared = in_both(train, val)
    alone = tuple(record for record in train.records if record.id not in shared)
    both = tuple(str(record.image) for record in train.records if record.id in shared)
    if both:
        message = f"{len(both)} photos stand in both parts, and training leaves them out"
        advice = "this is as it should be if --val names a part of the whole"
        findings.append(Finding("warning", "photos in both parts", message, advice, both))
    if both and not alone:
        findings.append(refusal(ValueError(f"no photo of {train.name} is left to train on")))
    return {"train": replace(train, records=alone or train.records), "val": val}


def _of_labels(source: Source, findings: Sequence[Finding]) -> list[Finding]:
    """Return what speaks against the labels, or nothing if they could not even be read."""
    if not source.classes and any(finding.kind == "refused" for finding in findings):
        return []
    found = tag_findings(source)
    try:
        source.check_trainable()
    except ValueError as error:
        return [refusal(error), *found]
    bare = tuple(str(record.image) for record in source.records if record.labels is None)
    if bare and not any(finding.topic == "photos without labels" for finding in findings):
        message = f"nothing is known about {len(bare)} photos, so they are left out of training"
        advice = "give them labels, or empty ones if they show none of the classes"
        found.append(Finding("warning", "photos without labels", message, advice, bare))
    return found


def _of_masks(source: Source) -> list[Finding]:
    """Return what speaks against the true masks."""
    faults = tuple(truth_faults(source))
    if not faults:
        return []
    message = f"{len(faults)} masks of {source.name} cannot be scored"
    advice = "make them again, or go on without --truth"
    return [Finding("refused", "masks", message, advice, faults)]


def _look_at_all(parts: Mapping[str, Source]) -> list[Seen]:
    """Open every photo of every part."""
    placed = [(part, record) for part, source in parts.items() for record in source.records]
    records = [record for _, record in placed]
    with counted("looking at photos", len(records)) as advance:
        looks = look_at(records, advance=advance)
    return [Seen(*place, look) for place, look in zip(placed, looks, strict=True)]


def _counted(source: Source) -> Part:
    """Count the photos of a part and of its classes."""
    shown = photos_of(source)
    alone = photos_of(replace(source, records=tuple(r for r in source.records if _is_single(r))))
    return Part(
        source.name,
        photos=len(source),
        unlabelled=sum(record.labels is None for record in source.records),
        none=sum(record.labels == () for record in source.records),
        classes={name: shown[name] for name in source.classes},
        alone={name: alone[name] for name in source.classes},
    )


def _is_single(record: Record) -> bool:
    """Return whether a photo shows exactly one class."""
    return record.labels is not None and len(record.labels) == 1


def _sizes(photos: Sequence[Seen]) -> dict[str, tuple[int, int]]:
    """Return width and height of the photos of least, middle and most pixels."""
    sizes = sorted((p.look.size for p in photos if not p.look.fault), key=lambda s: s[0] * s[1])
    if not sizes:
        return {}
    chosen = {"smallest": sizes[0], "middle": sizes[len(sizes) // 2], "largest": sizes[-1]}
    return {which: (width, height) for which, (height, width) in chosen.items()}
