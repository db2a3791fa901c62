"""The gradient of a class score is written out for the usual block of a vision transformer.

That block normalises before it attends and before it mixes channels::

    middle = tokens + scale_1 * (attend(normalise(tokens)) @ out.T)
    after = middle + scale_2 * (gelu(normalise(middle) @ up.T) @ down.T)

Everything but the attention treats each token alone. Therefore a gradient that is needed for few
tokens, or that is zero for all others, costs little, which automatic differentiation cannot know:
the classifier reads one token of the last block, and of the first block that counts, only the
class token's row is wanted.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from getam.activation.attention import Attention

Images = Tensor | slice
"""The image of each pair of an image and a class: indices [P], or a slice if each has one class."""


@dataclass(frozen=True)
class Norm:
    """A layer norm saw these tokens."""

    tokens: Tensor  # [B, N, D], what it normalised
    weight: Tensor | None
    bias: Tensor | None
    eps: float

    def backward(self, gradient: Tensor, images: Images, rows: slice) -> Tensor:
        """Turn the gradient of what it returned into that of what it was given, [P, rows, D]."""
        tokens = self.tokens[images, rows]
        width = [tokens.shape[-1]]
        _, mean, scale = torch.native_layer_norm(tokens, width, self.weight, self.bias, self.eps)
        backward = torch.ops.aten.native_layer_norm_backward
        mask = [True, False, False]  # of the tokens alone
        own, _, _ = backward(gradient, tokens, width, mean, scale, self.weight, self.bias, mask)
        return own


@dataclass(frozen=True)
class PreNormBlock:
    """A block of this form ran, and these are its weights and what its gradient needs.

    Attributes
    ----------
    attention
        The queries, keys and values that it attended with, and what that returned.
    before, middle
        The norms of ``tokens`` and of ``middle``.
    inward
        [3 W, D], the weights of queries, keys and values; W is the width of all heads together.
    out
        [D, W], the weights behind the attention.
    up, down
        [H, D] and [D, H], the weights around the hidden channels.
    hidden
        [B, N, H], the hidden channels before GELU.
    approximate
        GELU's way: none or tanh.
    scale_1, scale_2
        [D], or None.
    after
        [B, N, D], what the block returned, with its graph.
    entered
        ``tokens`` with their graph, or None if they have none.
    """

    attention: Attention
    before: Norm
    middle: Norm
    inward: Tensor
    out: Tensor
    up: Tensor
    down: Tensor
    hidden: Tensor
    approximate: str
    scale_1: Tensor | None
    scale_2: Tensor | None
    after: Tensor
    entered: Tensor | None

    def to_attention(self, gradient: Tensor, images: Images, rows: slice) -> tuple[Tensor, Tensor]:
        """Bring the gradient of some tokens from ``after`` back to what the attention returned.

        Parameters
        ----------
        gradient
            [P, rows, D], d score / d after for each of P pairs of an image and a class.
        images
            The image of each pair.
        rows
            The tokens that the gradient is of.

        Returns
        -------
        tuple of Tensor
            The gradients of ``middle``, [P, rows, D], and of the attention's output, [P, A, rows,
            d].
        """
        hidden = scaled(gradient, self.scale_2) @ self.down
        hidden = torch.ops.aten.gelu_backward(
            hidden, self.hidden[images, rows], approximate=self.approximate
        )
        middle = gradient + self.middle.backward(hidden @ self.up, images, rows)
        merged = scaled(middle, self.scale_1) @ self.out
        heads = self.attention.query.shape[1]
        return middle, merged.unflatten(-1, (heads, -1)).transpose(1, 2)

    def to_tokens(
        self,
        middle: Tensor,
        output: Tensor,
        images: Images,
        rows: slice,
        *,
        wanted: slice,
    ) -> Tensor:
        """Bring the two gradients of :meth:`to_attention` back to the tokens that entered.

        Parameters
        ----------
        middle, output
            The two gradients that :meth:`to_attention` returned.
        images, rows
            The arguments that it was given.
        wanted
            The tokens whose gradient is returned. They begin with ``rows``, if these are not all.

        Returns
        -------
        Tensor
            d score / d tokens, [P, wanted, D].
        """
        everything = rows == slice(0, self.hidden.shape[1])
        if everything:
            gradients = self.attention.backward(output, images)
        else:
            gradients = self.attention.at(images).backward_of_rows(output, rows)
        merged = torch.cat([own[:, :, wanted].transpose(1, 2).flatten(2) for own in gradients], -1)
        tokens = self.before.backward(merged @ self.inward, images, wanted)
        if everything:
            return tokens + middle[:, wanted]
        tokens[:, rows] += middle
        return tokens


def scaled(tokens: Tensor, scale: Tensor | None) -> Tensor:
    """Multiply tokens by a scale per channel, if there is one."""
    return tokens if scale is None else tokens * scale
