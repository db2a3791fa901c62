"""AttnLRP as a plug-in of getam (Achtibat et al., ICML 2024, arXiv 2402.05602).

    pip install ./examples/attn_lrp
    getam explain --images PHOTO --backbone NAME --methods attn_lrp --out OUT

It is no part of getam, because its authors have patented it; research may use it freely. AttnLRP
gives each token x the relevance x . g, where g is the gradient of the class score under other rules
for four operations. The rules become hooks on the nodes of the graph that the forward pass has left
behind, so no network has to be changed. Networks must be built of these operations: linear layers,
layer norm, GELU, and the attention of torch. The relevance is that of the tokens that enter the
first block that counts (``--first-block 0`` for those of the patches).
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node, get_gradient_edge
from torch.nn.functional import gelu

from getam.activation import Method, Recording

Gradients = tuple[Any, ...]  # tensors, and None for what needs no gradient
SMALL = 1e-6


def attn_lrp(recording: Recording) -> Tensor:
    """Return relu(x . g) of the tokens that enter the first block that counts, [B, N]."""
    (final,) = recording.final
    first, last = recording.stream[0], recording.stream[-1]
    assert recording.norm is not None
    with torch.enable_grad():
        score = (recording.norm(last) * final.gradient.to(last)).sum()
        nodes = nodes_between(get_gradient_edge(score).node, get_gradient_edge(first).node)
        hooks = [node.register_hook(rule) for node in nodes if (rule := rule_of(node))]
        try:
            (gradient,) = torch.autograd.grad(score, [first], retain_graph=True)
        finally:
            for hook in hooks:
                hook.remove()
    return (first.detach() * gradient).float().sum(-1).relu()


def nodes_between(end: Node, start: Node) -> Iterator[Node]:
    """Yield each node of the graph once, from the end back to the start."""
    waiting, seen = [end], {start}
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            yield node
            waiting += [before for before, _ in node.next_functions if before is not None]


def rule_of(node: Any) -> Callable[[Gradients, Gradients], Gradients] | None:
    """Return what replaces the gradients of an operation; None if they stay as they are."""
    kind = node.name()
    if kind.startswith("NativeLayerNorm"):
        return lambda _, from_outputs: (normalised(node, from_outputs[0]), None, None)
    if kind.startswith("Gelu"):
        return lambda _, from_outputs: (unchanged(node, from_outputs[0]),)
    if kind.startswith("ScaledDotProduct"):
        # softmax(q k) v: v gets half of the relevance, and q and k share the other half.
        return lambda to_inputs, _: scaled(to_inputs, [0.25, 0.25, 0.5])
    if kind.startswith("Bmm"):  # attention that torch has not fused
        return lambda to_inputs, _: scaled(to_inputs, [0.5, 0.5])
    return None


def normalised(node: Any, gradient: Tensor) -> Tensor:
    """Pass a layer norm as if its standard deviation were a constant."""
    weight = node._saved_weight
    weighted = gradient if weight is None else gradient * weight
    return (weighted - weighted.mean(-1, keepdim=True)) * node._saved_result2


def unchanged(node: Any, gradient: Tensor) -> Tensor:
    """Pass a GELU such that the relevance x . g stays what it was."""
    x = node._saved_self
    slope = gelu(x, approximate=node._saved_approximate) / x
    return gradient * torch.where(x.abs() < SMALL, 0.5, slope)


def scaled(gradients: Gradients, factors: list[float]) -> Gradients:
    """Share the relevance of a product evenly between its factors."""
    both = zip(gradients, factors, strict=False)
    shared = [None if gradient is None else gradient * factor for gradient, factor in both]
    return (*shared, *gradients[len(factors) :])


method = Method(attn_lrp, reads="stream")
