"""Activation checkpointing: blocks keep no activations, and run again in the backward pass.

The source is Chen et al., "Training Deep Nets with Sublinear Memory Cost" (2016).
"""

from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from getam.network.network import Network


def checkpoint_blocks(network: Network, count: int) -> None:
    """Let the first blocks of the backbone keep no more than their input for the backward pass.

    The gradients stay the same. The class of a block is replaced by a subclass, so copies behave
    the same, and parameters keep their names. A block that counts for activation maps is better
    left alone: it would run again for every class.

    Parameters
    ----------
    network
        The network.
    count
        Number of blocks, from the first.
    """
    for block in network.backbone.blocks[:count]:
        kind = type(block)
        block.__class__ = type(f"Checkpointed{kind.__name__}", (_Checkpointed, kind), {})


class _Checkpointed(nn.Module):
    """This part serves a block of any class, whose ``forward`` it calls."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        run = super().forward
        if not torch.is_grad_enabled():
            return run(*args, **kwargs)
        return checkpoint(run, *args, use_reentrant=False, **kwargs)
