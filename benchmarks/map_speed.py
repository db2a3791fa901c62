"""Exact maps against explicit attention with one full backward per photo and class."""

from statistics import median

import torch
from reference.explicit_attention import explicit_batch, full_maps
from timing import (
    BASE,
    TINY,
    Plan,
    Row,
    classifier,
    draw_classes,
    interleaved,
    largest_difference,
    median_ratio,
    normalised,
    row,
)
from torch import Tensor, nn

from getam import activation_maps


def explicit_maps(model: nn.Module, images: Tensor, classes: list[list[int]]) -> list[Tensor]:
    """The released way: the batch's graph is kept, each (photo, class) runs back through all of it.

    Gradients of the parameters come along, as ``backward`` has it.
    """
    logits, matrices, scores = explicit_batch(model, images)
    wanted = [*matrices, *model.parameters()]
    maps = []
    for image, indices in enumerate(classes):
        own = []
        for index in indices:
            found = torch.autograd.grad(logits[image, index], wanted, retain_graph=True)
            triples = zip(matrices[6:], found[6 : len(matrices)], scores[6:], strict=True)
            ours = ((a[image].detach(), g[image], s[image]) for a, g, s in triples)
            blocks = [full_maps(*block)["getam"] for block in ours]
            own.append(torch.stack(blocks).sum(0)[0, 1:])
        maps.append(torch.stack(own))
    return maps


def one_by_one(model: nn.Module, images: Tensor, classes: list[list[int]]) -> list[Tensor]:
    """The same with a graph per photo, which is as well as the explicit way can be done."""
    pairs = zip(images, classes, strict=True)
    return [explicit_maps(model, image[None], [own])[0] for image, own in pairs]


def compare(plan: Plan, name: str, size: int, count: int, most: int) -> list[Row]:
    """One network, batch and number of labels."""
    model, images = classifier(name, size), normalised(plan.photos(count, size))
    classes = draw_classes(count, most)
    made: dict[str, list[Tensor]] = {}

    def ours() -> None:
        made["ours"] = activation_maps(model, images, classes=classes)

    def explicit() -> None:
        made["explicit"] = explicit_maps(model, images, classes)

    def forward() -> None:
        with torch.inference_mode():
            model(images)

    times, plain = interleaved(ours, forward, repeats=5)
    slow, alone = interleaved(
        explicit, lambda: one_by_one(model, images, classes), repeats=1, warm_up=name != BASE
    )
    what = f"maps, {name.removesuffix('_patch16_224')} {size}, {count} photos, 1-{most} labels"
    return [
        row(
            f"{what}: explicit / ours",
            slow[0] / median(times),
            12,
            at_least=True,
            seconds=median(times),
            other_seconds=slow[0],
            one_by_one_seconds=alone[0],
        ),
        row(f"{what}: largest difference", largest_difference(**made), 1e-5),
        row(
            f"{what}: ours / plain forward",
            median_ratio(times, plain),
            3,
            seconds=median(times),
            other_seconds=median(plain),
        ),
    ]


def rows(plan: Plan) -> list[Row]:
    """Networks, batches and numbers of labels; the released way takes many minutes for more."""
    if plan.quick:
        return compare(plan, TINY, 96, 2, 2)
    sizes = [(TINY, 224, 4), (TINY, 224, 16), (BASE, 256, 4)]
    cases = [(*size, most) for size in sizes for most in (2, 3)]
    return [line for case in cases for line in compare(plan, *case)]
