"""The ONNX file predicts what ``getam predict`` does, for photos of any number and size."""

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from getam.cli.main import main
from getam.export import onnx_file, write_onnx
from getam.export.onnx_check import check_onnx, drawn_photos, onnx_session
from getam.inference import Predictor
from getam.model import Model

onnx = pytest.importorskip("onnx", reason="it comes with the extra getam[onnx]")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def path(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported file; torch takes many seconds to trace a network, so there is one."""
    out = tmp_path_factory.mktemp("onnx") / "out"
    assert main(["export", str(folder), "--format", "onnx", "--out", str(out)]) == 0
    assert [file.name for file in out.iterdir()] == ["model.onnx"]
    return out / "model.onnx"


@pytest.mark.parametrize("size", [(33, 47), (120, 20), (48, 48), (7, 5), (1, 1)])
def test_any_number_of_photos_of_any_size(path: Path, model: Model, size) -> None:
    predictor = Predictor(model, model.view.plain())
    photos = drawn_photos([size, size, size])
    batch = torch.stack(photos).float().numpy()
    masks, logits, likely = onnx_session(path).run(None, {"photo": batch})
    assert logits.shape == (3, 4, *size)
    for photo, mask, probabilities in zip(photos, masks, likely, strict=True):
        expected = predictor(photo)
        assert (mask == expected.mask.numpy()).mean() > 0.99
        np.testing.assert_allclose(probabilities, expected.class_probabilities, atol=0.01)


def test_the_file_says_its_classes(path: Path, model: Model) -> None:
    properties = {p.key: p.value for p in onnx.load(path).metadata_props}
    assert json.loads(properties["classes"]) == model.classes
    assert properties["view"] == "long side 48, one plain pass"


def test_another_model_is_found_out(path: Path, model: Model) -> None:
    assert check_onnx(model, path).different <= 0.001
    other = deepcopy(model.network)
    other.decoder.head[-1].weight.data *= -1
    with pytest.raises(ValueError, match="does not predict what the model predicts"):
        check_onnx(replace(model, network=other), path)


def test_a_network_that_is_too_large(model: Model, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(onnx_file, "MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="holds at most 2 GB"):
        write_onnx(model, tmp_path / "model.onnx")
    assert not [*tmp_path.iterdir()]


def test_a_missing_package_is_named(model: Model, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(onnx_file, "PACKAGES", ("onnx", "no_such_package"))
    with pytest.raises(ValueError, match=r'no_such_package: .*pip install "getam\[onnx\]"'):
        write_onnx(model, tmp_path / "model.onnx")
