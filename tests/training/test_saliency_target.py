"""Both saliency targets equal what the paper and the released code do, pixel by pixel."""

import pytest
import torch

from getam.data import Batch
from getam.pseudo_label import PseudoLabels
from getam.training.saliency_target import paper, released


@pytest.fixture
def batch():
    torch.manual_seed(0)
    valid = torch.ones(2, 8, 10, dtype=torch.bool)
    valid[:, :, 8:] = False
    return Batch(
        ids=["a", "b"],
        image=torch.zeros(2, 3, 8, 10, dtype=torch.uint8),
        labels=torch.tensor([[1.0, 0, 1], [0, 1, 0]]),
        classes=[[0, 2], [1]],
        known=torch.ones(2, 3, dtype=torch.bool),
        saliency=torch.rand(2, 8, 10).round(),
        valid=valid,
        sizes=[(8, 8), (8, 8)],
    )


@pytest.fixture
def pseudo():
    maps = torch.rand(2, 2, 8, 10)
    maps[1, 1] = 0  # the second photo has one class: its second slot is empty
    label = torch.zeros(2, 8, 10, dtype=torch.int64)
    return PseudoLabels([[0, 2], [1]], maps, maps, label)


def test_paper_asks_for_the_salient_region_inside_the_photo(batch, pseudo):
    target, counted = paper(batch.saliency, batch, pseudo)
    assert torch.equal(target, batch.saliency)
    assert torch.equal(counted, batch.valid)


def test_released_asks_for_claims_outside_the_salient_region_alone(batch, pseudo):
    """As the released code goes: write 1 and 255 into the map, then divide by 255 and cut."""
    before = batch.saliency.clone()
    target, counted = released(batch.saliency, batch, pseudo)
    written = (batch.saliency > 0).float()
    for photo, slots in ((0, (0, 1)), (1, (0,))):
        for slot in slots:
            values = pseudo.refined_maps[photo, slot]
            cut = sorted(values.flatten().tolist())[int(0.9 * 80)]
            written[photo][(values > cut) & (written[photo] == 0)] = 255
    background = 1 - (written / 255).long()
    assert torch.equal(1 - target, background.float())
    assert 0 < target.sum() < 24
    assert background[batch.saliency > 0.5].all()  # where the object is
    assert counted.all()
    assert torch.equal(batch.saliency, before)
