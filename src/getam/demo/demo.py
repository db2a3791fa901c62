"""The demonstration draws digit scenes, trains on their tags, scores the masks and reports."""

import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from getam.data import Source, open_source
from getam.demo.packaged import CLASSIFIER, load_classifier, save_classifier
from getam.demo.pages import write_pages
from getam.demo.plan import Plan
from getam.demo.scenes import CLASSES, write_scenes
from getam.evaluation import StageScores
from getam.network import Network, build_network
from getam.training import estimate, train

logger = logging.getLogger(__name__)

BACKBONE = "getam_vit_nano"
WORKERS = 1  # reading a scene takes a tenth of a step; the cores are needed for the steps


def demo(
    out: str | Path,
    *,
    seed: int = 0,
    plan: Plan | None = None,
    from_scratch: bool = False,
    device: str = "cpu",
) -> StageScores:
    """Show GETAM end to end, without a network connection or a data set.

    Scenes of handwritten digits are drawn and written as a PASCAL VOC root. A small transformer
    learns them by their image-level labels only, and is scored on scenes whose digits and photos
    it has not seen. All of it takes the road of real data: ``open_source`` and ``train``.

    Parameters
    ----------
    out
        New or empty folder. It receives ``scenes/`` (the data), ``run/`` (the training run with
        the model), ``scores.json``, pictures and ``report.html``.
    seed
        It decides the scenes and the training.
    plan
        How much of everything.
    from_scratch
        Learn the classifier that the package brings again, from random weights on scenes of one
        digit, then of several (``single/``, ``crowded/`` and ``classifier.safetensors`` in
        ``out``), and go on from that one.
    device
        "cpu", "cuda" or "auto".

    Returns
    -------
    StageScores
        Scores on the unseen scenes; ``final().miou`` is the mean IoU over ten digits and
        background.

    Raises
    ------
    FileExistsError
        If ``out`` is not empty.
    """
    began = time.monotonic()
    plan, out = plan or Plan(), Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"out: {out} is not empty: choose another folder")
    torch.manual_seed(seed)
    network = new_network(plan.decoder_width)
    counts = plan.all_scenes if from_scratch else plan.scenes
    logger.info("drawing %d scenes", sum(counts.values()))
    write_scenes(out / "scenes", counts, seed=seed)
    sources = {split: open_source(out / "scenes", split=split) for split in counts}
    classifier = CLASSIFIER
    if from_scratch:
        learn_classifier(network, sources, out, plan=plan, seed=seed, device=device)
        classifier = save_classifier(network, out / CLASSIFIER.name)
    load_classifier(network, classifier)
    recipe = replace(plan.recipe, seed=seed)
    run: dict[str, Any] = {
        "recipe": recipe,
        "val": sources["val"],
        "device": device,
        "workers": WORKERS,
    }
    expected = estimate(network, sources["train"], out / "run", **run)
    logger.info("about %.0f s on this machine", expected.seconds)
    stages = train(network, sources["train"], out / "run", **run).scores
    assert stages is not None  # the unseen scenes have masks
    write_pages(out, stages, sources, seconds=time.monotonic() - began, device=device)
    return stages


def new_network(decoder_width: int) -> Network:
    """Return the demonstration's network with random weights."""
    return build_network(
        BACKBONE, len(CLASSES), pretrained=False, decoder_width=decoder_width, mask_stride=2
    )


def learn_classifier(
    network: Network, sources: dict[str, Source], out: Path, *, plan: Plan, seed: int, device: str
) -> None:
    """Train a network's class logits, on single digits and then on scenes, by their labels."""
    for name, recipe in (("single", plan.single), ("crowded", plan.crowded)):
        recipe = replace(recipe, seed=seed)
        train(network, sources[name], out / name, recipe=recipe, device=device, workers=WORKERS)
