"""An observed attention block gives any rows of its attention and of their gradient.

Attention enters the network only through ``output = attention @ value``, so with
g = d score / d output

* the class-token row of the attention is ``softmax(scale q_0 K^T)``,
* the class-token row of its gradient is ``g_0 V^T``,

both [B, A, N], and so for any other row: no N x N matrix is ever formed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

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
    entered: Tensor | None = None  # [B, N, D], the same input before it was normalised

    @property
    def factor(self) -> float:
        """Return what the products of queries and keys are multiplied by."""
        return self.query.shape[-1] ** -0.5 if self.scale is None else self.scale

    def at(self, images: Tensor | slice) -> "Attention":
        """Return the attention of some images."""
        query, key, value, output = (
            own.detach()[images] for own in (self.query, self.key, self.value, self.output)
        )
        bias = self.bias
        if bias is not None and bias.ndim == 4 and len(bias) > 1:
            bias = bias[images]
        return replace(self, query=query, key=key, value=value, output=output, bias=bias)

    def backward(self, gradient: Tensor, images: Tensor | slice) -> tuple[Tensor, ...]:
        """Return the gradients of queries, keys and values by torch's own backward pass.

        Parameters
        ----------
        gradient
            [P, A, N, d], that of the output of P images.
        images
            These images. If they are all, the graph of the forward pass is used, if there is one.
        """
        if images == slice(None) and self.output.grad_fn is not None:
            inputs = (self.query, self.key, self.value)
            return torch.autograd.grad(self.output, inputs, gradient, retain_graph=True)
        own = self.at(images)
        inputs = (own.query, own.key, own.value)
        for part in inputs:
            part.requires_grad_()
        with torch.enable_grad():
            output = scaled_dot_product_attention(*inputs, own.bias, scale=own.scale)
        return torch.autograd.grad(output, inputs, gradient)

    def backward_of_rows(self, gradient: Tensor, rows: slice) -> tuple[Tensor, ...]:
        """Return the same where only a few rows of the output have a gradient.

        With A = softmax(S), S = scale q k^T and g = d score / d output,

            d score / d S_nm = A_nm (g_n . v_m - g_n . output_n)

        Parameters
        ----------
        gradient
            [B, A, rows, d]. That of all other rows is zero.
        rows
            The rows that it is of.
        """
        weights = self.scores(rows).softmax(-1)  # [B, A, rows, N]
        inside = (gradient * self.output[:, :, rows]).sum(-1, keepdim=True)
        slopes = weights * (gradient @ self.value.mT - inside) * self.factor
        queries = torch.zeros_like(self.query)
        queries[:, :, rows] = slopes @ self.key
        return queries, slopes.mT @ self.query[:, :, rows], weights.mT @ gradient

    def scores(self, rows: slice) -> Tensor:
        """Return the scores before softmax of some query rows, float32 [B, A, rows, N]."""
        query = self.query[:, :, rows].detach().float() * self.factor
        scores = query @ self.key.detach().float().mT
        return scores if self.bias is None else biased(scores, self.bias.detach(), rows)

    def attached_scores(self) -> Tensor:
        """Return the scores before softmax of all rows with their graph, float32 [B, A, N, N].

        A loss on attention needs them. They take as much memory as they look.
        """
        with torch.autocast(self.query.device.type, enabled=False):
            scores = (self.query.float() * self.factor) @ self.key.float().mT
        return scores if self.bias is None else biased(scores, self.bias, slice(None))

    def attached_patch_scores(self, patches: int) -> Tensor:
        """Return those among the last tokens, which are so many patches, [B, A, P, P]."""
        prefix = self.query.shape[2] - patches
        return self.attached_scores()[..., prefix:, prefix:]

    def gradient(self, output_gradient: Tensor, rows: slice) -> Tensor:
        """Return d score / d attention of some query rows, float32 [B, A, rows, N]."""
        return output_gradient[:, :, rows].float() @ self.value.detach().float().mT

    def score_gradient(self, output_gradient: Tensor, rows: slice) -> Tensor:
        """Return d score / d scores before softmax of some query rows, float32 [B, A, rows, N].

        With A = softmax(S) and G = d score / d A, it is A_nm (G_nm - sum_k A_nk G_nk).
        """
        attention = self.scores(rows).softmax(-1)
        weighted = attention * self.gradient(output_gradient, rows)
        return weighted - attention * weighted.sum(-1, keepdim=True)


def biased(scores: Tensor, bias: Tensor, rows: slice) -> Tensor:
    """Add a bias to the scores of some query rows; it may hold one row for every query."""
    bias = bias if bias.shape[-2] == 1 else bias[..., rows, :]
    if bias.dtype == torch.bool:
        return scores.masked_fill(~bias, float("-inf"))
    return scores + bias.float()
