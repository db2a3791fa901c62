"""The demonstration: digit scenes, training from nothing on image-level labels, score, report."""

import logging
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from getam.data import open_source
from getam.demo.pages import write_pages
from getam.demo.scenes import QUARTER, write_scenes
from getam.evaluation import StageScores
from getam.network import build_network
from getam.training import Recipe, train

logger = logging.getLogger(__name__)

BACKBONE = "getam_vit_nano"
DECODER_WIDTH = 32  # eleven classes need no more, and the decoder is half of the work

WORKERS = 1  # reading a scene takes a tenth of a step; the cores are needed for the steps

SINGLE = Recipe(
    epochs=4,
    joint_from=1.0,
    batch_size=8,  # a transformer from nothing needs many steps rather than large ones
    crop=QUARTER,
    scale=(0.85, 1.0),
    learning_rate=7e-4,
    head_factor=1.0,
)
"""First the classifier alone, one digit at a time: cheap, and every label has one cause."""

SCENES = Recipe(
    epochs=3,
    joint_from=0.3,
    batch_size=8,
    crop=2 * QUARTER,
    long_side=2 * QUARTER,
    scale=(0.85, 1.0),
    learning_rate=7e-4,
    head_factor=3.0,
    blocks=0,  # the early blocks know where a thin stroke is; the late half alone loses 10 points
    iterations=30,
    rule_settings={"low": 0.3, "high": 0.5},
)
"""Then both phases of GETAM on whole scenes."""


@dataclass(frozen=True)
class Plan:
    """How much of everything; the default fits four minutes on two processor cores.

    Attributes
    ----------
    singles, train, val
        Scenes of one digit, scenes to train on, scenes to predict.
    first, then
        How to train on the single digits and on the scenes.
    """

    singles: int = 1200
    train: int = 1200
    val: int = 100
    first: Recipe = field(default=SINGLE)
    then: Recipe = field(default=SCENES)


def demo(
    out: str | Path, *, seed: int = 0, plan: Plan | None = None, device: str = "cpu"
) -> StageScores:
    """Show GETAM end to end, without a network connection or a data set.

    Scenes of handwritten digits are drawn and written as a PASCAL VOC root. A small transformer
    learns from nothing, by their image-level labels only, and is scored on scenes whose digits and
    photos it has not seen. All of it takes the road of real data: ``open_source`` and ``train``.

    Parameters
    ----------
    out
        New or empty folder. It receives ``scenes/`` (the data), ``single/`` and ``run/`` (the two
        runs; ``run`` holds the model), ``scores.json``, pictures and ``report.html``.
    seed
        Of scenes and training.
    plan
        How much of everything.
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
    data = out / "scenes"
    logger.info("drawing %d scenes", plan.singles + plan.train + plan.val)
    write_scenes(data, singles=plan.singles, train=plan.train, val=plan.val, seed=seed)
    singles, scenes, unseen = (open_source(data, split=s) for s in ("single", "train", "val"))
    torch.manual_seed(seed)
    network = build_network(
        BACKBONE, len(scenes.classes), pretrained=False, decoder_width=DECODER_WIDTH
    )
    first, then = replace(plan.first, seed=seed), replace(plan.then, seed=seed)
    train(network, singles, out / "single", recipe=first, device=device, workers=WORKERS)
    stages = train(
        network, scenes, out / "run", recipe=then, val=unseen, device=device, workers=WORKERS
    )
    assert stages is not None  # the unseen scenes have masks
    write_pages(out, stages, seconds=time.monotonic() - began, settings=asdict(then))
    return stages
