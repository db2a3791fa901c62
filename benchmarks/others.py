"""Maps per second beside what people use: grad-cam, captum, generic attribution. Extra ``bench``.

One network, the same weights, photos and classes. grad-cam and captum read one layer and make
one coarse map; GETAM and generic attribution read the attention of several blocks.
"""

from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from captum.attr import LayerGradCam
from pytorch_grad_cam import GradCAM, LayerCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from reference.explicit_attention import explicit_batch
from timing import BASE, TINY, Plan, Row, classifier, draw_classes, interleaved, normalised
from torch import Tensor, nn

from getam import activation_maps

LibraryCam = Callable[..., GradCAM | LayerCAM]


class ThroughGrid(nn.Module):
    """A norm whose patch tokens pass by as a map [B, D, h, w], which both libraries ask for."""

    def __init__(self, norm: nn.Module, grid: tuple[int, int]) -> None:
        super().__init__()
        self.norm = norm
        self.size = grid
        self.grid = nn.Identity()

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, N, D] to the same."""
        tokens = self.norm(tokens)
        patches = self.grid(tokens[:, 1:].mT.unflatten(2, self.size))
        return torch.cat([tokens[:, :1], patches.flatten(2).mT], 1)


def generic_attribution(model: nn.Module, image: Tensor, classes: list[int]) -> list[Tensor]:
    """Chefer et al. 2021b, section 3: R = 1, then R += mean_a relu(G A) R block by block."""
    logits, matrices, _ = explicit_batch(model, image[None])
    maps = []
    for index in classes:
        gradients = torch.autograd.grad(logits[0, index], matrices, retain_graph=True)
        relevance = torch.eye(matrices[0].shape[-1])
        for attention, gradient in zip(matrices, gradients, strict=True):
            step = (attention.detach()[0] * gradient[0]).relu().mean(0)
            relevance = relevance + step @ relevance
        maps.append(relevance[0, 1:])
    return maps


def contestants(model: Any, images: Tensor, classes: list[list[int]]) -> dict[str, Callable]:
    """Name to a function that makes all maps."""
    grid = model.patch_embed.grid_size
    gridded = model.blocks[-1].norm1 = ThroughGrid(model.blocks[-1].norm1, grid)
    photos = [image for image, own in enumerate(classes) for _ in own]
    flat = [index for own in classes for index in own]

    def library(cam: LibraryCam) -> Callable[[], object]:
        made = cam(model=model, target_layers=[gridded.grid])
        targets = [ClassifierOutputTarget(index) for index in flat]
        return lambda: made(input_tensor=images[photos], targets=targets)

    captum = LayerGradCam(model, gridded.grid)
    pairs = list(zip(images, classes, strict=True))
    return {
        "getam": lambda: activation_maps(model, images, classes=classes),
        "getam, method grad_cam": lambda: activation_maps(
            model, images, classes=classes, method="grad_cam"
        ),
        "grad-cam GradCAM": library(GradCAM),
        "grad-cam LayerCAM": library(LayerCAM),
        "captum LayerGradCam": lambda: captum.attribute(images[photos], target=torch.tensor(flat)),
        "generic attribution": lambda: [generic_attribution(model, *pair) for pair in pairs],
    }


def points(plan: Plan) -> list[Row]:
    """Maps per second of each."""
    name, size = (TINY, 96) if plan.quick else (BASE, 224)
    images, classes = normalised(plan.photos(4, size)), draw_classes(4, 2)
    made = contestants(classifier(name, size), images, classes)
    times = interleaved(*made.values(), repeats=1 if plan.quick else 3)
    count = sum(map(len, classes))
    return [
        {"method": method, "maps a second": round(count / median(own), 2)}
        for method, own in zip(made, times, strict=True)
    ]
