"""No N x N matrix is formed for maps; a loss on attention has its graph."""

import pytest
import torch
from reference.shapes import Shapes

from getam.activation import Attention, activation_maps

from .models import tiny

CLASSES = [[3, 0], [], [1, 0, 2]]


@pytest.mark.parametrize("method", ["getam", "agcam", "rollout", "generic", "cam", "transcam"])
def test_no_matrix_of_all_tokens_is_ever_made(method, monkeypatch):
    monkeypatch.setattr("getam.activation.attention.ROWS", 5)
    model, images, _, (height, width) = tiny()
    sizes = {height * width, height * width + 1}
    with Shapes() as shapes:
        activation_maps(model, images, classes=CLASSES, first_block=0, method=method)
    assert (3, 2, 13, 16) in shapes.seen  # [B, A, N, d]: the mode does see attention
    assert not [s for s in shapes.seen if len(s) > 1 and s[-1] in sizes and s[-2] in sizes]


@pytest.mark.parametrize("bias", [None, (1, 2, 5, 5), (1, 1, 1, 5)])
def test_attached_scores_are_those_of_all_rows_with_a_graph(bias):
    query, key, value = torch.randn(3, 2, 2, 5, 4).requires_grad_().unbind(0)
    bias = None if bias is None else torch.randn(bias).requires_grad_()
    call = Attention(query, key, value, value, bias)
    scores = call.attached_scores()
    assert torch.equal(scores, call.scores(slice(None)))
    wanted = [tensor for tensor in (query, key, bias) if tensor is not None]
    assert all(gradient.any() for gradient in torch.autograd.grad(scores.square().sum(), wanted))
