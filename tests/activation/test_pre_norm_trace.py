"""Blocks are recognised by their calls; whatever differs from the usual form is not."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from getam.activation import Setting
from getam.activation.forward import recorder_for

from .models import tiny
from .test_libraries import vit

USUAL = ["plain", "distilled", "registers", "deit3", "clip", "hybrid"]
OTHER = ["rotary and registers", "eva02", "attention bias"]


class Written(nn.Module):
    """One block with a choice of how it is written."""

    def __init__(self, way: str = "usual") -> None:
        super().__init__()
        self.way = way
        self.before, self.middle = nn.LayerNorm(8), nn.LayerNorm(8)
        self.inward, self.out = nn.Linear(8, 24), nn.Linear(8, 8)
        self.up, self.down = nn.Linear(8, 16), nn.Linear(16, 8)
        self.scale = nn.Parameter(torch.arange(1.0, 9.0))

    def forward(self, tokens: Tensor) -> Tensor:
        normal = self.before(tokens)
        packed = self.inward(normal).unflatten(-1, (3, 2, 4)).permute(2, 0, 3, 1, 4)
        query, key, value = packed.unbind(0)
        if self.way == "queries are doubled":
            query = query * 2
        merged = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        if self.way == "values are added":
            merged = merged + value.transpose(1, 2).flatten(2)
        middle = (normal if self.way == "the norm is the residual" else tokens) + self.out(merged)
        hidden = self.up(self.middle(middle))
        hidden = F.silu(hidden) if self.way == "another activation" else F.gelu(hidden)
        if self.way == "the hidden channels are halved":
            hidden = hidden / 2
        branch = self.down(hidden)
        if self.way == "in place":
            return middle.add_(branch)
        if self.way == "the branch counts half":
            return torch.add(middle, branch, alpha=0.5)
        if self.way == "the branch is scaled":
            return middle + branch * self.scale
        if self.way == "the branch is scaled by one number":
            return middle + branch * 0.5
        return middle + branch


def recognised(model: nn.Module, tokens: Tensor, *, blocks: int = 1) -> int:
    with torch.no_grad(), recorder_for([Setting("getam", 0)]) as recorder:
        model(tokens)
    assert recorder.trace is not None
    assert recorder.seen >= blocks
    return len(recorder.trace.chain(range(recorder.seen)))


@pytest.mark.parametrize("way", ["usual", "the branch is scaled"])
def test_the_usual_form_is_recognised(way: str) -> None:
    assert recognised(Written(way), torch.randn(2, 5, 8)) == 1


@pytest.mark.parametrize(
    "way",
    [
        "queries are doubled",
        "values are added",
        "the norm is the residual",
        "another activation",
        "the hidden channels are halved",
        "in place",
        "the branch counts half",
        "the branch is scaled by one number",
    ],
)
def test_another_form_is_not(way: str) -> None:
    assert recognised(Written(way), torch.randn(2, 5, 8)) == 0


def test_half_precision_is_left_to_automatic_differentiation() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        assert recognised(Written(), torch.randn(2, 5, 8)) == 0


def test_blocks_between_which_something_happens_are_no_chain() -> None:
    class Doubled(nn.Module):
        def forward(self, tokens: Tensor) -> Tensor:
            return tokens * 2

    tokens = torch.randn(2, 5, 8)
    assert recognised(nn.Sequential(Written(), Written()), tokens) == 2
    assert recognised(nn.Sequential(Written(), Doubled(), Written()), tokens) == 0


@pytest.mark.parametrize("family", USUAL)
def test_models_of_timm(family: str) -> None:
    model, images, _, _ = tiny(family)
    assert recognised(model, images, blocks=8) == 8


@pytest.mark.parametrize("family", OTHER)
def test_models_of_timm_with_other_blocks(family: str) -> None:
    model, images, _, _ = tiny(family)
    assert recognised(model, images, blocks=8) == 0


def test_a_model_of_hugging_face() -> None:
    model, _, _ = vit()
    assert recognised(model.eval(), torch.randn(2, 3, 48, 64), blocks=4) == 4


def test_a_pass_that_is_over_keeps_nothing_but_the_blocks() -> None:
    model, images, _, _ = tiny()
    with torch.no_grad(), recorder_for([Setting("getam", 6)]) as recorder:
        model(images)
    assert recorder.trace is not None
    assert not recorder.trace._calls
    assert list(recorder.trace.blocks) == [6, 7]


class Changed(nn.Module):
    """A chain of two usual blocks, something about which is changed where no call shows it."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.first, self.last = Written(), Written()
        change = CHANGES[way]
        change(self)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.last(self.first(tokens))


def in_place(_module: nn.Module, _given: object, output: Tensor) -> None:
    output[:, 2:] = 0


def double_hook(output: Tensor) -> None:
    output.register_hook(lambda gradient: 2 * gradient)


CHANGES = {
    "nothing": lambda _: None,
    "tokens are set to zero": lambda two: two.first.register_forward_hook(in_place),
    "the last tokens are set to zero": lambda two: two.last.register_forward_hook(in_place),
    "a product is halved in place": lambda two: two.last.down.register_forward_hook(
        lambda _module, _given, output: output.mul_(0.5)
    ),
    "queries are doubled in place": lambda two: two.last.inward.register_forward_hook(
        lambda _module, _given, output: output.mul_(1.5)
    ),
    "hidden channels are clamped": lambda two: two.last.up.register_forward_hook(
        lambda _module, _given, output: output.clamp_(max=0.1)
    ),
    "a branch has no gradient": lambda two: two.last.down.register_forward_hook(
        lambda _module, _given, output: output.detach()
    ),
    "a module changes gradients": lambda two: two.last.register_full_backward_hook(
        lambda _module, given, _returned: tuple(0 * own for own in given)
    ),
    "a tensor changes its gradient": lambda two: two.last.up.register_forward_hook(
        lambda _module, _given, output: double_hook(output)
    ),
}


@pytest.mark.parametrize("way", list(CHANGES))
def test_what_no_call_shows_is_seen_in_the_graph(way: str) -> None:
    assert recognised(Changed(way), torch.randn(2, 5, 8)) == (2 if way == "nothing" else 0)
