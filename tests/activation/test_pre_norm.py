"""The written-out gradient of a block equals that of automatic differentiation."""

import pytest
import torch
from torch import Tensor

from getam.activation import Setting
from getam.activation.forward import recorder_for
from getam.activation.pre_norm import Images, Norm, PreNormBlock, scaled

from .test_pre_norm_trace import Written

TOKENS = 5
ALL, FIRST = slice(0, TOKENS), slice(0, 1)


def recorded(way: str) -> tuple[PreNormBlock, Tensor]:
    """A block that ran on three images, and its tokens with their graph."""
    torch.manual_seed(0)
    model = Written(way)
    tokens = torch.randn(3, TOKENS, 8, requires_grad=True)
    with recorder_for([Setting("getam", 0)]) as recorder:
        model(tokens)
    assert recorder.trace is not None
    (block,) = recorder.trace.chain([0])
    return block, tokens


@pytest.mark.parametrize("way", ["usual", "the branch is scaled"])
@pytest.mark.parametrize("images", [slice(None), torch.tensor([2, 0, 0, 1])], ids=["all", "some"])
@pytest.mark.parametrize(
    ("rows", "wanted"), [(ALL, ALL), (ALL, FIRST), (FIRST, ALL), (FIRST, FIRST), (ALL, slice(1, 5))]
)
def test_it_equals_automatic_differentiation(
    way: str, images: Images, rows: slice, wanted: slice
) -> None:
    block, tokens = recorded(way)
    pairs = range(3) if isinstance(images, slice) else images.tolist()
    gradient = torch.randn(len(pairs), rows.stop, 8)
    middle, output = block.to_attention(gradient, images, rows)
    ours = block.to_tokens(middle, output, images, rows, wanted=wanted)
    for pair, image in enumerate(pairs):
        score = (block.after[image, rows] * gradient[pair]).sum()
        inputs = [tokens, block.attention.output]
        theirs, theirs_output = torch.autograd.grad(score, inputs, retain_graph=True)
        torch.testing.assert_close(ours[pair], theirs[image, wanted], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(
            output[pair], theirs_output[image][:, rows], rtol=1e-4, atol=1e-5
        )


def test_a_norm_without_weights() -> None:
    tokens = torch.randn(2, TOKENS, 8, requires_grad=True)
    gradient = torch.randn(2, 2, 8)
    returned = torch.nn.functional.layer_norm(tokens, (8,), eps=1e-3)
    (expected,) = torch.autograd.grad((returned[:, 1:3] * gradient).sum(), tokens)
    norm = Norm(tokens.detach(), None, None, 1e-3)
    ours = norm.backward(gradient, slice(None), slice(1, 3))
    torch.testing.assert_close(ours, expected[:, 1:3])


def test_a_scale_is_optional() -> None:
    tokens = torch.ones(1, 2, 2)
    assert scaled(tokens, None) is tokens
    assert scaled(tokens, torch.tensor([2.0, 3.0])).tolist() == [[[2, 3], [2, 3]]]
