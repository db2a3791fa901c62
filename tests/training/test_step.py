"""One joint step: one forward pass for maps, labels and every loss."""

import pytest
import torch
from reference.shapes import Shapes

from getam.data import train_loader
from getam.pseudo_label import Labeller
from getam.training import Step
from getam.training.losses import (
    at_size,
    classification_loss,
    energy_loss,
    saliency_loss,
    segmentation_loss,
)

from .conftest import PLAIN, WEIGHTS


def test_one_forward_pass_serves_all(new_network, batch):
    network = new_network()
    calls = []
    for block in network.backbone.blocks:
        block.attn.register_forward_hook(lambda *_: calls.append("attention"))
    network.backbone.patch_embed.register_forward_hook(lambda *_: calls.append("embedding"))
    network.decoder.register_forward_hook(lambda *_: calls.append("decoder"))
    step = Step(network, Labeller(first_block=3, iterations=2), WEIGHTS)
    step(batch, joint=True).losses["total"].backward()
    assert sorted(calls) == ["attention"] * 6 + ["decoder", "embedding"]
    calls.clear()
    step(batch, joint=False)
    assert sorted(calls) == ["attention"] * 6 + ["embedding"]


def test_it_runs_back_once_per_label_slot_and_once_for_the_loss(new_network, batch):
    network, passes = new_network(), []
    last = network.backbone.blocks[-1]
    last.register_forward_hook(lambda *io: io[2].register_hook(lambda _: passes.append(1)) and None)
    batch.labels = torch.tensor([[1.0, 0, 0], [1, 0, 1], [0, 0, 0]])
    batch.classes = [[0], [0, 2], []]
    step = Step(network, Labeller(first_block=3, iterations=1), WEIGHTS)
    total = step(batch, joint=True).losses["total"]
    assert len(passes) == 2
    total.backward()
    assert len(passes) == 3


def test_no_matrix_of_all_tokens_is_ever_made(new_network, source):
    batch = next(iter(train_loader(source, crop=48, batch_size=3, seed=0, workers=0)))
    step = Step(new_network(), Labeller(first_block=3, iterations=1), WEIGHTS)
    with Shapes() as shapes:
        step(batch, joint=True).losses["total"].backward()
    assert (3, 4, 37, 32) in shapes.seen  # [B, A, N, d]: the mode does see attention
    assert not [s for s in shapes.seen if len(s) > 1 and {s[-1], s[-2]} <= {36, 37}]


def test_losses_are_those_of_the_outputs_and_add_up(new_network, batch):
    before = {name: value.clone() for name, value in vars(batch).items() if hasattr(value, "clone")}
    step = Step(new_network().eval(), Labeller(first_block=3, iterations=2), WEIGHTS)
    output = step(batch, joint=True)
    masks, size = output.mask_logits, (16, 16)
    image = torch.nn.functional.avg_pool2d(batch.image.float(), 2)  # bilinear by one half
    label, valid = at_size(output.pseudo.label, size), at_size(batch.valid, size)
    expected = {
        "classification": classification_loss(output.class_logits, batch.labels, batch.known),
        "segmentation": segmentation_loss(masks, label),
        "saliency": saliency_loss(masks, at_size(batch.saliency, size), valid),
        "energy": energy_loss(masks, image, valid, label, stride=2),
    }
    for name, loss in expected.items():
        assert output.losses[name].item() == pytest.approx(loss.item(), rel=1e-5), name
    total = sum(WEIGHTS[name] * loss.item() for name, loss in expected.items())
    assert output.losses["total"].item() == pytest.approx(total, rel=1e-5)
    assert all(torch.equal(getattr(batch, name), value) for name, value in before.items())


@pytest.mark.parametrize("joint", [False, True])
def test_an_unknown_tag_counts_for_nothing_in_both_phases(new_network, batch, joint):
    step = Step(new_network().eval(), Labeller(first_block=3, iterations=1), PLAIN)
    batch.known = torch.tensor([[True, False, True], [False, False, False], [True, True, True]])
    output = step(batch, joint=joint)
    loss, logits = output.losses["classification"].item(), output.class_logits
    expected = classification_loss(logits, batch.labels, batch.known).item()
    assert loss == pytest.approx(expected)
    everything = torch.ones_like(batch.known)
    assert loss != pytest.approx(classification_loss(logits, batch.labels, everything).item())


def test_released_padding_is_learnt_as_background(new_network, batch):
    network = new_network().eval()
    labeller = Labeller(first_block=3, iterations=2, rule="released", settings={"opening": 3})
    beyond = ~batch.valid
    assert beyond.any()
    ignored = Step(network, labeller, WEIGHTS)(batch, joint=True).pseudo.label
    learnt = Step(network, labeller, WEIGHTS, padding="background")(batch, joint=True).pseudo.label
    assert (ignored[beyond] == 255).all()
    assert (learnt[beyond] == 0).float().mean() > 0.8
    assert torch.equal(ignored[~beyond], learnt[~beyond])


def test_tags_weigh_the_mask_logits_and_learn_nothing_from_them(new_network, batch):
    network, labeller = new_network().eval(), Labeller(first_block=3, iterations=2)
    masks_alone = {"segmentation": 1.0}
    output = Step(network, labeller, masks_alone, tag_weight=2.0)(batch, joint=True)
    plain = network(network.normalise(batch.image)).mask_logits.detach()
    weighed = plain.clone()
    for photo, logits in enumerate(output.class_logits):
        for index, logit in enumerate(logits):
            weighed[photo, index + 1] += 2.0 * logit.detach().sigmoid().log()
    torch.testing.assert_close(output.mask_logits.detach(), weighed)
    output.losses["total"].backward()
    assert network.class_head.weight.grad is None
    assert max(p.grad.abs().max() for p in network.decoder.parameters() if p.grad is not None) > 0


def test_maps_do_not_touch_the_gradient_of_the_loss(new_network, batch):
    """The gradient of a joint step equals that of its losses with the label held fixed."""
    network = new_network().eval()
    step = Step(network, Labeller(first_block=3, iterations=2), PLAIN)
    output = step(batch, joint=True)
    output.losses["total"].backward()
    ours = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    network.zero_grad()
    plain = network(network.normalise(batch.image))
    label = at_size(output.pseudo.label, (16, 16))
    loss = classification_loss(plain.class_logits, batch.labels, batch.known)
    (loss + segmentation_loss(plain.mask_logits, label)).backward()
    for name, parameter in network.named_parameters():
        assert (parameter.grad is None) == (name not in ours)
        if parameter.grad is not None:
            torch.testing.assert_close(ours[name], parameter.grad, rtol=1e-4, atol=1e-7)


def test_half_precision(new_network, batch):
    step = Step(new_network(), Labeller(first_block=3, affinity=1, iterations=1), WEIGHTS)
    with torch.autocast("cpu", torch.bfloat16):
        losses = step(batch, joint=True).losses
    losses["total"].backward()
    assert all(loss.dtype == torch.float32 for loss in losses.values())
    assert all(p.grad.isfinite().all() for p in step.parameters() if p.grad is not None)


def test_both_phases_weigh_the_classification_loss(new_network, batch):
    weights = {"classification": 3.0, "segmentation": 1.0}
    step = Step(new_network(), Labeller(first_block=3, iterations=1), weights)
    losses = step(batch, joint=False).losses
    assert losses["total"].item() == pytest.approx(3 * losses["classification"].item())


def test_a_part_that_is_no_part(new_network):
    with pytest.raises(ValueError, match=r"weights must be of classification, .*, got clas$"):
        Step(new_network(), Labeller(), {"classification": 1.0, "clas": 1.0})
