"""Observe the attention of any vision transformer from outside, without changing the model.

Every attention block calls ``torch.nn.functional.scaled_dot_product_attention``; a
``TorchFunctionMode`` sees these calls and keeps (query, key, value, output). Attention enters the
network only through ``output = attention @ value``, so with g = d score / d output

* the class-token row of the attention is ``softmax(scale q_0 K^T)``,
* the class-token row of its gradient is ``g_0 V^T``,

both [B, A, N]: no N x N matrix is ever formed and fused attention stays on.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode


@dataclass(frozen=True)
class Attention:
    """One observed attention block: its inputs, its output and how scores were scaled."""

    query: Tensor  # [B, A, N, d]
    key: Tensor  # [B, A, N, d]
    value: Tensor  # [B, A, N, d]
    output: Tensor  # [B, A, N, d]
    bias: Tensor | None = None  # broadcasts to [B, A, N, N], added to the scores
    scale: float | None = None  # None: 1 / sqrt(d)

    def scores(self, rows: slice) -> Tensor:
        """Scores before softmax for some query rows, float32 [B, A, rows, N]."""
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

    @cached_property
    def class_row(self) -> Tensor:
        """Attention of the class token after softmax, float32 [B, A, N]."""
        return self.scores(slice(0, 1)).softmax(-1)[:, :, 0]

    def gradient(self, output_gradient: Tensor, rows: slice) -> Tensor:
        """d score / d attention for some query rows, float32 [B, A, rows, N]."""
        return output_gradient[:, :, rows].float() @ self.value.detach().float().mT


class AttentionRecorder(TorchFunctionMode):
    """Context that keeps the attention calls of a forward pass.

    Parameters
    ----------
    keep_from
        Index of the first block to keep.
    graph_from
        First block whose output must be differentiable, None for none. Under ``no_grad`` the graph
        begins here and nothing before is kept (maps alone); in training, where the same forward
        pass serves the loss, it only matters if everything up to here is frozen.

    Attributes
    ----------
    calls
        Block index to what was kept of it, in the order of the forward pass.
    seen
        Number of attention calls so far, kept or not.
    """

    def __init__(self, keep_from: int = 0, *, graph_from: int | None = None) -> None:
        super().__init__()
        self.keep_from = keep_from
        self.graph_from = graph_from
        self.calls: dict[int, Attention] = {}
        self.seen = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is not scaled_dot_product_attention:
            return func(*args, **kwargs)
        output = func(*args, **kwargs)
        if self.seen == self.graph_from:
            torch.set_grad_enabled(True)
            if not output.requires_grad:
                output.requires_grad_()
        if self.seen >= self.keep_from:
            self.calls[self.seen] = _call(output, *args, **kwargs)
        self.seen += 1
        return output


def _call(
    output: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    **others: Any,
) -> Attention:
    if is_causal or dropout_p or any(others.values()):
        raise ValueError(
            "activation maps need plain attention, got causal, dropped-out or grouped attention: "
            "call model.eval() and use an image encoder"
        )
    return Attention(query, key, value, output, attn_mask, scale)
