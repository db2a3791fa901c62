"""Blocks that run again in the backward pass give the same gradients with less memory."""

import copy

import pytest
import torch

from getam.evaluation import cost_of
from getam.network import build_network, checkpoint_blocks


@pytest.fixture
def network():
    torch.manual_seed(0)
    return build_network("getam_vit_nano", 3, pretrained=False, decoder_width=8)


def gradients(network, image):
    torch.manual_seed(0)  # the decoder drops channels
    network.zero_grad()
    output = network.train()(image)
    (output.class_logits.sum() + output.mask_logits.square().sum()).backward()
    return {name: p.grad for name, p in network.named_parameters() if p.grad is not None}


def test_the_gradients_are_equal_and_the_memory_is_less(network):
    image = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    other = copy.deepcopy(network)
    checkpoint_blocks(other, 3)
    checkpointed = copy.deepcopy(other)  # as the average of weights is made
    expected, found = gradients(network, image), gradients(checkpointed, image)
    assert expected.keys() == found.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert checkpointed.state_dict().keys() == network.state_dict().keys()
    plain, again = (
        cost_of(lambda own=own: own.forward_features(image)).mebibytes
        for own in (network, checkpointed)
    )
    assert again < 0.9 * plain


def test_without_a_graph_nothing_changes(network):
    image = torch.randn(1, 3, 32, 32)
    with torch.inference_mode():
        expected = network.eval()(image)
        checkpoint_blocks(network, 6)
        assert torch.equal(network(image).class_logits, expected.class_logits)
