"""A timm classifier with drawn weights, and a photo."""

import pytest
import torch
from data.scenes import write_photo

from getam.explain import (
    timm_classifier,
)

NAME = "vit_tiny_patch16_224"


@pytest.fixture(scope="session")
def classifier():
    torch.manual_seed(0)
    return timm_classifier(NAME, pretrained=False, device="cpu")


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "photos" / "a.png", (60, 90))
