"""One pass serves every class slot and every setting."""

import pytest
import torch

from getam.activation import (
    METHODS,
    AttentionRecorder,
    Method,
    Setting,
    activation_maps,
    maps_of_settings,
    spread,
)

from .models import tiny, tiny_swin

CLASSES = [[3, 0], [], [1, 0, 2]]


@pytest.mark.parametrize(
    ("classes", "passes"), [(CLASSES, 3), ([[1], [2], [3]], 1), ([[0, 1]] * 3, 2)]
)
def test_one_backward_per_class_slot(classes, passes, monkeypatch):
    model, images, _, _ = tiny()
    calls = []
    grad = torch.autograd.grad
    monkeypatch.setattr(torch.autograd, "grad", lambda *a, **k: calls.append(a) or grad(*a, **k))
    activation_maps(model, images, classes=classes, method="generic")
    assert len(calls) == passes


@pytest.mark.parametrize("method", ["getam", "rollout", "cam"])
def test_affinity_spreads_any_map(method):
    model, images, _, _ = tiny()
    plain = activation_maps(model, images, classes=[[1]] * 3, method=method)
    ours = activation_maps(model, images, classes=[[1]] * 3, method=method, affinity=2)
    with torch.no_grad(), AttentionRecorder() as recorder:
        model(images)
    expected = spread(torch.stack(plain), list(recorder.calls.values()), times=2)
    torch.testing.assert_close(torch.stack(ours), expected, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("method", ["getam", "generic", "cam", "layer_cam"])
def test_half_precision_is_close(method):
    model, images, _, _ = tiny()
    arguments = {"classes": CLASSES, "method": method, "normalise": True}
    expected = activation_maps(model, images, **arguments)
    with torch.autocast("cpu", torch.bfloat16):
        maps = activation_maps(model, images, **arguments)
    for ours, theirs in zip(maps, expected, strict=True):
        assert ours.dtype == torch.float32
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0.1)


FITTING = [name for name, method in METHODS.items() if method.reads != "windows"]


@pytest.mark.parametrize("affinity", [0, 2])
@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize("family", ["plain", "rotary and registers"])
def test_several_settings_in_one_pass_equal_each_alone(family, autocast, affinity):
    model, images, _, grid = tiny(family)
    settings = [Setting(method, first) for method in FITTING for first in (6, 1)]
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        together = maps_of_settings(
            model, images, classes=CLASSES, settings=settings, affinity=affinity
        )
        for setting, maps in zip(settings, together, strict=True):
            options = {"classes": CLASSES, **setting._asdict()}
            plain = activation_maps(model, images, **options)
            alone = plain
            if affinity:
                alone = activation_maps(model, images, **options, affinity=affinity)
            for ours, theirs, before, wanted in zip(maps, alone, plain, CLASSES, strict=True):
                assert ours.shape == (len(wanted), *grid)
                assert ours.dtype == torch.float32
                # Spreading takes the least value off: only rounding is left of a flat map.
                flat = 1e-6 * before.max().item() if wanted else 0
                assert torch.allclose(ours, theirs, rtol=1e-4, atol=flat)


def test_formulas_are_taken_in_float32_under_autocast(monkeypatch):
    model, images, _, _ = tiny()
    products = []

    def formula(recording):
        row = recording.blocks[0].attention
        products.append(row @ row.mT)
        return row.mean(1)

    monkeypatch.setitem(METHODS, "product", Method(formula))
    settings = [Setting("product", 6), Setting("product", 2)]
    with torch.autocast("cpu", torch.bfloat16):
        maps_of_settings(model, images, classes=[[0]] * 3, settings=settings)
    assert [product.dtype for product in products] == [torch.float32] * 2


def test_windowed_settings_have_the_size_of_their_first_stage():
    model, images = tiny_swin()
    settings = [Setting("hgi", first) for first in (0, 2, 4)]
    together = maps_of_settings(model, images, classes=[[3, 0], [1]], settings=settings)
    for setting, maps in zip(settings, together, strict=True):
        alone = activation_maps(model, images, classes=[[3, 0], [1]], **setting._asdict())
        for ours, theirs in zip(maps, alone, strict=True):
            torch.testing.assert_close(ours, theirs)


def test_settings_share_the_forward_pass_and_every_backward_pass(monkeypatch):
    model, images, _, _ = tiny()
    grad, passes = torch.autograd.grad, []
    model.patch_embed.register_forward_hook(lambda *_: passes.append("f"))
    monkeypatch.setattr(torch.autograd, "grad", lambda *a, **k: passes.append("b") or grad(*a, **k))
    settings = [Setting("getam", 6), Setting("cam", 0), Setting("generic", 2)]
    maps_of_settings(model, images, classes=CLASSES, settings=settings)
    assert passes == ["f", "b", "b", "b"]
