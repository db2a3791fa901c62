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


def largest_difference(ours: list[Tensor], theirs: list[Tensor]) -> float:
    """Relative to the largest value of each map."""
    pairs = [(a.flatten(1), b) for a, b in zip(ours, theirs, strict=True)]
    return max(((a - b).abs().amax(1) / b.amax(1)).max().item() for a, b in pairs)


def compare(plan: Plan, name: str, size: int, count: int, most: int) -> list[Row]:
    """One network, batch and number of labels."""
    model, images = classifier(name, size), normalised(plan.photos(count, size))
    classes = draw_classes(count, most)

    def forward() -> None:
        with torch.inference_mode():
            model(images)

    ours, explicit, alone, plain = interleaved(
        lambda: activation_maps(model, images, classes=classes),
        lambda: explicit_maps(model, images, classes),
        lambda: one_by_one(model, images, classes),
        forward,
        repeats=1 if plan.quick or name == BASE else 3,
    )
    found = activation_maps(model, images, classes=classes)
    expected = explicit_maps(model, images, classes)
    what = f"maps, {name.removesuffix('_patch16_224')} {size}, {count} photos, 1-{most} labels"
    times = {"seconds": median(ours)}
    return [
        row(
            f"{what}: explicit / ours",
            1 / median_ratio(ours, explicit),
            12,
            at_least=True,
            **times,
            other_seconds=median(explicit),
            one_by_one_seconds=median(alone),
        ),
        row(f"{what}: largest difference", largest_difference(found, expected), 1e-5),
        row(
            f"{what}: ours / plain forward",
            median_ratio(ours, plain),
            3,
            **times,
            other_seconds=median(plain),
        ),
    ]


def rows(plan: Plan) -> list[Row]:
    """The explicit way at batch 16 would take minutes and grows with the batch: batch 4 only."""
    if plan.quick:
        return compare(plan, TINY, 96, 2, 2)
    cases = [(BASE, 256, 2), (TINY, 224, 2), (TINY, 224, 3)]
    return [line for name, size, most in cases for line in compare(plan, name, size, 4, most)]
