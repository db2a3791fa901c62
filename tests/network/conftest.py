"""Images and a tiny network that several tests look at."""

import pytest
import torch

from getam.network import Network, build_network

TINY = "vit_tiny_patch16_224"


@pytest.fixture(scope="session")
def tiny() -> Network:
    torch.manual_seed(0)
    return build_network(TINY, 3, pretrained=False).eval()


def draw_image(*size, batch=2):
    return torch.randn(batch, 3, *size, generator=torch.Generator().manual_seed(1))
