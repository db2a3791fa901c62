"""A frozen backbone with and without the cache of its features: python benchmarks/frozen.py.

Time: one epoch of phase one and one of phase two on the 560 photos of ``voc2012_animals`` that are
not choosing photos. Every row has a process of its own, so its peak memory is its own as well.
Quality: whole runs on these photos, scored on the choosing photos, which never train; ``val`` is
never read. ``results/frozen.json`` keeps each finished row, so the script goes on where it stopped.
Run it on an otherwise idle machine; ``--only NAME`` measures one row.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from rows import keep_row, read_rows
from trials import BACKBONE, CLASSES, NETWORK, WEIGHTS, measured, parts

from getam.network import build_network
from getam.recipe import recipe_for
from getam.training import facts_of
from getam.training.frozen import FeatureCache
from getam.training.prepare import prepare

RESULTS = Path(__file__).with_name("results") / "frozen.json"
OUT = Path("runs/frozen")
TIMES: dict[str, dict[str, Any]] = {
    "time/frozen, cached": {"frozen": True},
    "time/frozen, maps of the cache": {
        "frozen": True,
        "classifier": "average",
        "method": "cam",
        "affinity": 0,
    },
    "time/frozen, not cached": {"frozen": True, "feature_cache": "none"},
    "time/default": {},
}
QUALITY: dict[str, dict[str, Any]] = {
    "quality/frozen": {"frozen": True},
    "quality/frozen, crop 224": {"frozen": True, "crop": 224},
    "quality/frozen, 12 epochs, joint from 0.6": {"frozen": True, "epochs": 12, "joint_from": 0.6},
    "quality/default": {},
}
EPOCHS = 3  # one of phase one, one with the labelling of all photos, one of phase two


def main() -> None:
    """Measure every row that is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[*TIMES, *QUALITY], default=[*TIMES, *QUALITY])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--beside", default="nothing", help="what else ran on the machine")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--child", metavar="NAME", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.child:
        print(json.dumps(timed(TIMES[options.child])))
        return
    for name in [name for name in TIMES if name in options.only]:
        if name not in read_rows(options.results):
            row = {**in_a_process(name), "beside": options.beside}
            keep_row(options.results, name, row)
    for name in [name for name in QUALITY if name in options.only]:
        for seed in options.seeds:
            key = f"{name}, seed {seed}"
            if key not in read_rows(options.results):
                row = {**scored(key, {**QUALITY[name], "seed": seed}), "beside": options.beside}
                keep_row(options.results, key, row)
    print(json.dumps(read_rows(options.results), indent=1))


def in_a_process(name: str) -> dict[str, Any]:
    """Measure a row of time in a process of its own."""
    command = [sys.executable, __file__, "--child", name]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    row: dict[str, Any] = json.loads(answer.splitlines()[-1])
    return row


def timed(settings: dict[str, Any]) -> dict[str, Any]:
    """Train for three epochs, and return the seconds of each part and the peak memory.

    The seconds are those of the processor, which other programs disturb less than the clock.
    """
    source, _ = parts("tags", whole=True)
    torch.manual_seed(0)
    own = {name: settings[name] for name in NETWORK if name in settings}
    network = build_network(BACKBONE, len(CLASSES), weights=WEIGHTS, **own)
    others = {name: value for name, value in settings.items() if name not in NETWORK}
    given = {**others, "epochs": EPOCHS, "joint_from": 1 / EPOCHS, "precision": "32-true"}
    recipe = recipe_for(facts_of(network, source), **given)
    marks: list[float] = []
    row: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        ready = prepare(
            network,
            source,
            Path(folder) / "run",
            recipe=recipe,
            val=None,
            device="cpu",
            devices=1,
            workers=0,
            strict=False,
            resume=False,
            config=None,
        )
        ready.trainer.run.path.mkdir()
        ready.trainer.run.begin()
        began = time.process_time()
        ready.fill_cache(workers=0)
        if ready.cache is not None:
            row |= size_of(ready.cache, time.process_time() - began)
        ready.trainer.fit(
            on_begin=lambda: marks.append(time.process_time()),
            on_epoch_end=lambda *_: marks.append(time.process_time()),
        )
    one, both, two = (after - before for before, after in pairwise(marks))
    row |= {"epoch of phase one, s": round(one, 1), "epoch of phase two, s": round(two, 1)}
    if recipe.frozen:
        row["labelling pass, s"] = round(both - two, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        **row,
        "peak memory, GB": round(peak, 2),
        "photos": len(source),
        "crop": recipe.crop,
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": 1,
    }


def size_of(cache: FeatureCache, seconds: float) -> dict[str, Any]:
    """Return what a filled cache came to."""
    size = sum(path.stat().st_size for path in cache.path.iterdir())
    return {
        "caching, s": round(seconds, 1),
        "cache, GB": round(size / 1e9, 2),
        "cache, MB a photo": round(size / 1e6 / len(cache), 2),
    }


def scored(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Train a whole run, and return its scores on the choosing photos."""
    source, choosing = parts("tags", whole=True)
    out = OUT / name.replace("/", "_").replace(" ", "_").replace(",", "")
    cache = OUT / "features" if settings.get("frozen") else None
    return measured(source, choosing, settings, out, cache=cache)


if __name__ == "__main__":
    main()
