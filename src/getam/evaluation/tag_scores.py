"""How well a network names what is in a photo: average precision of every tag."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from getam.evaluation.average_precision import average_precision, mean_over_classes
from getam.evaluation.scores import figure, without_nan


@dataclass(frozen=True)
class TagScores:
    """Average precision of the tags of some photos.

    Attributes
    ----------
    ap
        Per class name, 0..1; nan for a class that no photo shows.
    mean_ap
        Mean over the classes that occur; nan if none does.
    images
        How many photos were scored.
    """

    ap: dict[str, float]
    mean_ap: float
    images: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; what is not defined (nan) becomes None."""
        return {
            "mean_ap": without_nan(self.mean_ap),
            "ap": without_nan(self.ap),
            "images": self.images,
        }

    def line(self) -> str:
        """Describe the scores in one line."""
        parts = (f"{name} {figure(value).strip()}" for name, value in self.ap.items())
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
    class_logits, labels
        [N, C], labels 0/1.
    names
        The C class names.
    known
        [N, C] bool, False where it is not known whether the photo shows the class; None: all known.

    Raises
    ------
    ValueError
        For different shapes or logits that are not finite.
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
