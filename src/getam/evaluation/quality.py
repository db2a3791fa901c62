"""This module judges the masks and tags of a photo without any true mask.

A mask is judged by whether a second mask agrees with it. The pseudo label comes from the attention
of the classifier, and the decoder makes a mask of its own. If the decoder is told the tags, both
should find the same pixels. A tag is judged by the probability that the network gives to its class.
``benchmarks/quality.py`` compares this choice with others against true masks.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from torch import Tensor

from getam.evaluation.agreement import coverage, entropy, overlap, soft_overlap
from getam.evaluation.text_table import percent
from getam.printable import printable

WRONG_TAG, MISSING_TAG, BAD_MASK = "wrong tag", "missing tag", "bad mask"

DOUBTS = {
    WRONG_TAG: "The photo has a tag of a class that the network does not see in it.",
    MISSING_TAG: "The network sees a class in the photo that the tags do not name.",
    BAD_MASK: "The tags seem right, but two masks that should agree do not.",
}
"""What may be wrong with a photo, with a sentence that explains it."""

UNLIKELY = 0.5
"""A tag is in doubt if the network gives a higher probability than this to its opposite."""

BAD = 0.3
"""A mask is in doubt if its quality is below this."""

ENOUGH, POOR = 5, 0.45
"""A class of at least so many judged photos has poor masks if their mean quality is below this."""


@dataclass(frozen=True)
class ClassSigns:
    """The signs of a class hold what is known about one tag of a photo and its mask.

    Attributes
    ----------
    probability
        The probability that the network gives to the class, 0..1.
    label_told
        The overlap of the pseudo label and the network's mask that was told the tags, 0..1.
    label_prediction
        The overlap of the pseudo label and the network's mask that was told nothing, 0..1.
    map_label
        The soft overlap of the refined map and the pseudo label, 0..1.
    coverage
        The share of the photo that the refined map covers, 0..1.
    entropy
        How evenly the refined map is spread: 0 is a point, 1 is everywhere alike.
    area
        The share of the photo that the pseudo label covers, 0..1.
    """

    probability: float
    label_told: float
    label_prediction: float
    map_label: float
    coverage: float
    entropy: float
    area: float

    @property
    def quality(self) -> float:
        """Return the quality of the mask, which is ``label_told``, in 0..1.

        The formula has no constant. Among the variants of ``docs/quality.md`` it agreed best with
        true masks.
        """
        return self.label_told

    @classmethod
    def of(
        cls, number: int, refined: Tensor, *, label: Tensor, told: Tensor, prediction: Tensor,
        probability: float,
    ) -> "ClassSigns":  # fmt: skip
        """Collect the signs of a class.

        Parameters
        ----------
        number
            The number of the class, 0..C - 1.
        refined
            [H, W] in 0..1, the refined map of the class.
        label, told, prediction
            [H, W] integers, 0 background, class + 1, 255 undecided: the pseudo label, and the
            network's mask with and without being told the tags.
        probability
            The probability that the network gives to the class.
        """
        labelled = label == number + 1
        return cls(
            probability=probability,
            label_told=overlap(labelled, told == number + 1),
            label_prediction=overlap(labelled, prediction == number + 1),
            map_label=soft_overlap(refined, labelled),
            coverage=coverage(refined),
            entropy=entropy(refined),
            area=float(labelled.float().mean()),
        )


@dataclass(frozen=True)
class Doubt:
    """A doubt says what may be wrong with a photo.

    Attributes
    ----------
    kind
        A name of `DOUBTS`; empty if nothing seems wrong.
    reason
        One sentence that gives the figure; empty if nothing seems wrong.
    strength
        How strong the doubt is, 0..1.
    """

    kind: str = ""
    reason: str = ""
    strength: float = 0.0


@dataclass(frozen=True)
class PhotoSigns:
    """The signs of a photo hold what is known about its masks and tags, without a true mask.

    Attributes
    ----------
    id
        The id of the photo.
    tagged
        The signs of the classes that the tags name, by class.
    untagged
        The probability of the classes that the photo is known not to show, by class.
    undecided
        The share of the photo that the pseudo label leaves undecided, 0..1.
    background
        The share of the photo that the prediction calls background, 0..1.
    """

    id: str
    tagged: Mapping[str, ClassSigns] = field(default_factory=dict)
    untagged: Mapping[str, float] = field(default_factory=dict)
    undecided: float = 0.0
    background: float = 1.0

    @property
    def quality(self) -> float:
        """Return the quality of the photo, which is the mean over its tags, in 0..1.

        If the photo shows none of the classes, its mask should be empty, and its quality is
        ``background``.
        """
        if not self.tagged:
            return self.background
        return average(signs.quality for signs in self.tagged.values())

    @property
    def doubt(self) -> Doubt:
        """Return the strongest doubt about a tag, or about the masks if the tags seem right.

        The doubt about a tag is ``|tag - probability|``, where a tag is 1 or 0. The doubt about the
        mask of a class is 1 - quality.
        """
        doubts = [d for d in tag_doubts(self) if d.strength > UNLIKELY]
        doubts = doubts or [d for d in mask_doubts(self) if d.strength > 1 - BAD]
        return max(doubts, key=lambda doubt: doubt.strength, default=Doubt())

    def to_dict(self) -> dict[str, Any]:
        """Return the signs, the quality and the doubt as JSON can hold them."""
        doubt = self.doubt
        verdict = {"quality": self.quality, "doubt": doubt.kind, "reason": doubt.reason}
        return {"id": self.id, **rounded(verdict), **rounded(asdict(self))}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "PhotoSigns":
        """Return the signs from what `to_dict` returned."""
        tagged = {name: ClassSigns(**signs) for name, signs in content["tagged"].items()}
        others = {name: content[name] for name in ("id", "untagged", "undecided", "background")}
        return cls(tagged=tagged, **others)


def tag_doubts(signs: PhotoSigns) -> Iterable[Doubt]:
    """Yield the doubt about every tag, and about every class that is no tag of the photo."""
    for name, sign in signs.tagged.items():
        reason = f'The network gives the tag "{name}" a probability of {percent(sign.probability)}.'
        yield Doubt(WRONG_TAG, reason, 1 - sign.probability)
    for name, likely in signs.untagged.items():
        reason = (
            f'The network gives "{name}", which is no tag here, a probability of {percent(likely)}.'
        )
        yield Doubt(MISSING_TAG, reason, likely)


def mask_doubts(signs: PhotoSigns) -> Iterable[Doubt]:
    """Yield the doubt about the mask of every tag, or about the mask that should be empty."""
    for name, sign in signs.tagged.items():
        reason = f'Two masks of "{name}" that should agree overlap by {percent(sign.quality)}.'
        yield Doubt(BAD_MASK, reason, 1 - sign.quality)
    if not signs.tagged:
        reason = f"The mask covers {percent(1 - signs.background)} of the photo, but it has no tag."
        yield Doubt(BAD_MASK, reason, 1 - signs.background)


def suspicious(photos: Iterable[PhotoSigns], *, most: int | None = None) -> list[PhotoSigns]:
    """Return the photos with a doubt: one kind after the other, the strongest doubts first.

    Parameters
    ----------
    photos
        The signs of the photos.
    most
        The most photos of one kind to return. None returns all.
    """
    strongest = sorted(photos, key=lambda photo: -photo.doubt.strength)
    kinds = [[photo for photo in strongest if photo.doubt.kind == kind] for kind in DOUBTS]
    return [photo for kind in kinds for photo in kind[:most]]


def class_qualities(photos: Iterable[PhotoSigns]) -> dict[str, float]:
    """Return the mean quality of the masks of each class that is a tag of some photo."""
    return {name: average(values) for name, values in _qualities(photos).items()}


def poor_masks(photos: Iterable[PhotoSigns]) -> str | None:
    """Return a line that names the classes whose masks are probably of no use, None without any.

    Parameters
    ----------
    photos
        The signs of photos. Classes with fewer than :data:`ENOUGH` of them are not judged, and the
        line names them too.
    """
    qualities = _qualities(photos)
    few = [name for name, values in qualities.items() if len(values) < ENOUGH]
    means = {name: average(values) for name, values in qualities.items() if name not in few}
    poor = {name: mean for name, mean in means.items() if mean < POOR}
    if not poor:
        return None
    named = ", ".join(f"{name} ({percent(mean)})" for name, mean in poor.items())
    if few:
        named += f" (too few photos to judge: {', '.join(few)})"
    return (
        f"the masks of these classes are probably not usable: {named}; two masks of a photo that "
        "should agree overlap by so much on average, so they may fit the true ones less; look at "
        "them in the report of the run; give more photos of the class, correct some masks (getam "
        "serve), or train again: with more --epochs if the run was short, with a larger --crop "
        "and --long-side if its objects are small"
    )


def _qualities(photos: Iterable[PhotoSigns]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for photo in photos:
        for name, sign in photo.tagged.items():
            found[name].append(sign.quality)
    return dict(sorted(found.items()))


def quality_table(photos: Sequence[PhotoSigns], *, most: int) -> str:
    """Return the most suspicious photos of each kind as text, and what holds for all photos."""
    rows = [["quality", "doubt", "photo", "why"]]
    for photo in suspicious(photos, most=most):
        row = [f"{photo.quality:.2f}", photo.doubt.kind, photo.id, photo.doubt.reason]
        rows.append([printable(cell) for cell in row])
    doubtful = len(suspicious(photos))
    counts = f"{len(photos)} photos, {doubtful} with a doubt, {quality_line(photos)}"
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join([*map(str.ljust, row[:3], widths), row[3]]) for row in rows]
    poor = poor_masks(photos)
    return "\n".join([*(lines if doubtful else []), counts, *([printable(poor)] if poor else [])])


def quality_line(photos: Sequence[PhotoSigns]) -> str:
    """Return the mean quality of the masks of each class as one line of text."""
    means = {name: f"{mean:.2f}" for name, mean in class_qualities(photos).items()}
    if empty := [photo.quality for photo in photos if not photo.tagged]:
        means[f"{len(empty)} photos without a tag"] = f"{average(empty):.2f}"
    mean = "; ".join(f"{name} {value}" for name, value in means.items()) or "-"
    return f"mean quality: {printable(mean)}"


ALL_TRAINED_ON = (
    "all of these photos were trained on, so their two masks agree because one learnt from the "
    "other, and a high quality says little: look at the masks, and draw some true ones"
)
"""What is to be said where no photo is judged that is new to the network."""


def average(values: Iterable[float]) -> float:
    """Return the mean of at least one value."""
    values = list(values)
    return sum(values) / len(values)


def rounded(content: Any) -> Any:
    """Return plain values with every number rounded to four digits, so that a file stays small."""
    if isinstance(content, float):
        return round(content, 4)
    if isinstance(content, Mapping):
        return {name: rounded(value) for name, value in content.items()}
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [rounded(value) for value in content]
    return content
