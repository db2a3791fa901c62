"""The contrast of class tokens equals the authors' values, with its gradient."""

import numpy as np
import pytest
import torch
from reference.drawn_weights import drawn
from reference.peers import Peer

from getam.pseudo_label.two_thresholds import region_mask
from getam.training.parts.auxiliary import Auxiliary
from getam.training.parts.crop_contrast import (
    CropContrast,
    Projector,
    Teacher,
    crop_contrast,
    large_crops,
    unsure_crops,
)


@pytest.fixture(scope="module")
def toco(shared_reference):
    return Peer("toco", shared_reference)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_loss_and_gradient(temperature, toco):
    flags = (toco.u("ctc.flags", (3, 10)) > 0.4).long()
    flags[:, :2] = 1
    flags[2] = 1
    assert torch.equal(flags, toco["ctc_flags"].long())
    student = (0.3 * toco.z("ctc.student", (30, 16))).requires_grad_()
    teacher = 0.3 * toco.z("ctc.teacher", (6, 16))
    loss = crop_contrast(student, teacher, flags, temperature=temperature)
    toco.check(loss, f"ctc_loss_temperature_{temperature}")
    loss.backward()
    toco.check(student.grad, f"ctc_gradient_temperature_{temperature}")


def test_large_agreement_is_no_overflow():
    student, teacher = torch.full((3, 1024), 0.9, requires_grad=True), torch.full((2, 1024), 0.9)
    loss = crop_contrast(student, teacher, torch.tensor([[1, 1, 0]]))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(student.grad).all()


def projector(toco, name):
    state = {
        key: drawn(key, shape, name=f"toco.{name}.{key}")
        for key, shape in toco.shapes("projector_keys")
        if not key.endswith("weight_g")
    }
    state["directions"] = state.pop("last_layer.weight_v")
    made = Projector(24, 40, 16, 32)
    made.load_state_dict(state)
    return made


def test_projector_and_its_moving_average(toco):
    head, teacher = projector(toco, "head"), Teacher(projector(toco, "teacher"))
    tokens = toco.z("head.input", (3, 24))
    toco.check(head(tokens), "projector_output")
    toco.check(teacher(head, tokens), "teacher_output_before")
    teacher.follow(head)
    toco.check(teacher(head, tokens), "teacher_output_after")
    assert not list(teacher.parameters())


def test_small_views(toco):
    c = toco.coarse("crop.cams", (3, 1, 96, 112), 16)
    maps = torch.stack([(10 * c[0] - 6).sigmoid(), 0.3 * c[1], 0.75 + 0.2 * c[2]])
    region, images = region_mask(maps), toco.z("crop.images", (3, 3, 96, 112))
    inner = (region[:, 16:80, 16:96] <= 1).flatten(1)
    inner[inner.sum(1) < 8] = True
    order = torch.zeros(inner.shape)
    for i, wanted in enumerate(inner):
        drawn_order = toco.u(f"crop.order.{i}", (int(wanted.sum()),))
        order[i, wanted] = drawn_order
        assert len(np.unique(drawn_order)) > 8
    crops = unsure_crops(images, region, size=32, order=order)
    assert torch.equal(crops.candidates, toco["crop_candidates"])
    assert torch.equal(crops.flags, toco["crop_flags"].long()[:, 2:])
    toco.check(crops.images[..., 0, 0], "crop_first_pixels")
    toco.check(crops.images[..., -1, -1], "crop_last_pixels")


def test_large_views_stay_inside():
    images = torch.rand(2, 3, 16, 16)
    views = large_crops(images)
    assert views.shape == images.shape
    assert views.amin() >= images.amin()
    assert views.amax() <= images.amax()


def test_the_part_trains_backbone_and_projector(new_network, batch, seen_by):
    network = new_network()
    seen, auxiliary = seen_by(network, batch), Auxiliary.of(network)
    part = CropContrast(network.backbone.embed_dim, auxiliary)
    assert not any("classifier" in name for name in part.state_dict())
    before = part.teacher.directions.clone()
    part(seen).backward()
    assert network.backbone.blocks[-1].attn.qkv.weight.grad.any()
    assert part.projector.directions.grad.any()
    torch.testing.assert_close(part.teacher.directions, before)  # projector and teacher are alike
