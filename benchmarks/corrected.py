"""Measure what corrected masks bring: python benchmarks/corrected.py [--counts ...] [--seeds ...].

The short protocol of ``trials.py``, with the settings of today's recipe: 300 photos with tags are
trained on for 3 epochs, and the choosing photos are scored. Of the 300 photos, 0, 5, 20 or 50 have
their true mask in the place of a corrected one. They are taken from every class in turn, by the
seed, and fewer photos are among the more. ``--factor`` draws these photos so many times as often
as the others, and with ``--only-drawn`` they are drawn as often and keep their masks to themselves.
A run takes four to eight minutes on one core, and a row of ``results/corrected.json`` that is
finished is not run again.
"""

import argparse
import shutil
from dataclasses import replace
from itertools import chain, product, zip_longest
from pathlib import Path

import numpy as np
import torch
import yaml
from rows import keep_row, read_rows
from trials import ANIMALS, TRIALS, measured, parts

from getam.data import Record, Source, with_corrected

RESULTS = Path(__file__).parent / "results" / "corrected.json"
BASE = "all cows"  # today's recipe in trials.yaml


def main() -> None:
    """Measure the rows that are missing, one after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--counts", nargs="+", type=int, default=[0, 5, 20, 50])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--factor", type=int, default=8)
    parser.add_argument("--only-drawn", action="store_true", help="teach no mask")
    parser.add_argument("--out", type=Path, default=Path("runs/corrected"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    settings = yaml.safe_load(TRIALS.read_text())["bases"][BASE]
    for seed, count in product(options.seeds, options.counts):
        factor = options.factor if count else 1
        key = f"{count} masks, factor {factor}{', only drawn' if options.only_drawn else ''}"
        key += f" (seed {seed})"
        if key in read_rows(RESULTS):
            continue
        source, choosing = parts(BASE, whole=False)
        run = options.out / key.replace(",", "").replace(" ", "_")
        if options.only_drawn:
            source = drawn_more(source, count, seed, factor)
        elif count:
            source = corrected(source, count, seed, run.with_name(f"{run.name}_masks"))
        own = {**settings, "seed": seed, "corrected_factor": factor}
        row = measured(source, choosing, own, run)
        taught = {"only_drawn": options.only_drawn, "seed": seed}
        keep_row(RESULTS, key, {"count": count, "factor": factor, **taught, **row})
        print(key, row["scores"], flush=True)


def drawn_more(source: Source, count: int, seed: int, factor: int) -> Source:
    """Return the source with some photos as often as if they had corrected masks."""
    copies = tuple(
        replace(record, id=f"{record.id}-{number}")
        for record in drawn(source, count, seed)
        for number in range(1, factor)
    )
    return replace(source, records=(*source.records, *copies))


def corrected(source: Source, count: int, seed: int, folder: Path) -> Source:
    """Return the source with the true masks of some photos, laid into a folder, as corrected."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(ANIMALS / "classes.txt", folder)
    for record in drawn(source, count, seed):
        assert record.mask is not None
        shutil.copy(record.mask, folder / f"{record.id}.png")
    return with_corrected(source, folder, values=source.classes)


def drawn(source: Source, count: int, seed: int) -> list[Record]:
    """Return photos with a mask, from every class in turn, in an order that the seed decides."""
    order = np.random.default_rng(seed).permutation(len(source))
    records = [source.records[index] for index in order if source.records[index].mask]
    by_class = [[r for r in records if name in (r.labels or ())] for name in source.classes]
    in_turn = chain.from_iterable(zip_longest(*by_class))
    different = {record.id: record for record in in_turn if record is not None}
    return list(different.values())[:count]


if __name__ == "__main__":
    main()
