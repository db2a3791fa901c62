"""Half precision and torch.compile against float32: do prediction and maps give the same labels?

Needs a trained model (``--model RUN``) to say something about real use. Without one it takes the
pretrained ViT-Tiny of the shared data under drawn heads, whose classes are nearly tied everywhere.
"""

from contextlib import AbstractContextManager, nullcontext

import torch
from timing import CLASSES, TINY, Plan, Row, row
from torch import Tensor, nn

from getam import activation_maps
from getam.inference import Model, load_model
from getam.network import build_network
from getam.pseudo_label import Labeller, complete_labels, normalise, refine

SAME = 0.995
SIDE = 224


def drawn_model(plan: Plan) -> Model:
    """The pretrained backbone with drawn heads."""
    torch.manual_seed(0)
    weights = plan.data / "vit_tiny_patch16_224_tinyimagenet" / "model.safetensors"
    network = build_network(TINY, CLASSES, weights=weights, mean=[0.5] * 3, std=[0.5] * 3)
    classes = {str(index): index + 1 for index in range(CLASSES)}
    return Model(network.eval(), classes, SIDE, Labeller())


def likeliest(model: Model, images: Tensor) -> list[list[int]]:
    """The two likeliest classes of each photo in float32."""
    with torch.no_grad():
        logits = model.network(model.network.normalise(images)).class_logits
    return logits.topk(min(2, logits.shape[1]), 1).indices.sort(1).values.tolist()


def labels_of(
    model: Model, network: nn.Module, images: Tensor, classes: list[list[int]]
) -> dict[str, Tensor]:
    """Predicted masks, and pseudo labels made from the maps of ``classes``."""
    shown = model.network.normalise(images)
    with torch.no_grad():
        prediction = network(shown).mask_logits.argmax(1)
    blocks = len(model.network.backbone.blocks) // 2
    maps = activation_maps(network, shown, classes=classes, blocks=blocks)
    refined = normalise(refine(torch.stack(maps), images))
    label = complete_labels(refined, torch.ones(refined.shape[:2]), rule="thresholds")
    return {"prediction": prediction, "labels from maps": label}


def rows(plan: Plan) -> list[Row]:
    """Share of equal pixels."""
    model = load_model(plan.model, device="cpu") if plan.model else drawn_model(plan)
    images = plan.photos(2 if plan.quick else 8, SIDE)
    classes = likeliest(model, images)
    expected = labels_of(model, model.network, images, classes)
    variants: dict[str, tuple[AbstractContextManager, nn.Module]] = {
        "bf16 autocast": (torch.autocast("cpu", torch.bfloat16), model.network),
        "fp16 autocast": (torch.autocast("cpu", torch.float16), model.network),
    }
    if not plan.quick:  # compiling takes a minute
        variants["torch.compile"] = nullcontext(), torch.compile(model.network)
    whose = "trained model" if plan.model else "drawn heads"
    lines = []
    for variant, (context, network) in variants.items():
        with context:
            found = labels_of(model, network, images, classes)
        if variant == "torch.compile":  # maps are made uncompiled: equal by construction
            del found["labels from maps"]
        for what, label in found.items():
            same = (label == expected[what]).double().mean().item()
            name = f"equal pixels, {what}, {variant} / float32, {whose}"
            lines.append(row(name, same, SAME, at_least=True))
    return lines
