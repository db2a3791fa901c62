"""A part that wants to see all photos sees them once, before it runs."""

from functools import partial

import pytest
import torch
from together import together

from getam.data import photo_loader
from getam.network import Network
from getam.pseudo_label import Labeller
from getam.ranks import rank
from getam.training import PARTS, PartKind, Step
from getam.training.preparation import FromAllPhotos, Preparation
from getam.training.shared_weights import bit_sum, check_equal_weights, copy_from_first

LOOKS = []


class Looking(torch.nn.Module):
    """A part that keeps the number of photos."""

    def __init__(self):
        super().__init__()
        self.register_buffer("prepared", torch.zeros((), dtype=torch.bool))
        self.register_buffer("photos", torch.zeros(()))

    def forward(self, seen):
        return self.photos * seen.class_logits.sum()

    def prepare(self, network, photos):
        assert isinstance(network, Network)
        assert not network.training
        assert not torch.is_grad_enabled()
        batches = list(photos)
        LOOKS.append(sorted(batch.ids[0] for batch in batches))
        self.photos.fill_(len(batches))
        self.prepared.fill_(True)


def whole_photos(source):
    """What reads the photos about which something is known, one by one."""
    return partial(photo_loader, source.for_training(), long_side=32, multiple=8, workers=0)


@pytest.fixture
def prepared(new_network, source, monkeypatch):
    """Make a step with such a part, and what prepares it."""
    LOOKS.clear()
    monkeypatch.setitem(PARTS, "looking", PartKind(lambda _network, _others: Looking()))

    def make():
        weights = {"classification": 1.0, "looking": 1.0}
        step = Step(new_network(), Labeller(), weights, begins={"looking": 0.7})
        step.train()
        return step, Preparation(step, whole_photos(source))

    return make


def test_a_part_looks_once_when_it_begins(prepared, source):
    step, preparation = prepared()
    assert isinstance(step.parts["looking"], FromAllPhotos)
    state = torch.get_rng_state()
    for joint, elapsed in ((False, 0.8), (True, 0.6)):
        preparation.before(joint=joint, elapsed=elapsed)
    assert LOOKS == []
    assert not preparation.begins(joint=True, elapsed=0.6)
    assert preparation.begins(joint=True, elapsed=0.7)
    for elapsed in (0.7, 0.8):
        preparation.before(joint=True, elapsed=elapsed)
    assert not preparation.begins(joint=True, elapsed=0.8)
    shown = [record.id for record in source.records if record.labels is not None]
    assert [sorted(shown)] == LOOKS
    assert step.parts["looking"].photos == len(shown)
    assert step.network.training
    assert torch.equal(torch.get_rng_state(), state)


def test_what_a_checkpoint_holds_is_not_made_again(prepared):
    step, preparation = prepared()
    preparation.before(joint=True, elapsed=1.0)
    again, other = prepared()
    again.load_state_dict(step.state_dict())
    other.before(joint=True, elapsed=1.0)
    assert len(LOOKS) == 1
    assert again.parts["looking"].photos == step.parts["looking"].photos


def prepared_here(network, source):
    """Prepare region_prototypes, and return the bits of its buffers after a check."""
    torch.manual_seed(rank())
    weights = {"auxiliary": 1.0, "region_prototypes": 1.0}
    step = Step(network, Labeller(), weights)
    copy_from_first(step)
    Preparation(step, whole_photos(source)).before(joint=False, elapsed=0.0)
    check_equal_weights(step)
    return {name: bit_sum(own).item() for name, own in step.owned.named_buffers()}


@pytest.mark.slow
def test_two_processes_keep_what_one_finds(new_network, source):
    first, second = together(prepared_here, new_network(), source)
    assert first == second == prepared_here(new_network(), source)
