"""The recorder observes the attention of any vision transformer from outside, without changing it.

Every attention block calls ``torch.nn.functional.scaled_dot_product_attention``; a
``TorchFunctionMode`` sees these calls and keeps (query, key, value, output) of each. Fused
attention stays on, and :class:`getam.activation.Attention` needs no more than these four.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import (
    conv2d,
    layer_norm,
    multi_head_attention_forward,
    rms_norm,
    scaled_dot_product_attention,
)
from torch.overrides import TorchFunctionMode

from getam.activation.attention import Attention
from getam.activation.pre_norm_trace import PreNormTrace


@dataclass(frozen=True)
class LastNorm:
    """The last norm of a forward pass turned tokens into the final ones."""

    tokens: Tensor  # [B, N, D], what it was given; if the model pools before, that of all tokens
    output: Tensor  # [B, N, D], the same tokens normalised
    apply: Callable[[Tensor], Tensor]  # the norm, of tensors [..., D]


class AttentionRecorder(TorchFunctionMode):
    """The recorder is a context that keeps the attention calls of the forward pass inside it.

    Only calls with [B, A, N, d] queries and as many keys count as blocks, so attention pooling does
    not.

    Parameters
    ----------
    keep_from
        Index of the first block to keep.
    graph_from
        First block whose output must be differentiable, None for none. Under ``no_grad`` (maps
        alone) the graph begins here and nothing before is kept. In training the same forward pass
        serves the loss, and this matters only if everything up to here is frozen.
    tokens
        Whether the normalised input of every block and the final tokens are kept too. The graph
        then begins at the input of ``graph_from``.
    stream
        Whether the graph begins before that input was normalised, so that it holds the whole block.
    trace
        What watches the blocks from ``graph_from`` on for the usual form, if anything does.

    Attributes
    ----------
    calls
        What was kept of each block, by its index, in the order of the forward pass.
    seen
        The number of blocks so far, kept or not.
    grid
        The patches (h, w): the size of what the last convolution before the first block returned.
    final
        The last tensor [B, N, D] of all tokens, and the tensor through which the score depends on
        it. The two are one, unless the model pools before it normalises: then the second one is the
        pooled vector [B, D], and the first one holds all tokens normalised like it. It is None if
        tokens were not asked for.
    last_norm
        The last norm of tokens. It made the final ones, unless the model does not end with a norm.
    """

    def __init__(
        self,
        keep_from: int = 0,
        *,
        graph_from: int | None = None,
        tokens: bool = False,
        stream: bool = False,
        trace: PreNormTrace | None = None,
    ) -> None:
        super().__init__()
        self.keep_from = keep_from
        self.graph_from = graph_from
        self.tokens = tokens
        self.stream = stream
        self.trace = trace
        self.calls: dict[int, Attention] = {}
        self.seen = 0
        self.grid: tuple[int, int] | None = None
        self.final: tuple[Tensor, Tensor] | None = None
        self.last_norm: LastNorm | None = None
        self._normalised: list[tuple[Tensor, Tensor]] = []  # before and after, since the last block
        self._normalises_first = True

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        output = self._call(func, *args, **kwargs)
        if self.trace is not None and self.graph_from is not None and self.seen >= self.graph_from:
            last = self.seen - 1
            self.trace.see(func, args, kwargs, output, attention=self.calls.get(last), index=last)
        return output

    def __exit__(self, *exception: Any) -> None:
        """Let go of what only the forward pass needed."""
        super().__exit__(*exception)
        if self.trace is not None:
            self.trace.close()

    def _call(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if func is scaled_dot_product_attention:
            return self._attend(*args, **kwargs)
        if func is multi_head_attention_forward:
            return self._multi_head(*args, **kwargs)
        is_norm = self.tokens and func in (layer_norm, rms_norm)
        if is_norm and self.stream and self.seen == self.graph_from:
            _start_graph(args[0])
        output = func(*args, **kwargs)
        if func is conv2d and self.seen == 0:
            self.grid = (output.shape[-2], output.shape[-1])
        if is_norm:
            self._remember_input(args[0], output)
            self._remember_norm(args[0], output, lambda tokens: func(tokens, *args[1:], **kwargs))
        if self.tokens and isinstance(output, Tensor):
            self._remember_final(output)
        return output

    def _attend(self, *args: Any, **kwargs: Any) -> Tensor:
        output = scaled_dot_product_attention(*args, **kwargs)
        call = _attention(output, *args, **kwargs)
        if call.query.ndim != 4 or call.query.shape[2] != call.key.shape[2]:
            return output
        if self.seen == self.graph_from:
            _start_graph(output)
        entered, tokens = self._input_of(call)
        if self.seen == 0:
            self._normalises_first = tokens is not None
        if self._normalises_first:
            call = replace(call, tokens=tokens, entered=entered)
        if self.seen >= self.keep_from:
            self.calls[self.seen] = call
        self._normalised.clear()
        self.seen += 1
        return output

    def _multi_head(self, *args: Any, **kwargs: Any) -> Any:
        # A mode does not see inside torch's own Python functions, and `torch.nn.MultiheadAttention`
        # attends in there: run a copy of the function that calls us instead.
        names = {**multi_head_attention_forward.__globals__}
        names["scaled_dot_product_attention"] = self._attend
        copy = FunctionType(multi_head_attention_forward.__code__, names)
        copy.__defaults__ = multi_head_attention_forward.__defaults__
        return copy(*args, **kwargs)

    def _remember_input(self, tokens: Tensor, output: Tensor) -> None:
        if self.seen == self.graph_from:
            _start_graph(output)
        self._normalised.append((tokens, output))

    def _remember_final(self, output: Tensor) -> None:
        last = self.calls.get(self.seen - 1)
        if last is not None and output.shape == last.query.transpose(1, 2).flatten(2).shape:
            self.final = (output, output)

    def _remember_norm(
        self, given: Tensor, output: Tensor, norm: Callable[[Tensor], Tensor]
    ) -> None:
        if output.ndim == 3:
            self.last_norm = LastNorm(given, output, norm)
        if self.final is None or output.ndim != 2:
            return
        tokens = self.final[0]
        if output.shape == (tokens.shape[0], tokens.shape[2]):
            with torch.no_grad():
                self.final = (norm(tokens), output)
            self.last_norm = LastNorm(tokens, self.final[0], norm)

    def _input_of(self, call: Attention) -> tuple[Tensor, Tensor] | tuple[None, None]:
        # Queries and keys may be normalised after the block's input: those are one head wide.
        width = call.query.shape[1] * call.query.shape[3]
        inputs = [pair for pair in self._normalised if pair[1].shape[-1] == width]
        return inputs[-1] if inputs else (None, None)


def _start_graph(output: Tensor) -> None:
    torch.set_grad_enabled(True)
    if not output.requires_grad:
        output.requires_grad_()


def _attention(
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
