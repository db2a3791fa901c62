"""An observed attention block gives any rows of its attention and of their gradient.

Attention enters the network only through ``output = attention @ value``, so with
g = d score / d output

* the class-token row of the attention is ``softmax(scale q_0 K^T)``,
* the class-token row of its gradient is ``g_0 V^T``,

both [B, A, N], and so for any other row: no N x N matrix is ever formed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

ROWS = 256  # attention rows of one block and all its heads that exist at a time


def row_bands(tokens: int, *, first: int = 0) -> Iterator[slice]:
    """Cut the query rows from ``first`` to before ``tokens`` into bands of at most ``ROWS``."""
    return (slice(start, min(start + ROWS, tokens)) for start in range(first, tokens, ROWS))


@dataclass(frozen=True)
class Attention:
    """One observed attention block has its inputs, its output and the way scores were scaled."""

    query: Tensor  # [B, A, N, d]
    key: Tensor  # [B, A, N, d]
    value: Tensor  # [B, A, N, d]
    output: Tensor  # [B, A, N, d]
    bias: Tensor | None = None  # broadcasts to [B, A, N, N], added to the scores
    scale: float | None = None  # None: 1 / sqrt(d)
    tokens: Tensor | None = None  # [B, N, D], the block's normalised input; kept if asked for, and
    # None in a model that does not normalise before its first block: it does so after each instead

    def scores(self, rows: slice) -> Tensor:
        """Return the scores before softmax of some query rows, float32 [B, A, rows, N]."""
        scale = self.query.shape[-1] ** -0.5 if self.scale is None else self.scale
        query = self.query[:, :, rows].detach().float() * scale
        scores = query @ self.key.detach().float().mT
        if self.bias is None:
            return scores
        # A bias may hold one row for every query, or one for each.
        bias = self.bias.detach()
        bias = bias if bias.shape[-2] == 1 else bias[..., rows, :]
        if bias.dtype == torch.bool:
            return scores.masked_fill(~bias, float("-inf"))
        return scores + bias.float()

    def gradient(self, output_gradient: Tensor, rows: slice) -> Tensor:
        """Return d score / d attention of some query rows, float32 [B, A, rows, N]."""
        return output_gradient[:, :, rows].float() @ self.value.detach().float().mT
