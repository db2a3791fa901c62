"""Blocks of the usual form are recognised by the calls that they make, whoever wrote them.

Between two blocks of the form of :class:`PreNormBlock`, a forward pass calls

    layer_norm, linear (one to three), attention, linear, [mul], add,
    layer_norm, linear, gelu, linear, [mul], add

and each call is given what an earlier one returned, or a view of it. The graph that torch keeps for
automatic differentiation must hold the same and no more, because it also knows what no call shows:
changes in place, gradients that are cut off, hooks of modules. Whatever differs in any way is not
recognised, and automatic differentiation serves it.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node, get_gradient_edge
from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention

from getam.activation.attention import Attention
from getam.activation.pre_norm import Norm, PreNormBlock

KINDS: Mapping[Callable[..., Any], str] = {
    layer_norm: "n",
    linear: "l",
    scaled_dot_product_attention: "s",
    gelu: "g",
    torch.add: "a",
    Tensor.add: "a",
    Tensor.__add__: "a",
    torch.mul: "m",
    Tensor.mul: "m",
    Tensor.__mul__: "m",
}
"""A letter for each call that such a block makes. Every other one that computes is an x."""

MATRIX = {"AddmmBackward0", "MmBackward0", "LinearBackward0"}
COMPUTES = {
    "AddBackward0": "a",
    "MulBackward0": "m",
    "GeluBackward0": "g",
    "NativeLayerNormBackward0": "n",
    **dict.fromkeys(MATRIX, "l"),
}
"""The same letter for each node of the graph that computes."""

PASSES = {
    *("ViewBackward0", "UnsafeViewBackward0", "ReshapeAliasBackward0", "TransposeBackward0"),
    *("TBackward0", "PermuteBackward0", "UnbindBackward0", "SplitBackward0", "SelectBackward0"),
    *("SliceBackward0", "AccumulateGrad"),
}
"""Nodes that hand values on in another shape, or that end at a weight."""

FORM = re.compile("nl{1,3}slm?anlglm?a$")
LONGEST = 14


@dataclass(frozen=True)
class Call:
    """A call of the forward pass was given and returned these."""

    kind: str
    arguments: Sequence[Any]
    options: Mapping[str, Any]
    output: Tensor


class PreNormTrace:
    """A trace watches the calls of a forward pass and keeps the blocks that it recognises.

    Attributes
    ----------
    blocks
        Those blocks, by the index of their attention.
    """

    def __init__(self) -> None:
        self.blocks: dict[int, PreNormBlock] = {}
        self._hooked = False
        self._calls: deque[Call] = deque(maxlen=LONGEST)

    def see(
        self,
        func: Callable[..., Any],
        arguments: Sequence[Any],
        options: Mapping[str, Any],
        output: Any,
        *,
        attention: Attention | None,
        index: int,
    ) -> None:
        """Look at a call that is over.

        Parameters
        ----------
        func, arguments, options, output
            The function, what it was given, and what it returned.
        attention, index
            The last attention before, with its index among all.
        """
        self._hooked |= func is Tensor.register_hook  # which may give any other gradient
        kind = KINDS.get(func, "x") if len(arguments) > 1 or func is gelu else "x"
        if not isinstance(output, Tensor) or (kind == "x" and is_view(output, arguments)):
            return
        self._calls.append(Call(kind, arguments, options, output))
        form = FORM.search("".join(call.kind for call in self._calls))
        if attention is None or form is None:
            return
        block = block_of(list(self._calls)[form.start() :], attention)
        if block is not None:
            self.blocks[index] = block

    def close(self) -> None:
        """Let go of what only further blocks would need."""
        self._calls.clear()

    def chain(self, indices: Sequence[int]) -> list[PreNormBlock]:
        """Return the blocks asked for if all are known and each enters the next, or none."""
        if self._hooked or any(index not in self.blocks for index in indices):
            return []
        chain = [self.blocks[index] for index in indices]
        known = all(
            is_same(one.after, other.before.tokens) and reads_tokens_alone(other, one.after)
            for one, other in zip(chain, chain[1:], strict=False)
        )
        return chain if known and all(map(is_usual_after_attention, chain)) else []


def block_of(calls: Sequence[Call], attention: Attention) -> PreNormBlock | None:
    """Return the block that made these calls, or None if one got something else than expected."""
    before, *inward, attend, out = calls[: [call.kind for call in calls].index("s") + 2]
    rest = list(calls[len(inward) + 3 :])
    scale_1 = rest.pop(0) if rest[0].kind == "m" else None
    first_sum, middle, up, hidden, down = rest[:5]
    scale_2 = rest[5] if rest[5].kind == "m" else None
    last_sum = rest[-1]
    tokens = before.arguments[0]
    inner = inward_weights(attention, inward)
    batch, _, length, _ = attention.query.shape
    chained = (
        inner is not None
        and tokens.shape[:-1] == (batch, length)
        and all(tuple(norm.arguments[1]) == tokens.shape[-1:] for norm in (before, middle))
        and all(is_same(call.arguments[0], before.output) for call in inward)
        and merges_heads(out.arguments[0], attend.output)
        and adds(first_sum, tokens, scale_1 or out)
        and is_same(middle.arguments[0], first_sum.output)
        and is_same(up.arguments[0], middle.output)
        and is_same(hidden.arguments[0], up.output)
        and is_same(down.arguments[0], hidden.output)
        and adds(last_sum, first_sum.output, scale_2 or down)
        and multiplies(scale_1, out)
        and multiplies(scale_2, down)
        and attention.query.dtype == tokens.dtype == torch.float32
    )
    if not chained or inner is None:
        return None
    return PreNormBlock(
        attention,
        norm_of(before),
        norm_of(middle),
        inner,
        weight_of(out),
        weight_of(up),
        weight_of(down),
        up.output.detach(),
        hidden.options.get("approximate", "none"),
        None if scale_1 is None else scale_1.arguments[1].detach(),
        None if scale_2 is None else scale_2.arguments[1].detach(),
        last_sum.output,
        tokens if tokens.requires_grad else None,
    )


def is_usual_after_attention(block: PreNormBlock) -> bool:
    """Return whether the graph between attention and ``after`` computes what the block says."""
    output, tokens = block.attention.output, block.entered
    scales = [scale for scale in (block.scale_1, block.scale_2) if scale is not None]
    computed, ends = walk([block.after], [output, *([] if tokens is None else [tokens])])
    return ends[0] and computed == Counter("aaglll" + "n" + "m" * len(scales))


def reads_tokens_alone(block: PreNormBlock, tokens: Tensor) -> bool:
    """Return whether the graph before attention is one norm and the products behind it."""
    attention = block.attention
    computed, ends = walk([attention.query, attention.key, attention.value], [tokens])
    return ends[0] and computed["n"] == 1 and set(computed) == {"n", "l"}


def walk(starts: Sequence[Tensor], stops: Sequence[Tensor]) -> tuple[Counter[str], list[bool]]:
    """Walk the graph from some tensors back to others.

    Returns
    -------
    tuple
        How often each kind of computation stands between them, by the letters of ``COMPUTES`` and
        x for any other, and whether each of the other tensors was met.
    """
    ends = [get_gradient_edge(tensor).node for tensor in stops]
    waiting = [get_gradient_edge(tensor).node for tensor in starts]
    seen: set[Node] = set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            if node not in ends:
                waiting += [before for before, _ in node.next_functions if before is not None]
    names = [node.name().rpartition("::")[2] for node in seen if node not in ends]
    computed = Counter(COMPUTES.get(name, "x") for name in names if name not in PASSES)
    return computed, [end in seen for end in ends]


def norm_of(call: Call) -> Norm:
    """Read a call of ``layer_norm(tokens, shape, weight, bias, eps)``."""
    names = ("tokens", "shape", "weight", "bias", "eps")
    given: dict[str, Any] = {"weight": None, "bias": None, "eps": 1e-5}
    given |= {**dict(zip(names, call.arguments, strict=False)), **call.options}
    weight, bias = (None if w is None else w.detach() for w in (given["weight"], given["bias"]))
    return Norm(call.arguments[0].detach(), weight, bias, given["eps"])


def weight_of(call: Call) -> Tensor:
    """Read the weight of a call of ``linear(tokens, weight, bias)``."""
    weight: Tensor = call.arguments[1]
    return weight.detach()


def inward_weights(attention: Attention, calls: Sequence[Call]) -> Tensor | None:
    """Return the weights [3 W, D] of queries, keys and values, or None if these are not views.

    Each must be a part of what one of the calls returned, cut into heads.
    """
    parts = []
    for own in (attention.query, attention.key, attention.value):
        width = own.shape[1] * own.shape[3]
        for call in calls:
            column = (own.data_ptr() - call.output.data_ptr()) // own.element_size()
            whole = call.output.shape[-1]
            is_part = is_view(own, [call.output]) and 0 <= column <= whole - width
            if is_part and has_heads(own, whole):
                parts.append(weight_of(call)[column : column + width])
                break
    return torch.cat(parts) if len(parts) == 3 else None


def merges_heads(tokens: Tensor, output: Tensor) -> bool:
    """Return whether tokens [B, N, W] are an attention's output [B, A, N, d], heads side by side.

    Its memory must have this order already, so that merging the heads copies nothing.
    """
    width = output.shape[1] * output.shape[3]
    return is_view(tokens, [output]) and tokens.shape[-1] == width and has_heads(output, width)


def has_heads(own: Tensor, width: int) -> bool:
    """Return whether [B, A, N, d] lies in memory as a part of [B, N, width] does."""
    _, _, tokens, channels = own.shape
    strides = (tokens * width, channels, width, 1)
    return all(
        size == 1 or stride == wanted
        for size, stride, wanted in zip(own.shape, own.stride(), strides, strict=True)
    )


def adds(total: Call, residual: Tensor, branch: Call) -> bool:
    """Return whether a call adds what a branch returned to the residual, and nothing else."""
    one, other = total.arguments
    if is_same(other, residual):
        one, other = other, one
    return not total.options and is_same(one, residual) and is_same(other, branch.output)


def multiplies(scale: Call | None, branch: Call) -> bool:
    """Return whether a call, if there is one, scales every channel of what a branch returned."""
    if scale is None:
        return True
    tokens, factor = scale.arguments
    return is_same(tokens, branch.output) and isinstance(factor, Tensor) and factor.ndim == 1


def is_same(one: Any, other: Tensor) -> bool:
    """Return whether both are the same numbers in memory."""
    return isinstance(one, Tensor) and (
        (one.data_ptr(), one.shape, one.stride(), one.dtype)
        == (other.data_ptr(), other.shape, other.stride(), other.dtype)
    )


def is_view(output: Tensor, arguments: Sequence[Any]) -> bool:
    """Return whether a tensor shares its memory with one of the arguments."""
    memory = output.untyped_storage().data_ptr()
    tensors = (argument for argument in arguments if isinstance(argument, Tensor))
    return any(tensor.untyped_storage().data_ptr() == memory for tensor in tensors)
