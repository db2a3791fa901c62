"""Measure what clicks do to pseudo labels: python benchmarks/clicks.py [--only WAY ...].

Every second one of 64 choosing photos of ``trials.py`` is scored. The settings of each way were
chosen on the others: ``--tuning`` scores every setting of ``TRIED`` there. A click is simulated: it
lies deepest inside the largest wrong region, and has the true class. The network is the default one
that ``python benchmarks/trials.py --whole --seeds 2 --only "all cows/base" --again`` trains. A
finished row of ``results/clicks.json`` and ``results/clicks_tuning.json`` is not run again.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rows import keep_row, read_rows
from scipy import ndimage
from skimage.color import rgb2lab
from skimage.segmentation import random_walker
from torch.nn.functional import adaptive_avg_pool2d
from trials import parts

from getam.correction import Click, first_label, spread_for
from getam.correction.clicks import ClickSpreader, taken_by
from getam.crf import DenseCRF
from getam.data import Record, Source, evenly, read_photo
from getam.evaluation import ConfusionMatrix
from getam.model import Model, load_model
from getam.network import patch_stride
from getam.saliency import whole_patches
from getam.vocabulary import IGNORE

RESULTS = Path(__file__).parent / "results" / "clicks.json"
TUNING = RESULTS.with_name("clicks_tuning.json")
MODEL = Path("runs/trials/all_cows_base_(whole)_(seed_2)")
PHOTOS = 64
CLICKS = (0, 1, 3, 5)

After = Callable[[np.ndarray, Click, Sequence[Click]], np.ndarray]
"""From a label [H, W], a click and the clicks before it to the next label."""

Way = Callable[..., After]
"""From a network and a photo, and settings of its own, to what spreads a click."""


def main() -> None:
    """Measure the ways that are missing, one after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--only", nargs="+", choices=list(WAYS), default=list(WAYS), metavar="WAY")
    parser.add_argument("--tuning", action="store_true", help="the other photos, nothing kept")
    options = parser.parse_args()
    torch.set_num_threads(1)
    file = TUNING if options.tuning else RESULTS
    done = read_rows(file)
    rows = tried(options.only) if options.tuning else {way: WAYS[way] for way in options.only}
    missing = {name: way for name, way in rows.items() if name not in done}
    if not missing:
        return
    model = load_model(options.model, device="cpu")
    _, source = parts("all cows", whole=True)
    records = evenly(source.records, PHOTOS)[0 if options.tuning else 1 :: 2]
    labels = [first_label(model, source, record) for record in records]
    for name, way in missing.items():
        row = measured(way, model, source, records, labels)
        print(name, row, flush=True)
        keep_row(file, name, row)


def tried(ways: Sequence[str]) -> dict[str, Way]:
    """Return every setting that was tried of some ways, by a name for its row."""
    return {
        ", ".join([way, *(f"{name} {value:g}" for name, value in settings.items())]): partial(
            WAYS[way], **settings
        )
        for way in ways
        for settings in TRIED.get(way, ())
    }


def measured(
    way: Way,
    model: Model,
    source: Source,
    records: Sequence[Record],
    labels: Sequence[np.ndarray],
) -> dict[str, Any]:
    """Click on every photo, and return the scores by the number of clicks."""
    names = ["background", *source.classes]
    matrices = {count: ConfusionMatrix(len(names)) for count in CLICKS}
    seconds, before_clicks = [], []
    for record, label in zip(records, labels, strict=True):
        began = time.process_time()
        after, truth, clicks = way(model, record), source.read_truth(record), list[Click]()
        before_clicks.append(time.process_time() - began)
        for count in range(max(CLICKS) + 1):
            if count in matrices:
                matrices[count].update(torch.from_numpy(truth), torch.from_numpy(label))
            click = next_click(label, truth)
            if click is not None and count < max(CLICKS):
                began = time.process_time()
                label = after(label, click, clicks)
                seconds.append(time.process_time() - began)
                clicks.append(click)
    return {
        "miou": {count: round(matrix.scores(names).miou, 4) for count, matrix in matrices.items()},
        "photos": len(records),
        "seconds a click": round(float(np.mean(seconds)), 2),
        "seconds a photo": round(float(np.mean(before_clicks)), 2),
    }


def next_click(label: np.ndarray, truth: np.ndarray) -> Click | None:
    """Return the click deepest inside the largest wrong region of one true class, if any."""
    wrong = (label != truth) & (truth != IGNORE)
    region, most = np.zeros_like(wrong), 0
    for value in np.unique(truth[wrong]):
        regions, _ = ndimage.label(wrong & (truth == value))
        sizes = np.bincount(regions.ravel())[1:]
        if sizes.max() > most:
            region, most = regions == sizes.argmax() + 1, sizes.max()
    if not most:
        return None
    depth = ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(depth.argmax(), depth.shape)
    return Click(int(x), int(y), int(truth[y, x]))


def ours(model: Model, record: Record) -> After:
    """Spread clicks as ``getam serve --review`` does."""
    spread = spread_for(model, record)
    return lambda label, click, before: spread(label, [click], before=before)


def ours_on_colours(model: Model, record: Record, *, contrast: float = 32.0) -> After:
    """Spread clicks in our own way, CRF and all, on the colours of patches instead of features.

    The cosine of two vectors of cosines and sines is a Gaussian of the distance of the colours, as
    far as patches are alike.
    """
    photo = np.asarray(read_photo(record.image))
    pixels = torch.from_numpy(photo.copy()).movedim(-1, 0)
    image = whole_patches(pixels, patch_stride(model.network.backbone))[0].numpy()
    grid = tuple(side // patch_stride(model.network.backbone) for side in image.shape[1:])
    lab = torch.from_numpy(rgb2lab(image.astype(np.uint8), channel_axis=0)).float() / 100
    colours = contrast * adaptive_avg_pool2d(lab, grid).flatten(1).T
    spread = ClickSpreader(photo, torch.cat([colours.cos(), colours.sin()], 1), (grid[0], grid[1]))
    return lambda label, click, before: spread(label, [click], before=before)


def crf_alone(
    _model: Model,
    record: Record,
    *,
    reach: float = 0.05,
    weight: float = 8.0,
    sxy: float = 80.0,
    srgb: float = 5.0,
    compat: float = 4.0,
) -> After:
    """Spread a click by the distance to it and the dense CRF alone."""
    photo = np.asarray(read_photo(record.image))
    image = torch.from_numpy(photo.copy()).movedim(-1, 0)[None]
    crf = DenseCRF(image, sxy=sxy, srgb=srgb, compat=compat, iterations=3)
    deviation = reach * max(photo.shape)
    belief = np.log(0.7 / 0.3)  # as in pseudo labels before a CRF

    def near(click: Click) -> np.ndarray:
        return np.exp(-squares(click, photo) / (2 * deviation**2))

    def after(label: np.ndarray, click: Click, before: Sequence[Click]) -> np.ndarray:
        odds = np.where(label == click.value, belief, -belief)
        own = [near(c) for c in (*before, click) if c.value == click.value]
        others = [near(c) for c in before if c.value != click.value]
        odds = odds + weight * (np.max(own, 0) - (np.max(others, 0) if others else 0))
        for known in (*before, click):
            odds[squares(known, photo) <= DOT] = 12 if known.value == click.value else -12
        logits = torch.from_numpy(np.stack([-odds, odds])[None] / 2).float()
        region = crf(logits.softmax(1))[0, 1].numpy() > 0.5
        return taken_by(click, label, region, before)

    return after


def colour_walker(
    _model: Model, record: Record, *, beta: float = 500, free: float = 0.25, eroded: int = 2
) -> After:
    """Let scikit-image's random walker decide the surroundings of a click by their colours.

    The seeds are the clicks, and the label itself at some distance from its own outlines. Around a
    click, other classes have no seeds. The rest of the label stays, as in our own way.
    """
    photo = np.asarray(read_photo(record.image)) / 255

    def after(label: np.ndarray, click: Click, before: Sequence[Click]) -> np.ndarray:
        seeds = np.zeros(label.shape, np.int64)
        values = sorted({*np.unique(label).tolist(), *(c.value for c in (*before, click))})
        for number, value in enumerate(values, start=1):
            inside = ndimage.binary_erosion(label == value, iterations=eroded, border_value=1)
            if value != click.value:
                inside &= squares(click, photo) > (free * max(photo.shape)) ** 2
            seeds[inside] = number
        for known in (*before, click):
            seeds[squares(known, photo) <= DOT] = values.index(known.value) + 1
        if len(np.unique(seeds[seeds > 0])) < 2:  # nothing stops the walker
            return np.full_like(label, click.value)
        walked = random_walker(photo, seeds, beta=beta, mode="cg_j", channel_axis=-1)
        return taken_by(click, label, walked == values.index(click.value) + 1, before)

    return after


DOT = 4  # square pixels around a click that share its class


def squares(click: Click, photo: np.ndarray) -> np.ndarray:
    """Return the square of the distance of every pixel to a click, [H, W]."""
    rows, columns = np.ogrid[: photo.shape[0], : photo.shape[1]]
    distance: np.ndarray = (rows - click.y) ** 2 + (columns - click.x) ** 2
    return distance


WAYS: dict[str, Way] = {
    "clicks of getam": ours,
    "the same on colours": ours_on_colours,
    "random walker on colours": colour_walker,
    "dense CRF alone": crf_alone,
}
"""The ways from a click to a label, by their name in the results."""

TRIED: dict[str, list[dict[str, float]]] = {
    "clicks of getam": [{}],
    "the same on colours": [{"contrast": value} for value in (0.5, 1, 2, 4, 8, 16, 32)],
    "random walker on colours": [
        {"beta": beta, "free": free}
        for beta in (130, 500, 2000)
        for free in (0.05, 0.1, 0.15, 0.25, 0.4)
    ],
    "dense CRF alone": [
        {"reach": reach, "weight": weight, "srgb": srgb}
        for reach in (0.03, 0.05, 0.1)
        for weight in (4, 8)
        for srgb in (5, 13)
    ],
}
"""The settings that were tried of each way. Ours had been chosen before, on the same photos."""


if __name__ == "__main__":
    main()
