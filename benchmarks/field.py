"""Compare methods on the same photos: python benchmarks/field.py [--only NAME ...] [--seeds ...].

Every row is a method of ``trials.yaml`` (kind ``field``) inside of our recipe: the same photos,
backbone weights, crop, number of photos seen and test, tags alone. It trains by the short protocol
of ``trials.py`` and is scored on the choosing photos. Maps and pseudo labels are those of the
method's own label source. "full test" predicts by four sizes, mirrored too, and a dense CRF.
``--cost`` times a step of each method on this machine instead, beside a step of the default's
network that is given masks. Finished rows of ``results/field.json`` and ``field_cost.json`` are not
run again.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import torch
import yaml
from rows import keep_row, read_rows
from step import Trainer, batch_of
from timing import CLASSES as MANY
from timing import Plan, interleaved
from trials import BACKBONE, CLASSES, NETWORK, TRIALS, WEIGHTS, measured, parts

from getam.data import Source, read_photo
from getam.evaluation import ConfusionMatrix
from getam.evaluation.cost import TensorMemory
from getam.inference import Predictor
from getam.inference.labelling import label_batch
from getam.inference.stages import LABEL, StageCounts
from getam.model import load_model, photos_for
from getam.network import build_network
from getam.recipe import Facts, Recipe, recipe_for
from getam.training import build_labeller, facts_of
from getam.training.build import change_network, label_source_of, optimiser_of, step_of
from getam.training.checkpoint import load_checkpoint
from getam.training.label_sources import source_at

RESULTS = Path(__file__).parent / "results" / "field.json"
COST = RESULTS.with_name("field_cost.json")
KIND = "field"
SCALES = (0.75, 1.0, 1.25, 1.5)  # of the full test
PHOTOS = 4  # of a step whose cost is measured


def main() -> None:
    """Measure the rows that are missing, one after the other."""
    content = yaml.safe_load(TRIALS.read_text())
    methods = content[KIND]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(methods), default=list(methods))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--cost", action="store_true", help="time a step of every method")
    parser.add_argument("--out", type=Path, default=Path("runs/field"))
    options = parser.parse_args()
    source, choosing = parts(KIND, whole=False)
    torch.set_num_threads(2 if options.cost else 1)
    for name, seed in product(options.only, options.seeds):
        settings = {**content["bases"][KIND], **methods[name], "seed": seed}
        file, key = (COST, name) if options.cost else (RESULTS, f"{name} (seed {seed})")
        if key in read_rows(file):
            continue
        if options.cost:
            row = cost(content["bases"][KIND], settings)
        else:
            out = options.out / key.replace(",", "").replace(" ", "_")
            row = measured(source, choosing, settings, out)
            row |= stages(source, choosing, settings, out) | {"changes": methods[name]}
        keep_row(file, key, row)
        print(key, row, flush=True)


def recipe_of(settings: dict[str, Any], facts: Facts) -> Recipe:
    """Return the recipe of a row, whose settings are those of the network too."""
    own = {name: value for name, value in settings.items() if name not in NETWORK}
    return recipe_for(facts, precision="32-true", **own)


def stages(source: Source, choosing: Source, settings: dict[str, Any], run: Path) -> dict[str, Any]:
    """Score the maps and labels of the method's own source, and the full test."""
    model = load_model(run)
    recipe = recipe_of(settings, facts_of(model.network, source))
    full = Predictor(model, model.view.changed(scales=SCALES, flip=True, crf=True))
    counts = StageCounts.of_classes(["background", *choosing.classes], [])
    mask = ConfusionMatrix(len(CLASSES) + 1)
    labels = label_source_of(recipe, build_labeller(recipe))
    step = step_of(load_model(run).network, labels, recipe).to(model.device)
    step.load_state_dict(load_checkpoint(run)["step"])
    taught = replace(
        model,
        network=step.network.eval(),
        labeller=source_at(step.label_source, 1.0),  # type: ignore[arg-type]
    )
    records = [record for record in choosing.records if record.mask]
    of_records = replace(choosing, records=tuple(records))
    for record, batch in zip(records, photos_for(taught, of_records, workers=0), strict=True):
        truth = torch.from_numpy(choosing.read_truth(record))
        counts.update_labels(label_batch(taught, batch), truth)
        mask.update(truth, full(read_photo(record.image)).mask)
    label = counts.matrices[LABEL].scores(counts.names)
    return {
        "own": {
            **{name: round(curve.scores().best.miou, 4) for name, curve in counts.curves.items()},
            "pseudo label": round(label.miou, 4),
            "ignored": round(label.ignored_share, 3),
        },
        "full test": round(mask.scores(counts.names).miou, 4),
    }


class Costed(Trainer):
    """A network with the optimiser and the step of a row; ``joint`` and ``supervised`` run it."""

    def __init__(self, settings: dict[str, Any], photos: int) -> None:
        torch.manual_seed(0)
        own = {name: settings[name] for name in NETWORK if name in settings}
        network = build_network(BACKBONE, MANY, weights=WEIGHTS, **own).train()
        facts = Facts(
            depth=len(network.backbone.blocks),
            width=network.backbone.embed_dim,
            photos=photos,
            has_saliency=False,
        )
        recipe = recipe_of(settings, facts)
        change_network(network, recipe)
        labels = label_source_of(recipe, build_labeller(recipe))
        self.step = step_of(network, labels, recipe)
        self.optimiser = optimiser_of(self.step, recipe)


def cost(base: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Measure a joint step of the method beside one of plain training, which is given masks."""
    method, plain = Costed(settings, photos=300), Costed(base, photos=300)
    size = int(method.step.network.backbone.patch_embed.img_size[0])
    batch = batch_of(Plan(WEIGHTS.parents[1]).photos(PHOTOS, size), 2)
    label = torch.randint(0, MANY + 1, (PHOTOS, size, size))
    sides: list[Callable[[], None]] = [
        partial(method.joint, batch),
        partial(plain.supervised, batch, label),
    ]
    own, others = interleaved(*sides, repeats=7)
    peaks = []
    for side in sides:
        with TensorMemory() as memory:
            side()
        peaks.append(memory.peak)
    return {
        "seconds": round(median(own), 4),
        "plain": round(median(others), 4),
        "ratio": round(median(own) / median(others), 2),
        "memory ratio": round(peaks[0] / peaks[1], 2),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }


if __name__ == "__main__":
    main()
