"""Where the time of a joint step and of one prediction goes, stage by stage."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import torch
from predict import network_inputs, predictor_on
from step import Trainer, batch_of
from timing import BASE, TINY, Plan, Row

from getam.activation import Frame, class_slot_maps, divide_as_released
from getam.inference.predictor import as_tensor
from getam.pseudo_label import Labeller, PseudoLabels, complete_labels, refine
from getam.report import save_mask
from getam.training import PartInput


class Stopwatch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time the block."""
        start = time.perf_counter()
        yield
        self.seconds[stage].append(time.perf_counter() - start)

    def points(self, what: str) -> list[Row]:
        """Median and share of every stage; the first round warms up."""
        medians = {stage: median(own[1:] or own) for stage, own in self.seconds.items()}
        total = sum(medians.values())
        return [
            {"of": what, "stage": stage, "milliseconds": round(1e3 * own, 1),
             "share": round(own / total, 3)}
            for stage, own in medians.items()
        ]  # fmt: skip


def training(plan: Plan, name: str, size: int, rounds: int) -> list[Row]:
    """The stages of :meth:`getam.training.Step.joint`, one after another; 4 photos."""
    labeller = Labeller()
    trainer = Trainer(name, labeller)
    network = trainer.step.network
    batch, watch = batch_of(plan.photos(4, size), 2), Stopwatch()
    for _ in range(rounds):
        with watch("backbone, class logits"), labeller.recorder() as recorder:
            features = network.forward_features(network.normalise(batch.image))
            logits = network.classify(features)
        with watch("maps"):
            frame = Frame.of(recorder, logits, settings=[labeller.map_setting], grid=features.grid)
            (maps,) = class_slot_maps(frame, batch.classes, keep_graph=True)
        with watch("PAMR"):
            refined = divide_as_released(refine(maps, batch.image))
        with watch("completion"):
            label = complete_labels(refined, refined.amax((2, 3)), batch.saliency)
        with watch("decoder"):
            masks = network.segment(features)
        with watch("losses"):
            seen = PartInput(
                batch=batch,
                class_logits=logits,
                features=features,
                look=trainer.step.look,
                pseudo=PseudoLabels(batch.classes, maps, refined, label),
                mask_logits=masks,
            )
            losses = trainer.step.losses(seen, trainer.step.running(joint=True, elapsed=1.0))
        with watch("backward"):
            losses["total"].backward()
        with watch("optimiser"):
            trainer.optimiser.step()
            trainer.optimiser.zero_grad()
    return watch.points(f"joint step, {name.removesuffix('_patch16_224')} {size}, 4 photos")


def predicting(plan: Plan, name: str, count: int) -> list[Row]:
    """One photo from file to mask, nothing overlapped."""
    predictor, watch = predictor_on(name), Stopwatch()
    paths = plan.photo_paths(count)
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        for path, image in zip(paths, network_inputs(paths), strict=True):
            with watch("read"):
                photo = as_tensor(path)
            with watch("network"):
                predictor.network(image)
            with watch("all of the predictor"):
                mask = predictor(photo).mask
            with watch("write"):
                save_mask(Path(folder) / "mask.png", mask)
    whole, network = watch.seconds.pop("all of the predictor"), watch.seconds["network"]
    watch.seconds["resize, enlarge, decide"] = [
        max(0.0, both - own) for both, own in zip(whole, network, strict=True)
    ]
    return watch.points(f"prediction, {name.removesuffix('_patch16_224')}, one photo")


def points(plan: Plan) -> list[Row]:
    """Both networks, both flows."""
    if plan.quick:
        return training(plan, TINY, 96, 2) + predicting(plan, TINY, 3)
    steps = training(plan, TINY, 224, 6) + training(plan, BASE, 256, 3)
    return steps + predicting(plan, TINY, 20) + predicting(plan, BASE, 8)
