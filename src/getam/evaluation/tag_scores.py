"""This module scores how well a network names what a photo shows, by average precision."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from getam.evaluation.average_precision import average_precision, mean_over_classes
from getam.evaluation.scores import figure, without_nan
from getam.printable import printable


@dataclass(frozen=True)
class TagScores:
    """A `TagScores` holds the average precision of the tags of some photos.

    Attributes
    ----------
    ap
        Average precision by class name, 0..1, and nan for a class that no photo shows.
    mean_ap
        Mean over the classes that some photo shows, or nan if there are none.
    images
        Number of photos that were scored.
    """

    ap: dict[str, float]
    mean_ap: float
    images: int

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON. None replaces nan."""
        return {
            "mean_ap": without_nan(self.mean_ap),
            "ap": without_nan(self.ap),
            "images": self.images,
        }

    def line(self) -> str:
        """Return the scores as one line of text."""
        parts = (f"{printable(name)} {figure(value).strip()}" for name, value in self.ap.items())
        return (
            f"average precision of the tags of {self.images} photos: mean "
            f"{figure(self.mean_ap).strip()} ({', '.join(parts)})"
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
    ap = {}
    for number, name in enumerate(names):
        rows = slice(None) if known is None else known[:, number]
        ap[name] = average_precision(class_logits[rows, number], labels[rows, number])
    return TagScores(ap, mean_over_classes(ap.values()), images=len(labels))
