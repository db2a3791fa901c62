"""Optimisers are made by name; new layers learn faster than the pretrained backbone."""

from collections.abc import Callable, Iterable
from typing import Any

from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from getam.network import Network
from getam.training.step import Step


def adamw(groups: Iterable[dict[str, Any]], weight_decay: float) -> Optimizer:
    """Return AdamW, the default for plain use; its fused form takes a third of the time."""
    return AdamW(groups, weight_decay=weight_decay, fused=True)


def sgd(groups: Iterable[dict[str, Any]], weight_decay: float) -> Optimizer:
    """Return SGD with the usual momentum 0.9."""
    return SGD(groups, momentum=0.9, weight_decay=weight_decay)


def sgd_paper(groups: Iterable[dict[str, Any]], weight_decay: float) -> Optimizer:
    """Return SGD as the released code means it; its ``momentum=0.9`` is the power of the decay."""
    return SGD(groups, weight_decay=weight_decay)


def sgd_released(groups: Iterable[dict[str, Any]], weight_decay: float) -> Optimizer:
    """Return SGD as the released code acts: the weight decay lands in the momentum slot."""
    return SGD(groups, momentum=weight_decay, weight_decay=0.0)


OPTIMISERS: dict[str, Callable[[Iterable[dict[str, Any]], float], Optimizer]] = {
    "adamw": adamw,
    "sgd": sgd,
    "sgd_paper": sgd_paper,
    "sgd_released": sgd_released,
}
"""Every optimiser by its name."""


def build_optimiser(
    step: Step, name: str, *, learning_rate: float, head_factor: float, weight_decay: float
) -> Optimizer:
    """Make an optimiser of two groups: the backbone, and new layers at ``head_factor`` its rate.

    What the parts of the loss own counts among the new layers. Each group keeps its own rate under
    ``base_rate``, which the schedule scales.

    Raises
    ------
    ValueError
        For an unknown name.
    """
    if name not in OPTIMISERS:
        raise ValueError(f"optimiser must be one of {', '.join(OPTIMISERS)}, got {name!r}")
    backbone = list(trainable(step.network.backbone))
    inside = {id(parameter) for parameter in backbone}
    # A part may hold the network itself, whose parameters must not be counted twice.
    learning = nn.ModuleList([step.network, step.owned])
    new = [parameter for parameter in trainable(learning) if id(parameter) not in inside]
    groups = [
        {"params": backbone, "lr": learning_rate, "base_rate": learning_rate},
        {
            "params": new,
            "lr": learning_rate * head_factor,
            "base_rate": learning_rate * head_factor,
        },
    ]
    return OPTIMISERS[name](groups, weight_decay)


def trainable(module: nn.Module) -> Iterable[nn.Parameter]:
    """Yield the parameters that take part in training."""
    return (parameter for parameter in module.parameters() if parameter.requires_grad)


def set_rate(optimiser: Optimizer, factor: float) -> None:
    """Set every group's learning rate to ``factor`` times its base rate."""
    for group in optimiser.param_groups:
        group["lr"] = factor * group["base_rate"]


def train_mode(module: nn.Module) -> None:
    """Switch to training, except what is frozen: its batch norm must not move, nor blocks drop."""
    module.train()
    for part in module.modules():
        parameters = list(part.parameters())
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            part.eval()


def freeze_backbone(network: Network) -> None:
    """Keep the whole backbone as it is."""
    network.backbone.requires_grad_(False)


def freeze_blocks(network: Network, count: int) -> None:
    """Keep patch embedding, tokens and the first ``count`` blocks of the backbone as they are.

    Few photos cannot improve them, and the backward pass ends where they begin. Tokens of classes
    are learnt all the same, because they all start alike.

    Raises
    ------
    ValueError
        If the backbone has fewer blocks.
    """
    backbone = network.backbone
    if not 0 <= count <= len(backbone.blocks):
        raise ValueError(f"frozen_blocks must lie in 0..{len(backbone.blocks)}, got {count}")
    if count == 0:
        return
    above = {id(p) for part in (*backbone.blocks[count:], backbone.norm) for p in part.parameters()}
    if network.architecture.class_tokens:
        above.add(id(backbone.reg_token))
    for parameter in backbone.parameters():
        if id(parameter) not in above:
            parameter.requires_grad_(False)
