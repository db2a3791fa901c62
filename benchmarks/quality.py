"""Compare the quality score with true masks: python benchmarks/quality.py [--out FOLDER].

The network is trained by the short protocol of ``trials.py`` and judges the choosing photos, which
it has not seen; their true masks are read to compare. A formula is chosen on one half of these
photos, and the other half says how good it is. A second network is trained after 5 % of the tags of
its photos were flipped, to count how many of the flips are found. Both runs take ten minutes on one
core; a run that is finished is not made again. ``results/quality.json`` keeps the figures.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from scipy.stats import spearmanr
from trials import BACKBONE, CLASSES, NETWORK, TRIALS, WEIGHTS, parts

from getam.data import Record, Source
from getam.evaluation import BAD, ClassSigns, PhotoSigns, average, true_overlap
from getam.files import whole_file
from getam.inference import Predictor, judge_photos
from getam.model import Model, load_model
from getam.network import build_network
from getam.recipe import recipe_for
from getam.training import facts_of, train

RESULTS = Path(__file__).with_name("results") / "quality.json"
FLIPPED = 0.05
DRAWS = 200
WORST = 0.1

Array = np.ndarray


@dataclass(frozen=True)
class Judged:
    """A judged class of a photo holds its signs and, to compare with, its true overlaps."""

    signs: ClassSigns
    undecided: float
    predicted_area: float
    top_probability: float
    label: float
    prediction: float


def geometric(*values: float) -> float:
    """Return the geometric mean."""
    return float(np.prod(values)) ** (1 / len(values))


VARIANTS: dict[str, Callable[[Judged], float]] = {
    "pseudo label and told mask": lambda j: j.signs.label_told,
    "pseudo label and prediction": lambda j: j.signs.label_prediction,
    "refined map and pseudo label": lambda j: j.signs.map_label,
    "told mask x refined map": lambda j: geometric(j.signs.label_told, j.signs.map_label),
    "told mask x prediction": lambda j: geometric(j.signs.label_told, j.signs.label_prediction),
    "told mask x probability": lambda j: geometric(j.signs.label_told, j.signs.probability),
    "prediction x refined map": lambda j: geometric(j.signs.label_prediction, j.signs.map_label),
    "probability of the tag": lambda j: j.signs.probability,
    "share decided": lambda j: 1 - j.undecided,
    "1 - entropy of the map": lambda j: 1 - j.signs.entropy,
    "coverage of the map": lambda j: j.signs.coverage,
    "baseline: predicted area": lambda j: j.predicted_area,
    "baseline: mean top probability": lambda j: j.top_probability,
}
"""Every formula for the quality of a mask; x is a geometric mean."""


def confident(tags: Array, likely: Array) -> Array:
    """Doubt a tag by how far its probability is below the mean of its class.

    This is the threshold of confident learning (Northcutt et al. 2021).
    """
    own = np.where(tags == 1, likely, 1 - likely)
    means = [[own[tags[:, c] == value, c].mean() for c in range(tags.shape[1])] for value in (0, 1)]
    return np.where(tags == 1, means[1], means[0]) - own


def relative(tags: Array, likely: Array) -> Array:
    """Doubt a tag by how far its probability is below the largest of its photo."""
    return np.where(tags == 1, likely.max(1, keepdims=True) - likely, likely)


DOUBTS_OF_TAGS: dict[str, Callable[[Array, Array], Array]] = {
    "tag - probability": lambda tags, likely: np.abs(tags - likely),
    "below the mean of the class": confident,
    "below the largest of the photo": relative,
}
"""Every formula for the doubt about a tag: tags [N, C], probabilities [N, C] -> doubt [N, C]."""


def main() -> None:
    """Train what is missing, compare, and keep the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/quality"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    source, choosing = parts("tags", whole=False)
    found = compare(trained(source, options.out / "base"), choosing)
    flipped = flip(source)
    model = trained(flipped, options.out / "flipped")
    found["flips of training photos"] = flips_in_training(model, source, flipped)
    with whole_file(RESULTS) as path:
        path.write_text(json.dumps(found, indent=1) + "\n")


def trained(source: Source, folder: Path) -> Model:
    """Return the network of the short protocol, trained on the photos unless it is there."""
    if not (folder / "model.json").exists():
        settings = dict(yaml.safe_load(TRIALS.read_text())["bases"]["tags"])
        torch.manual_seed(0)
        decoder = {name: settings.pop(name) for name in NETWORK if name in settings}
        network = build_network(BACKBONE, len(CLASSES), weights=WEIGHTS, **decoder)
        recipe = recipe_for(facts_of(network, source), precision="32-true", **settings)
        train(network, source, folder, recipe=recipe, workers=0)
    return load_model(folder, device="cpu")


def compare(model: Model, source: Source) -> dict[str, Any]:
    """Judge the photos of a source and compare with their true masks."""
    began = time.process_time()
    photos = list(judge_photos(model, source, workers=0))
    seconds = (time.process_time() - began) / len(photos)
    predictor = Predictor(model)
    records = {record.id: record for record in source.records}
    judged: dict[str, dict[str, Judged]] = {}
    for each in photos:
        record = records[each.photo.id]
        likely = predictor(str(record.image), probabilities=True).probabilities
        assert likely is not None  # they were asked for
        truth = torch.from_numpy(source.read_truth(record))
        classes = each.photo.classes
        label = true_overlap(each.photo.label_at_photo_size(), truth, classes)
        prediction = true_overlap(each.prediction.mask, truth, classes)
        judged[record.id] = {
            CLASSES[c]: Judged(
                signs=each.signs.tagged[CLASSES[c]],
                undecided=each.signs.undecided,
                predicted_area=float((each.prediction.mask == c + 1).float().mean()),
                top_probability=float(likely.amax(0).mean()),
                label=label[c],
                prediction=prediction[c],
            )
            for c in classes
        }
    signs = [each.signs for each in photos]
    tags, likely_tags = tags_of(source.records), probabilities(signs)
    return {
        "photos": len(photos),
        "processor seconds per photo": round(seconds, 3),
        "variants": {name: figures(judged, variant) for name, variant in VARIANTS.items()},
        "classes": per_class(judged),
        "bad masks": int(np.sum(photo_values(judged, lambda j: j.label) < BAD)),
        "worst scored": round(WORST * len(judged)),
        "flips": {
            name: flips_found(tags, likely_tags, doubt) for name, doubt in DOUBTS_OF_TAGS.items()
        },
    }


def figures(judged: Mapping[str, Mapping[str, Judged]], variant: Callable[[Judged], float]) -> Any:
    """Return how well a formula ranks the photos, on both halves and on all of them."""
    score = photo_values(judged, variant)
    label = photo_values(judged, lambda j: j.label)
    prediction = photo_values(judged, lambda j: j.prediction)
    order = np.random.default_rng(0).permutation(len(score))
    halves = np.array_split(order, 2)
    worst = np.argsort(score, kind="stable")[: round(WORST * len(score))]
    return {
        "one half": correlation(score[halves[0]], label[halves[0]]),
        "other half": correlation(score[halves[1]], label[halves[1]]),
        "all": correlation(score, label),
        "prediction": correlation(score, prediction),
        "bad among the worst": int((label[worst] < BAD).sum()),
    }


def per_class(judged: Mapping[str, Mapping[str, Judged]]) -> dict[str, Any]:
    """Return the correlation within each class, of the score and the baselines."""
    names = list(VARIANTS)
    shown = [names[0], *(name for name in names if name.startswith("baseline"))]
    found: dict[str, Any] = {}
    for name in CLASSES:
        masks = [photo[name] for photo in judged.values() if name in photo]
        label = np.array([mask.label for mask in masks])
        scores = {s: np.array([VARIANTS[s](mask) for mask in masks]) for s in shown}
        found[name] = {
            "masks": len(masks),
            **{s: correlation(score, label) for s, score in scores.items()},
        }
    return found


def photo_values(
    judged: Mapping[str, Mapping[str, Judged]], value: Callable[[Judged], float]
) -> Array:
    """Return the mean of a value over the classes of every photo."""
    return np.array([average(map(value, photo.values())) for photo in judged.values()])


def correlation(left: Array, right: Array) -> float:
    """Return Spearman's rank correlation."""
    return round(float(spearmanr(left, right)[0]), 3)


def tags_of(records: Sequence[Record]) -> Array:
    """Return the tags of photos, [N, C] of 0 and 1."""
    return np.array([[name in (record.labels or ()) for name in CLASSES] for record in records]) * 1


def probabilities(signs: Sequence[PhotoSigns]) -> Array:
    """Return the probabilities of the classes, [N, C]."""
    likely = [{**s.untagged, **{n: t.probability for n, t in s.tagged.items()}} for s in signs]
    return np.array([[photo[name] for name in CLASSES] for photo in likely])


def flips_found(
    tags: Array, likely: Array, doubt: Callable[[Array, Array], Array]
) -> dict[str, float]:
    """Flip 5 % of the tags many times, and return the mean share that is found."""
    shares = []
    for draw in range(DRAWS):
        flipped = flips(tags.shape, seed=draw)
        shares.append(found_of(np.where(flipped, 1 - tags, tags), likely, flipped, doubt))
    return {name: round(average(s[name] for s in shares), 3) for name in shares[0]}


def found_of(
    tags: Array, likely: Array, flipped: Array, doubt: Callable[[Array, Array], Array]
) -> dict[str, float]:
    """Return the share of the flips among as many of the strongest doubts as there are flips.

    As many doubts are looked at as there are flips, so precision and recall are the same.
    """
    order = np.argsort(-doubt(tags, likely), axis=None, kind="stable")[: flipped.sum()]
    looked = np.zeros(tags.size, dtype=bool)
    looked[order] = True
    hit = looked.reshape(tags.shape) & flipped
    return {
        "flips": int(flipped.sum()),
        "found": float(hit.sum() / flipped.sum()),
        "wrong tags found": float(hit[tags == 1].sum() / max(1, flipped[tags == 1].sum())),
        "missing tags found": float(hit[tags == 0].sum() / max(1, flipped[tags == 0].sum())),
    }


def flips(shape: tuple[int, ...], *, seed: int) -> Array:
    """Return which tags are flipped: 5 % of all, at random."""
    size = int(np.prod(shape))
    chosen = np.random.default_rng(seed).choice(size, round(FLIPPED * size), replace=False)
    flipped = np.zeros(size, dtype=bool)
    flipped[chosen] = True
    return flipped.reshape(shape)


def flip(source: Source) -> Source:
    """Return the source with 5 % of its tags flipped."""
    tags = tags_of(source.records)
    tags = np.where(flips(tags.shape, seed=0), 1 - tags, tags)
    records = [
        replace(record, labels=tuple(name for name, tag in zip(CLASSES, row, strict=True) if tag))
        for record, row in zip(source.records, tags, strict=True)
    ]
    return replace(source, records=tuple(records))


def flips_in_training(model: Model, source: Source, flipped: Source) -> dict[str, Any]:
    """Return how many flips are found in the photos that the network was trained on."""
    photos = judge_photos(model, flipped.aligned(list(model.classes)), workers=0)
    likely = probabilities([judged.signs for judged in photos])
    before, after = tags_of(source.records), tags_of(flipped.records)
    return {
        name: {k: round(v, 3) for k, v in found_of(after, likely, before != after, doubt).items()}
        for name, doubt in DOUBTS_OF_TAGS.items()
    }


if __name__ == "__main__":
    main()
