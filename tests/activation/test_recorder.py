"""The recorder keeps what a forward pass gave to attention, and disturbs nothing."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn.functional import layer_norm, scaled_dot_product_attention

from getam.activation import AttentionRecorder

from .models import tiny

Draw = Callable[..., torch.Tensor]


@pytest.fixture
def draw() -> Draw:
    generator = torch.Generator().manual_seed(0)
    return lambda *size: torch.randn(*size, generator=generator)


def test_calls_are_kept_as_they_were_made(draw: Draw) -> None:
    query, key, value = (draw(2, 3, 5, 4) for _ in range(3))
    bias = draw(1, 3, 5, 5)
    with AttentionRecorder() as recorder:
        output = scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=0.3)
    (call,) = recorder.calls.values()
    assert (call.query is query, call.key is key, call.value is value) == (True, True, True)
    assert call.output is output
    assert (call.bias is bias, call.scale, call.tokens) == (True, 0.3, None)
    expected = (query @ key.mT * 0.3 + bias).softmax(-1)
    torch.testing.assert_close(call.scores(slice(5)).softmax(-1), expected)
    torch.testing.assert_close(output, expected @ value)
    scaled_dot_product_attention(query, key, value)
    assert recorder.seen == 1


def test_only_attention_of_all_tokens_among_themselves_is_a_block(draw: Draw) -> None:
    tokens, pooling = draw(1, 2, 5, 4), draw(1, 2, 1, 4)
    with AttentionRecorder() as recorder:
        scaled_dot_product_attention(pooling, tokens, tokens)
        scaled_dot_product_attention(tokens[0], tokens[0], tokens[0])
    assert (recorder.seen, recorder.calls) == (0, {})


def test_blocks_before_the_first_are_counted_and_not_kept(draw: Draw) -> None:
    tokens = draw(1, 2, 5, 4)
    with AttentionRecorder(keep_from=2) as recorder:
        for _ in range(4):
            scaled_dot_product_attention(tokens, tokens, tokens)
    assert recorder.seen == 4
    assert list(recorder.calls) == [2, 3]


@pytest.mark.parametrize("options", [{"is_causal": True}, {"dropout_p": 0.1}, {"enable_gqa": True}])
def test_attention_that_maps_cannot_explain_is_refused(draw: Draw, options: dict) -> None:
    tokens = draw(1, 2, 5, 4)
    with (
        pytest.raises(ValueError, match="activation maps need plain attention"),
        AttentionRecorder(),
    ):
        scaled_dot_product_attention(tokens, tokens, tokens, **options)


def test_the_graph_begins_at_the_block_asked_for(draw: Draw) -> None:
    tokens = draw(1, 2, 5, 4).requires_grad_()
    with torch.no_grad(), AttentionRecorder(graph_from=1) as recorder:
        first = scaled_dot_product_attention(tokens, tokens, tokens)
        second = scaled_dot_product_attention(first, first, first)
        score = second.square().sum()
    assert not first.requires_grad
    assert (second.is_leaf, second.requires_grad) == (True, True)
    (gradient,) = torch.autograd.grad(score, recorder.calls[1].output)
    torch.testing.assert_close(gradient, 2 * second)
    assert torch.is_grad_enabled()


def test_the_attention_inside_torchs_own_module_is_seen(draw: Draw) -> None:
    torch.manual_seed(0)
    module = nn.MultiheadAttention(8, 2, batch_first=True).train()
    tokens = draw(3, 5, 8)
    expected, _ = module(tokens, tokens, tokens, need_weights=False)
    with AttentionRecorder() as recorder:
        output, _ = module(tokens, tokens, tokens, need_weights=False)
    torch.testing.assert_close(output, expected)
    (call,) = recorder.calls.values()
    assert call.query.shape == (3, 2, 5, 4)
    _, weights = module(tokens, tokens, tokens, average_attn_weights=False)
    torch.testing.assert_close(call.scores(slice(5)).softmax(-1), weights)


@pytest.mark.parametrize("family", ["plain", "distilled", "registers", "hybrid", "eva02"])
def test_a_model_gives_the_same_logits_and_its_grid(family: str) -> None:
    model, images, prefix, grid = tiny(family)
    with torch.no_grad():
        expected = model(images)
        with AttentionRecorder(tokens=True) as recorder:
            logits = model(images)
    assert torch.equal(logits, expected)
    assert recorder.grid == grid
    assert recorder.seen == len(recorder.calls) == 8
    count = prefix + grid[0] * grid[1]
    assert all(call.output.shape[2] == count for call in recorder.calls.values())


def test_tokens_are_the_normalised_inputs_and_the_last_output() -> None:
    model, images, _, _ = tiny()
    inputs, finals = [], []
    for block in model.blocks:
        block.norm1.register_forward_hook(lambda _m, _i, output: inputs.append(output))
    model.norm.register_forward_hook(lambda _m, _i, output: finals.append(output))
    with torch.no_grad(), AttentionRecorder(tokens=True) as recorder:
        model(images)
    for call, expected in zip(recorder.calls.values(), inputs, strict=True):
        assert call.tokens is not None
        assert torch.equal(call.tokens, expected)
    assert recorder.final is not None
    tokens, watched = recorder.final
    assert tokens is watched
    assert torch.equal(tokens, finals[0])


def test_a_model_that_pools_before_it_normalises(draw: Draw) -> None:
    tokens = draw(2, 5, 8)
    heads = tokens.unflatten(-1, (2, 4)).transpose(1, 2)
    with AttentionRecorder(tokens=True) as recorder:
        output = scaled_dot_product_attention(heads, heads, heads).transpose(1, 2).flatten(2)
        features = output + tokens
        pooled = layer_norm(features[:, 0], (8,))
    assert recorder.final is not None
    normalised, watched = recorder.final
    assert watched is pooled
    torch.testing.assert_close(normalised, layer_norm(features, (8,)))
