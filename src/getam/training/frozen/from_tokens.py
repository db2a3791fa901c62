"""Maps that read the last tokens alone are made of the kept features, so the backbone rests."""

from typing import TypeGuard

import torch
from torch import Tensor

from getam.activation import divide_by_maximum, of_slots, slot_table
from getam.data import Batch
from getam.model import LabelSource
from getam.network import Network, features_from
from getam.pseudo_label import Labeller, PseudoLabels
from getam.pseudo_label.class_maps import token_values

POOLED = ("average", "maximum")
"""The classifiers that pool the patch tokens, so that `cam` is the class head at every patch."""


def reads_tokens_alone(source: LabelSource, network: Network) -> TypeGuard[Labeller]:
    """Return whether a source makes its labels of the last tokens: `cam` without affinity."""
    return (
        isinstance(source, Labeller)
        and source.method == "cam"
        and not source.affinity
        and network.architecture.classifier in POOLED
    )


@torch.no_grad()
def label_from_tokens(
    network: Network, labeller: Labeller, batch: Batch, *, labelled: Tensor
) -> PseudoLabels:
    """Label a batch by `cam` (Zhou et al. 2016) of its kept features, without a gradient.

    Parameters
    ----------
    network
        The network whose class head weighs the tokens.
    labeller
        A labeller that `reads_tokens_alone`.
    batch
        Photos with their tags and features.
    labelled
        bool [B, H, W]; pixels outside become 255.
    """
    assert batch.features is not None
    height, width = batch.image.shape[-2:]
    features = features_from(network.backbone, batch.features, (height, width))
    slots = slot_table(batch.classes).to(features.patch_tokens.device, non_blocking=True)
    maps = of_slots(token_values(network, features).relu(), slots)
    return labeller.label(divide_by_maximum(maps), batch, labelled=labelled)
