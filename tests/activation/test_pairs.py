"""Maps by pairs of an image and a class equal those by automatic differentiation."""

from dataclasses import replace

import pytest
import timm
import torch

from getam.activation import METHODS, Frame, Setting, class_slot_maps, slot_table
from getam.activation.forward import evaluating, run_forward
from getam.activation.pairs import recordings_of_pairs

from .models import TINY, redraw, tiny

CLASSES = [[3, 0], [], [1, 0, 2]]
OF_ROWS = [name for name, method in METHODS.items() if method.reads == "class_token"]


def frame_of(model: torch.nn.Module, images: torch.Tensor, settings: list[Setting]) -> Frame:
    with evaluating(model):
        frame = run_forward(model, images, settings=settings)
    assert frame.pre_norm
    return frame


def check_equal(frame: Frame, classes: list[list[int]]) -> None:
    ours = class_slot_maps(frame, classes, keep_graph=True)
    theirs = class_slot_maps(replace(frame, pre_norm=()), classes)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6 * float(other.abs().max()))


@pytest.mark.parametrize("first", [0, 5, 6, 7])
@pytest.mark.parametrize("family", ["plain", "distilled", "registers", "deit3", "clip", "hybrid"])
def test_every_method_that_reads_the_class_token(family: str, first: int) -> None:
    model, images, _, _ = tiny(family)
    settings = [Setting(method, start) for method in OF_ROWS for start in {first, 7}]
    check_equal(frame_of(model, images, settings), CLASSES)


@pytest.mark.parametrize(
    "classes", [[[1], [2], [3]], [[0, 1, 2, 3]] * 3, [[], [], [2]], [[3, 0, 1] * 3, [2], [0] * 9]]
)
def test_any_number_of_classes(classes: list[list[int]]) -> None:
    model, images, _, _ = tiny()
    check_equal(frame_of(model, images, [Setting("getam", 4)]), classes)


def test_no_classes_at_all() -> None:
    model, images, _, grid = tiny()
    frame = frame_of(model, images, [Setting("getam", 4)])
    (maps,) = class_slot_maps(frame, [[], [], []])
    assert maps.shape == (3, 0, *grid)


@pytest.mark.parametrize("with_class_token", [False, True])
def test_a_classifier_that_averages_tokens(with_class_token: bool) -> None:
    torch.manual_seed(0)
    model = timm.create_model(
        "vit_tiny_patch16_224", img_size=48, global_pool="avg", fc_norm=False, **TINY
    ).eval()
    model.pool_include_prefix = with_class_token
    redraw(model)
    frame = frame_of(model, torch.randn(2, 3, 48, 48), [Setting("getam", 5), Setting("agcam", 6)])
    check_equal(frame, [[0, 2], [1]])


def test_a_portion_holds_at_most_as_many_pairs_as_images() -> None:
    model, images, _, _ = tiny()
    frame = frame_of(model, images, [Setting("getam", 6)])
    portions = recordings_of_pairs(frame, slot_table(CLASSES), keep_graph=False)
    assert [pairs.tolist() for pairs, _ in portions] == [
        [[0, 2, 0], [0, 0, 1]],
        [[2, 2], [1, 2]],
    ]


def test_scores_that_read_an_earlier_block_are_left_to_automatic_differentiation() -> None:
    model, images, _, _ = tiny()
    kept: list[torch.Tensor] = []

    class Two(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model, self.cls_token = model, model.cls_token

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            kept.clear()
            return self.model(images) + kept[0][:, 0, :4]

    model.blocks[6].register_forward_hook(lambda _module, _given, tokens: kept.append(tokens))
    with evaluating(model):
        frame = run_forward(Two().eval(), images, settings=[Setting("getam", 4)])
    assert not frame.pre_norm


def test_classes_that_read_other_tokens_do_not_change_each_other() -> None:
    class Mixed(torch.nn.Module):
        """The first classes read the class token, and the last one reads a patch too."""

        def __init__(self) -> None:
            super().__init__()
            self.model, self.cls_token = model, model.cls_token

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            tokens = self.model.forward_features(images)
            return torch.cat([tokens[:, 0, :3], tokens[:, :2, 3].sum(1, keepdim=True)], 1)

    model, images, _, _ = tiny()
    frame = frame_of(Mixed().eval(), images, [Setting("getam", 4)])
    check_equal(frame, [[0, 3], [1], [3, 2]])
