"""A timm model keeps its own head, or says that it has none."""

import pytest

from getam.explain import (
    timm_classifier,
)


def test_a_model_without_head():
    with pytest.raises(ValueError, match="getam_vit_nano has no classifier head"):
        timm_classifier("getam_vit_nano", pretrained=False)
