"""The ONNX file predicts what ``getam predict`` does, for photos of any number and size."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from getam.export import onnx_file as module
from getam.export import write_onnx
from getam.export.onnx_check import drawn_photos, onnx_session
from getam.inference import Predictor
from getam.model import Model

onnx = pytest.importorskip("onnx", reason="it comes with the extra getam[onnx]")


@pytest.mark.parametrize("size", [(33, 47), (120, 20), (48, 48), (7, 5), (1, 1)])
def test_any_number_of_photos_of_any_size(onnx_file: Path, model: Model, size) -> None:
    predictor = Predictor(model, model.view.plain())
    photos = drawn_photos([size, size, size])
    batch = torch.stack(photos).float().numpy()
    masks, logits, likely = onnx_session(onnx_file).run(None, {"photo": batch})
    assert logits.shape == (3, 4, *size)
    for photo, mask, probabilities in zip(photos, masks, likely, strict=True):
        expected = predictor(photo)
        assert (mask == expected.mask.numpy()).mean() > 0.99
        np.testing.assert_allclose(probabilities, expected.class_probabilities, atol=0.01)


def test_the_file_says_its_classes(onnx_file: Path, model: Model) -> None:
    properties = {p.key: p.value for p in onnx.load(onnx_file).metadata_props}
    assert json.loads(properties["classes"]) == model.classes
    assert properties["view"] == "long side 48, one plain pass"


def test_a_network_that_is_too_large(model: Model, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="holds at most 2 GB"):
        write_onnx(model, tmp_path / "model.onnx")
    assert not [*tmp_path.iterdir()]


def test_a_missing_package_is_named(model: Model, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "PACKAGES", ("onnx", "no_such_package"))
    with pytest.raises(ValueError, match=r'no_such_package: .*pip install "getam\[onnx\]"'):
        write_onnx(model, tmp_path / "model.onnx")
