"""A joint training step against a supervised step of the same network and batch."""

from collections.abc import Callable
from functools import partial
from statistics import median

import torch
from timing import BASE, CLASSES, TINY, Plan, Row, draw_classes, interleaved, median_ratio, row
from torch import Tensor

from getam.data import Batch, classes_of
from getam.network import build_network
from getam.pseudo_label import Labeller, PseudoLabels
from getam.training import PartInput, Step
from getam.training.optimiser import build_optimiser

MOST = {2: 1.5, 3: 1.8}  # labels of a photo at the most, and the target


def batch_of(image: Tensor, most: int) -> Batch:
    """A batch with 1 to ``most`` labels a photo."""
    count, _, *size = image.shape
    labels = torch.zeros(count, CLASSES)
    for own, indices in zip(labels, draw_classes(count, most), strict=True):
        own[indices] = 1
    return Batch(
        ids=[str(i) for i in range(count)],
        image=image,
        labels=labels,
        classes=[classes_of(own) for own in labels],
        known=torch.ones_like(labels, dtype=torch.bool),
        saliency=(image.float().mean(1) > 128).float(),
        valid=torch.ones(count, *size, dtype=torch.bool),
        sizes=[(size[0], size[1])] * count,
    )


WEIGHTS = {"classification": 1.0, "segmentation": 1.0, "saliency": 1.0}


class Trainer:
    """Network, optimiser and the two kinds of step."""

    def __init__(self, name: str, labeller: Labeller) -> None:
        torch.manual_seed(0)
        network = build_network(name, CLASSES, pretrained=False, mask_stride=2).train()
        self.step = Step(network, labeller, WEIGHTS)
        self.optimiser = build_optimiser(
            self.step, "adamw", learning_rate=1e-5, head_factor=10, weight_decay=0.05
        )

    def update(self, loss: Tensor) -> None:
        """Backward and optimiser."""
        loss.backward()
        self.optimiser.step()
        self.optimiser.zero_grad()

    def joint(self, batch: Batch) -> None:
        """Everything of a second-phase step but the dense energy."""
        self.update(self.step(batch, joint=True).losses["total"])

    def supervised(self, batch: Batch, label: Tensor) -> None:
        """The same network, batch and losses with a given label."""
        network = self.step.network
        features = network.forward_features(network.normalise(batch.image))
        seen = PartInput(
            batch=batch,
            class_logits=network.classify(features),
            features=features,
            look=self.step.look,
            pseudo=PseudoLabels([], torch.empty(0), torch.empty(0), label),
            mask_logits=network.segment(features),
        )
        self.update(self.step.losses(seen, self.step.running(joint=True, elapsed=1.0))["total"])


def compare(
    plan: Plan, name: str, size: int, count: int, *, scale: float, repeats: int
) -> list[Row]:
    """Both numbers of labels, next to one supervised step per round."""
    trainer = Trainer(name, Labeller(scale=scale))
    batches = {most: batch_of(plan.photos(count, size), most) for most in MOST}
    label = torch.randint(0, CLASSES + 1, (count, size, size))
    sides: list[Callable[[], None]] = [partial(trainer.supervised, batches[2], label)]
    sides += [partial(trainer.joint, batch) for batch in batches.values()]
    supervised, *joint = interleaved(*sides, repeats=repeats)
    network = name.removesuffix("_patch16_224")
    return [
        row(
            f"joint / supervised step, {network} {size}, batch {count}, 1-{most} labels, "
            f"labels made at {'half' if scale == 0.5 else 'full'} size",
            median_ratio(ours, supervised),
            MOST[most],
            seconds=median(ours),
            other_seconds=median(supervised),
        )
        for most, ours in zip(MOST, joint, strict=True)
    ]


def rows(plan: Plan) -> list[Row]:
    """Full size is the paper's, half size the default of ``getam train``."""
    if plan.quick:
        return compare(plan, TINY, 96, 2, scale=1.0, repeats=1)
    cases = [(TINY, 224, 4, 5), (TINY, 224, 16, 3), (BASE, 256, 4, 3)]
    return [
        line
        for name, size, count, repeats in cases
        for scale in (1.0, 0.5)
        for line in compare(plan, name, size, count, scale=scale, repeats=repeats)
    ]
