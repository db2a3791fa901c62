"""This module scores how well a network names what a photo shows, by average precision."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from getam.evaluation.average_precision import average_precision, mean_over_classes
from getam.evaluation.scores import figure, without_nan
from getam.printable import printable

FEWEST = 5
"""The least number of photos that must show a class. The average precision of fewer is chance."""

TOO_FEW = "too few to tell"


@dataclass(frozen=True)
class TagScores:
    """A `TagScores` holds the average precision of the tags of some photos.

    Attributes
    ----------
    ap
        Average precision by class name, 0..1, and nan for a class that no photo shows.
    shown
        Number of scored photos that show the class, by class name.
    known
        Number of photos of which it is known whether they show the class, by class name.
    mean_ap
        Mean over the classes that at least `FEWEST` photos show, or nan if there are none.
    images
        Number of photos that were scored.
    """

    ap: dict[str, float]
    shown: dict[str, int]
    known: dict[str, int]
    mean_ap: float
    images: int

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON. None replaces nan."""
        return {
            "mean_ap": without_nan(self.mean_ap),
            "ap": without_nan(self.ap),
            "shown": self.shown,
            "images": self.images,
        }

    def line(self) -> str:
        """Return the scores as one line of text, with a figure for classes of enough photos."""
        few = {name: n for name, n in self.shown.items() if n < FEWEST}
        begin = f"average precision of the tags of {self.images} photos:"
        if len(few) == len(self.shown):
            return f"{begin} {TOO_FEW}, because no class is shown by {FEWEST} of them"
        parts = [
            f"{printable(name)} {figure(self.ap[name]).strip()} "
            f"(n={n}, chance {n / self.known[name]:.2f})"
            for name, n in self.shown.items()
            if name not in few
        ]
        if few:
            named = ", ".join(f"{printable(name)} (n={n})" for name, n in few.items())
            parts.append(f"and fewer than {FEWEST} photos are {TOO_FEW}: {named}")
        return (
            f"{begin} mean {figure(self.mean_ap).strip()}, {', '.join(parts)}; n photos show the "
            "class, and chance is what guessing reaches"
        )


def tag_scores(
    class_logits: Tensor, labels: Tensor, names: Sequence[str], *, known: Tensor | None = None
) -> TagScores:
    """Score the class logits of some photos against their tags.

    Parameters
    ----------
    class_logits
        [N, C].
    labels
        [N, C] of 0 and 1.
    names
        The C class names.
    known
        [N, C] bool, False if it is not known whether the photo shows the class. None means that all
        labels are known.

    Raises
    ------
    ValueError
        If the shapes differ, or if a logit is not finite.
    """
    if class_logits.shape != labels.shape or class_logits.shape[1:] != (len(names),):
        raise ValueError(
            f"class_logits and labels must be [N, {len(names)}], got "
            f"{tuple(class_logits.shape)} and {tuple(labels.shape)}"
        )
    known = torch.ones_like(labels, dtype=torch.bool) if known is None else known
    ap, shown = {}, {}
    counts = dict(zip(names, known.sum(0).tolist(), strict=True))
    for number, name in enumerate(names):
        rows = known[:, number]
        ap[name] = average_precision(class_logits[rows, number], labels[rows, number])
        shown[name] = int((labels[rows, number] > 0).sum())
    enough = (value for name, value in ap.items() if shown[name] >= FEWEST)
    return TagScores(ap, shown, counts, mean_over_classes(enough), images=len(labels))
