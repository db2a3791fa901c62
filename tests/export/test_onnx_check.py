"""The comparison of an ONNX file with the predictor can fail."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from getam.export.onnx_check import check_onnx
from getam.model import Model


def test_the_same_model_is_equal(onnx_file: Path, model: Model) -> None:
    check = check_onnx(model, onnx_file, sizes=[(60, 90), (48, 48)])
    assert check.different <= 0.001
    assert 0 < check.difference < 0.05 * check.largest
    assert "photos of 90x60 and 48x48 pixels" in str(check)


def test_another_model_is_found_out(onnx_file: Path, model: Model) -> None:
    other = deepcopy(model.network)
    other.decoder.head[-1].weight.data *= -1
    with pytest.raises(ValueError, match="does not predict what the model predicts"):
        check_onnx(replace(model, network=other), onnx_file)
