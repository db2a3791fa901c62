"""Advice is what a user should know before a run starts, and when its result is of no use."""

from collections import Counter
from collections.abc import Iterator, Sequence

from getam.check import tag_findings
from getam.data import Source, read_photo
from getam.data.hold_out import FEWEST
from getam.evaluation import PhotoSigns, poor_masks
from getam.inference import Predictor
from getam.progress import counted

FEW_STEPS = 100  # below this the decoder has seen next to nothing
FEW_CORRECTED = 20  # below this no gain was measured (docs/correct.md)
LOOKED_AT = 24  # photos whose masks are judged at the end
NOTHING, EVERYTHING = 0.005, 0.995  # shares of the pixels


def before(source: Source, val: Source | None = None, *, steps: int, joint: int) -> Iterator[str]:
    """Yield a line for everything that may spoil the run, each with what to do about it.

    Parameters
    ----------
    source
        The photos to train on.
    val
        The photos to score.
    steps
        Steps of the whole run.
    joint
        Those of them that learn masks too.
    """
    yield from (finding.line() for finding in tag_findings(source))
    if steps < FEW_STEPS:
        yield (
            f"the run has only {steps} steps, and masks need {FEW_STEPS} or more: raise --epochs "
            "(or leave it out), or lower --batch-size"
        )
    if joint == 0:
        yield (
            "no step learns masks, so getam predict will be of no use: lower --joint-from, "
            "unless you want the classifier and its pseudo labels alone"
        )
    corrected = len(source.corrected)
    if 0 < corrected < FEW_CORRECTED:
        yield (
            f"{corrected} corrected masks may change nothing that could be told from chance: "
            f"correct {FEW_CORRECTED} or more, the worst photos first (getam serve)"
        )
    if source.has_truth and (val is None or not val.has_truth):
        count = sum(record.mask is not None for record in source.records)
        yield (
            f"no mask can be scored, because the {count} photos with a true mask all train: name "
            "photos that do not train with --val, or score such photos later with getam stages "
            "RUN --data DATA --truth MASKS"
        )
    elif val is None and len(source) < FEWEST:
        yield (
            f"nothing is scored on photos that this run has not seen: below {FEWEST} photos none "
            "is held out; put some into a part of their own, which --val names (docs/own_data.md)"
        )


def after(predictor: Predictor, source: Source, signs: Sequence[PhotoSigns] = ()) -> str | None:
    """Return a line if the masks are all one class, or poor ones of a class, None if not.

    A useful network finds its classes in photos that it was trained on.

    Parameters
    ----------
    predictor
        The trained network.
    source
        The photos that it was trained on.
    signs
        The signs of some photos, which say how good their masks seem.
    """
    records = [record for record in source.records if record.labels][:LOOKED_AT]
    counts: Counter[int] = Counter()
    with counted("looking for masks of one class", len(records)) as advance:
        for record in records:
            values, pixels = predictor(read_photo(record.image)).mask.unique(return_counts=True)
            counts.update(dict(zip(values.tolist(), pixels.tolist(), strict=True)))
            advance()
    value, most = counts.most_common(1)[0]
    foreground = 1 - counts[0] / counts.total()
    if foreground < NOTHING:
        return (
            f"the result is not usable: the masks of {len(records)} training photos are all "
            "background; train longer (--epochs), add photos or saliency maps (--saliency)"
        )
    if most / counts.total() > EVERYTHING:
        name = list(source.classes)[value - 1]
        return (
            f"the result is not usable: the masks of {len(records)} training photos are all "
            f"{name}; give photos that show none of the classes (empty labels, or --none FOLDER)"
        )
    return poor_masks(signs)
