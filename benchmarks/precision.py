"""Half precision and torch.compile against float32: do prediction and maps give the same labels?

Needs a trained model (``--model RUN``) to say something about real use. Without one it takes the
pretrained ViT-Tiny of the shared data under drawn heads, whose classes are nearly tied everywhere.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from timing import CLASSES, TINY, Plan, Row, row
from torch import Tensor

from getam import activation_maps
from getam.activation import divide_as_released
from getam.model import Model, View, load_model
from getam.network import build_network
from getam.pseudo_label import Labeller, complete_labels, refine

SAME = 0.995
SIDE = 224


def drawn_model(plan: Plan) -> Model:
    """The pretrained backbone with drawn heads."""
    torch.manual_seed(0)
    weights = plan.data / "vit_tiny_patch16_224_tinyimagenet" / "model.safetensors"
    network = build_network(TINY, CLASSES, weights=weights, mean=[0.5] * 3, std=[0.5] * 3)
    classes = {str(index): index + 1 for index in range(CLASSES)}
    return Model(network.eval(), classes, View(SIDE), Labeller())


def likeliest(model: Model, images: Tensor) -> list[list[int]]:
    """The two likeliest classes of each photo in float32."""
    with torch.no_grad():
        logits = model.network(model.network.normalise(images)).class_logits
    return logits.topk(min(2, logits.shape[1]), 1).indices.sort(1).values.tolist()


def labels_of(
    model: Model, network: Any, images: Tensor, classes: list[list[int]]
) -> dict[str, Tensor]:
    """Mask logits, predicted masks, and pseudo labels made from the maps of ``classes``."""
    shown = model.network.normalise(images)
    with torch.no_grad():
        logits = network(shown).mask_logits
    first_block = len(model.network.backbone.blocks) // 2
    maps = activation_maps(network, shown, classes=classes, first_block=first_block)
    refined = divide_as_released(refine(torch.stack(maps), images))
    label = complete_labels(refined, torch.ones(refined.shape[:2]), rule="thresholds")
    return {"logits": logits, "prediction": logits.argmax(1), "labels from maps": label}


def doubt(variant: str, found: dict[str, Tensor], expected: dict[str, Tensor]) -> Row:
    """How far the two best classes lie apart, in float32, where the prediction is another."""
    first, second = expected["logits"].topk(2, 1).values.unbind(1)
    margin, other = first - second, found["prediction"] != expected["prediction"]
    values = {
        "error of a mask logit": (found["logits"].float() - expected["logits"]).abs(),
        "lead of the best class": margin,
        "the same where the prediction changes": margin[other],
    }
    medians = {what: f"{own.median().item():.2g}" for what, own in values.items() if own.numel()}
    return {"median of": variant, **medians}


def rows_and_points(plan: Plan) -> tuple[list[Row], dict[str, list[Row]]]:
    """Share of equal pixels, and how sure the network was of the others."""
    model = load_model(plan.model, device="cpu") if plan.model else drawn_model(plan)
    images = plan.photos(2 if plan.quick else 8, SIDE)
    classes = likeliest(model, images)
    expected = labels_of(model, model.network, images, classes)
    variants: dict[str, tuple[AbstractContextManager, Any]] = {
        "bf16 autocast": (torch.autocast("cpu", torch.bfloat16), model.network),
        "fp16 autocast": (torch.autocast("cpu", torch.float16), model.network),
    }
    if not plan.quick:  # compiling takes a minute
        variants["torch.compile"] = nullcontext(), torch.compile(model.network)
    whose = "trained model" if plan.model else "drawn heads"
    lines, points = [], []
    for variant, (context, network) in variants.items():
        with context:
            found = labels_of(model, network, images, classes)
        points.append(doubt(variant, found, expected))
        # Maps are made uncompiled: equal by construction.
        maps = [] if variant == "torch.compile" else ["labels from maps"]
        for what in ["prediction", *maps]:
            same = (found[what] == expected[what]).double().mean().item()
            name = f"equal pixels, {what}, {variant} / float32, {whose}"
            lines.append(row(name, same, SAME, at_least=True))
    return lines, {"precision": points}
