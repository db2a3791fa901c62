"""A recording is what one class score per image left in the model; every method reads one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from getam.activation.attention import Attention, row_bands
from getam.activation.windows import Windows


@dataclass(frozen=True)
class Tokens:
    """The features of all tokens come with the gradient of one class score per image."""

    values: Tensor  # [B, N, D]
    gradient: Tensor  # [B, N, D]; [B, 1, D] of final tokens that are pooled before the last norm


@dataclass(frozen=True)
class Block:
    """The attention of one block comes with the gradient of one class score per image.

    ``attention``, ``scores`` and ``gradient`` are what the classifier reads: the class token's row,
    or the mean of the patches' rows where it averages patches.
    """

    call: Attention
    output_gradient: Tensor  # [B, A, N, d]; or, of the rows that are read alone, [B, A, read, d]
    read: slice  # the rows the classifier reads

    @cached_property
    def attention(self) -> Tensor:
        """Return the row of the attention after softmax, float32 [B, A, N]."""
        return self._mean_row(self.attention_rows)

    @cached_property
    def scores(self) -> Tensor:
        """Return the row of the scores before softmax, float32 [B, A, N]."""
        return self._mean_row(self.call.scores)

    @cached_property
    def gradient(self) -> Tensor:
        """Return the row of d score / d attention, float32 [B, A, N]."""
        return self._mean_row(self.gradient_rows)

    def _mean_row(self, of: Callable[[slice], Tensor]) -> Tensor:
        bands = row_bands(self.read.stop, first=self.read.start)
        total = torch.stack([of(rows).sum(2) for rows in bands]).sum(0)
        return total / (self.read.stop - self.read.start)

    def attention_rows(self, rows: slice) -> Tensor:
        """Return the attention of some query rows, float32 [B, A, rows, N]."""
        return self.call.scores(rows).softmax(-1)

    def gradient_rows(self, rows: slice) -> Tensor:
        """Return d score / d attention of some query rows, float32 [B, A, rows, N].

        Raises
        ------
        IndexError
            If rows are asked for whose gradient was not computed, because the method says that it
            does not read them; see :class:`getam.activation.methods.Method`.
        """
        if self.output_gradient.shape[2] == self.call.output.shape[2]:
            return self.call.gradient(self.output_gradient, rows)
        start, stop, _ = rows.indices(self.call.output.shape[2])
        if start < self.read.start or stop > self.read.stop:
            raise IndexError(
                'a method that reads gradients of all rows needs reads="all_gradients"'
            )
        first = self.read.start
        return self.call.gradient(self.output_gradient, slice(start - first, stop - first))

    def score_gradient_rows(self, rows: slice) -> Tensor:
        """Return d score / d scores before softmax of some query rows, float32 [B, A, rows, N].

        The method must read gradients of all rows.
        """
        return self.call.score_gradient(self.output_gradient, rows)


@dataclass(frozen=True)
class Recording:
    """A recording holds all that a method may read.

    Attributes
    ----------
    blocks
        The attention blocks that count, in the order of the forward pass.
    prefix
        The number of tokens before the patches: class, distillation, registers.
    read
        The tokens the classifier reads: the first one, or all patches.
    inputs
        The normalised tokens that enter each block; empty unless a method reads "tokens".
    final
        The last tokens, which the classifier reads: one entry, or none if no method reads them.
    windows
        How each block cuts its tokens; empty unless the method reads "windows".
    stream
        The tokens [B, N, D] that entered each block and, last, those that the last one returned,
        not normalised and with their graph; empty unless a method reads "stream".
    norm
        The model's last norm, which turns the last tokens of ``stream`` into the final ones; None
        unless a method reads "stream".
    """

    blocks: Sequence[Block]
    prefix: int
    read: slice
    inputs: Sequence[Tokens] = ()
    final: Sequence[Tokens] = ()
    windows: Sequence[Windows] = ()
    stream: Sequence[Tensor] = ()
    norm: Callable[[Tensor], Tensor] | None = None

    def from_block(self, first: int) -> "Recording":
        """Return the recording from a later block on, for a setting that starts there."""
        return replace(
            self,
            blocks=self.blocks[first:],
            inputs=self.inputs[first:],
            windows=self.windows[first:],
            stream=self.stream[first:],
        )
