"""Batch norm over two processes equals batch norm of all photos in one."""

import pytest
import torch
from together import together
from torch import nn

from getam.network.shared_batch_norm import SharedBatchNorm2d, share_batch_norm
from getam.ranks import rank, world_size


def layer():
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(3)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    return norm


def photos():
    """Four photos, those of each process far from those of the other."""
    torch.manual_seed(1)
    return torch.randn(4, 3, 5, 6) * 2 + torch.tensor([9.0, 9, -4, -4]).view(4, 1, 1, 1)


def passed(norm, maps):
    """Outputs of two passes, gradients of the second, and what the layer remembers."""
    norm(maps)
    maps = maps.clone().requires_grad_()
    output = norm(maps)
    (output.sigmoid() * torch.arange(6.0)).sum().backward()
    kept = [output, maps.grad, norm.weight.grad, norm.bias.grad, *norm.buffers()]
    return [tensor.detach().double().numpy() for tensor in kept]


def part():
    norm = layer()
    share_batch_norm(norm)
    assert type(norm) is SharedBatchNorm2d
    count = 4 // world_size()
    return passed(norm, photos()[rank() * count :][:count])


def test_it_equals_one_batch_of_all():
    first, second = together(part)
    whole = passed(layer(), photos())
    for index in (0, 1):  # outputs and gradients of each process's photos
        both = torch.cat([torch.from_numpy(side[index]) for side in (first, second)])
        torch.testing.assert_close(both, torch.from_numpy(whole[index]), rtol=1e-4, atol=1e-5)
    for index in (2, 3):  # the sum over all photos is the sum of both
        expected = pytest.approx(whole[index], rel=1e-4, abs=1e-5)
        assert first[index] + second[index] == expected
    for index in (4, 5, 6):
        assert first[index] == pytest.approx(whole[index], rel=1e-5)
        assert (first[index] == second[index]).all()


def test_alone_and_in_prediction_it_is_plain_batch_norm():
    plain, shared = layer(), layer()
    share_batch_norm(shared)
    assert shared.state_dict().keys() == plain.state_dict().keys()
    for training in (True, False):
        plain.train(training), shared.train(training)
        assert torch.equal(shared(photos()), plain(photos()))


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="the layer 1 is a BatchNorm1d.*--devices 1"):
        share_batch_norm(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
