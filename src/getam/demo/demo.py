"""The demonstration: digit scenes, training from nothing on image-level labels, score, report."""

import logging
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from getam.data import Source, open_source
from getam.demo.packaged import CLASSIFIER, load_classifier, save_classifier
from getam.demo.pages import write_pages
from getam.demo.scenes import QUARTER, write_scenes
from getam.evaluation import StageScores
from getam.network import Network, build_network
from getam.recipe import Facts, Recipe, recipe_for
from getam.training import train

logger = logging.getLogger(__name__)

BACKBONE = "getam_vit_nano"
DECODER_WIDTH = 32  # eleven classes need no more, and the decoder is half of the work

WORKERS = 1  # reading a scene takes a tenth of a step; the cores are needed for the steps

FACTS = Facts(depth=6, width=128, photos=2400, has_saliency=False)

SINGLE = recipe_for(
    FACTS,
    epochs=10,
    joint_from=1.0,
    batch_size=8,  # a transformer from nothing needs many steps rather than large ones
    crop=QUARTER,
    scale=(0.85, 1.0),
    learning_rate=7e-4,
    head_factor=1.0,
)
"""The classifier from scratch, one digit at a time: cheap, and every label has one cause."""

CROWDED = replace(SINGLE, epochs=14, crop=2 * QUARTER)
"""Then the same classifier on whole scenes."""

SCENES = recipe_for(
    FACTS,
    epochs=2,
    joint_from=0.0,
    batch_size=8,
    crop=2 * QUARTER,
    long_side=2 * QUARTER,
    scale=(0.85, 1.0),
    learning_rate=2e-4,
    head_factor=10.0,
    first_block=0,  # early blocks know where a thin stroke is; the late half alone loses 10 points
    iterations=6,
    rule_settings={"low": 0.3, "high": 0.5},
)
"""GETAM's second phase; a classifier that knows its digits needs no first."""


@dataclass(frozen=True)
class Plan:
    """How much of everything; the default fits four minutes on two processor cores.

    Attributes
    ----------
    singles, train, val
        Scenes of one digit (from scratch only), scenes to train on, scenes to predict.
    single, crowded
        From scratch only: how to train the classifier on single digits, then on scenes.
    scenes
        How to train on the scenes.
    """

    singles: int = 2400
    train: int = 2400
    val: int = 100
    single: Recipe = SINGLE
    crowded: Recipe = CROWDED
    scenes: Recipe = SCENES


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
        Of scenes and training.
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
        On the unseen scenes; ``final().miou`` is the mean IoU over ten digits and background.

    Raises
    ------
    FileExistsError
        If ``out`` is not empty.
    """
    began = time.monotonic()
    plan, out = plan or Plan(), Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"out: {out} is not empty: choose another folder")
    data, singles = out / "scenes", plan.singles if from_scratch else 0
    logger.info("drawing %d scenes", singles + plan.train + plan.val)
    write_scenes(data, singles=singles, train=plan.train, val=plan.val, seed=seed)
    scenes, unseen = (open_source(data, split=split) for split in ("train", "val"))
    torch.manual_seed(seed)
    network = build_network(
        BACKBONE, len(scenes.classes), pretrained=False, decoder_width=DECODER_WIDTH
    )
    classifier = CLASSIFIER
    if from_scratch:
        sources = {"single": open_source(data, split="single"), "crowded": scenes}
        learn_classifier(network, sources, out, plan=plan, seed=seed, device=device)
        classifier = save_classifier(network, out / CLASSIFIER.name)
    load_classifier(network, classifier)
    recipe = replace(plan.scenes, seed=seed)
    stages = train(
        network, scenes, out / "run", recipe=recipe, val=unseen, device=device, workers=WORKERS
    ).scores
    assert stages is not None  # the unseen scenes have masks
    write_pages(out, stages, seconds=time.monotonic() - began, settings=asdict(recipe))
    return stages


def learn_classifier(
    network: Network, sources: dict[str, Source], out: Path, *, plan: Plan, seed: int, device: str
) -> None:
    """Train a network's class logits, on single digits and then on scenes, by their labels."""
    for name, recipe in (("single", plan.single), ("crowded", plan.crowded)):
        recipe = replace(recipe, seed=seed)
        train(network, sources[name], out / name, recipe=recipe, device=device, workers=WORKERS)
