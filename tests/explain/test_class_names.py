"""Classes are found by any of their names."""

import pytest
import timm

from getam.explain import (
    class_indices,
)
from getam.explain.class_names import timm_class_names

from .conftest import NAME


def test_imagenet_names(classifier):
    assert len(classifier.names) == 1000
    found = class_indices(["TENCH", "Tinca tinca", "207", "great white shark"], classifier.names)
    assert found == [0, 0, 207, 2]
    with pytest.raises(ValueError, match=r"'crane' names the classes \[134, 517\]"):
        class_indices(["crane"], classifier.names)
    with pytest.raises(ValueError, match="no class 'goldfihs'; did you mean 'goldfish'"):
        class_indices(["goldfihs"], classifier.names)
    with pytest.raises(ValueError, match=r"no class '1000'"):
        class_indices(["1000"], classifier.names)
    assert timm_class_names(timm.create_model(NAME, num_classes=2)) == ["class 0", "class 1"]
