"""Attribution methods: one function each, all from the same recorded quantities.

A_l is the attention of block l after softmax and G_l = d class_logit / d A_l. Only the class-token
row is read, so ``block.attention`` and ``block.gradient`` are [B, A, N]. Every method returns
[B, N]; the columns of the prefix tokens are dropped later. ``relu`` keeps what raises the score.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from getam.activation.record import Attention


@dataclass(frozen=True)
class Block:
    """Attention of one block with the gradient of one class score per image."""

    call: Attention
    output_gradient: Tensor  # [B, A, N, d]

    @property
    def attention(self) -> Tensor:
        """Class-token row of the attention, float32 [B, A, N]."""
        return self.call.class_row

    @cached_property
    def gradient(self) -> Tensor:
        """Class-token row of d score / d attention, float32 [B, A, N]."""
        return self.call.gradient(self.output_gradient, slice(0, 1))[:, :, 0]


Method = Callable[[Sequence[Block]], Tensor]


def total(per_block: Iterable[Tensor]) -> Tensor:
    """Sum of one [B, N] tensor per block."""
    return torch.stack(list(per_block)).sum(0)


def getam(blocks: Sequence[Block]) -> Tensor:
    """mean_a relu(G A) * mean_a relu(G), summed over blocks (Sun et al., arXiv 2112.02841).

    A product of two head averages, not an average of products.
    """

    def block_map(attention: Tensor, gradient: Tensor) -> Tensor:
        weighted = (gradient * attention).relu().mean(1)
        return weighted * gradient.relu().mean(1)

    return total(block_map(block.attention, block.gradient) for block in blocks)


def grad_cam(blocks: Sequence[Block]) -> Tensor:
    """mean_a relu(G A), summed over blocks (Grad-CAM on attention, Chefer et al. 2021b)."""
    return total((block.gradient * block.attention).relu().mean(1) for block in blocks)


def grad(blocks: Sequence[Block]) -> Tensor:
    """mean_a relu(G), summed over blocks (ablation of Sun et al., arXiv 2112.02841)."""
    return total(block.gradient.relu().mean(1) for block in blocks)


def grad_squared(blocks: Sequence[Block]) -> Tensor:
    """mean_a relu(G)^2 A, summed over blocks (ablation of Sun et al., arXiv 2112.02841)."""
    return total((block.gradient.relu().square() * block.attention).mean(1) for block in blocks)


def attention(blocks: Sequence[Block]) -> Tensor:
    """mean_a A, summed over blocks: the same for every class, the baseline to beat."""
    return total(block.attention.mean(1) for block in blocks)


METHODS: dict[str, Method] = {
    "getam": getam,
    "grad_cam": grad_cam,
    "grad": grad,
    "grad_squared": grad_squared,
    "attention": attention,
}
"""Every attribution method by its name. A new one is one function and one line here."""
