"""A block gives the row that the classifier reads, equal to that of the whole N x N matrices."""

import pytest
import torch

from getam.activation.attention import ROWS, Attention
from getam.activation.recording import Block, Recording, Tokens


def make_block(read: slice, *, tokens: int = 7) -> Block:
    generator = torch.Generator().manual_seed(tokens)
    query, key, value, gradient = (
        torch.randn(2, 3, tokens, 4, generator=generator) for _ in range(4)
    )
    return Block(Attention(query, key, value, value), gradient, read)


def whole(block: Block) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Attention, its scores and its gradient, [B, A, N, N]; the gradient by autograd."""
    call = block.call
    scores = call.query @ call.key.mT / 2  # the square root of 4 channels
    attention = scores.softmax(-1).requires_grad_()
    output = attention @ call.value
    (gradient,) = torch.autograd.grad((output * block.output_gradient).sum(), attention)
    return attention.detach(), scores, gradient


@pytest.mark.parametrize("read", [slice(0, 1), slice(1, 7), slice(2, 7)])
def test_the_row_that_is_read(read: slice) -> None:
    block = make_block(read)
    attention, scores, gradient = whole(block)
    torch.testing.assert_close(block.attention, attention[:, :, read].mean(2))
    torch.testing.assert_close(block.scores, scores[:, :, read].mean(2))
    torch.testing.assert_close(block.gradient, gradient[:, :, read].mean(2))


def test_any_rows() -> None:
    block, rows = make_block(slice(0, 1)), slice(2, 5)
    attention, _, gradient = whole(block)
    torch.testing.assert_close(block.attention_rows(rows), attention[:, :, rows])
    torch.testing.assert_close(block.gradient_rows(rows), gradient[:, :, rows])


def test_a_mean_over_more_rows_than_exist_at_a_time() -> None:
    count = ROWS + 9
    block = make_block(slice(1, count), tokens=count)
    attention, _, _ = whole(block)
    torch.testing.assert_close(block.attention, attention[:, :, 1:].mean(2))


def test_a_later_setting_leaves_out_the_first_blocks() -> None:
    blocks = [make_block(slice(0, 1), tokens=tokens) for tokens in (5, 6, 7)]
    *inputs, last = (Tokens(torch.full((1,), i), torch.zeros(1)) for i in range(4))
    final = [last]
    recording = Recording(blocks, 1, slice(0, 1), inputs=inputs, final=final)
    later = recording.from_block(2)
    assert list(later.blocks) == blocks[2:]
    assert list(later.inputs) == inputs[2:]
    assert (later.prefix, later.read, later.final, later.windows) == (1, slice(0, 1), final, ())
    assert recording.from_block(0) == recording
