"""rembg runs an ONNX file that the test makes; its own weights would come from the network."""

from pathlib import Path

import pytest
import torch

from getam.saliency.rembg_session import rembg_session


def write_onnx(file: Path) -> None:
    """Write a network that returns the first colour of its input."""
    onnx = pytest.importorskip("onnx")
    helper, shape = onnx.helper, [1, 3, 320, 320]
    made = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Identity", ["image"], ["saliency"])],
        "first",
        [made("image", onnx.TensorProto.FLOAT, shape)],
        [made("saliency", onnx.TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, file)


def test_a_session_of_rembg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rembg", reason="the extra rembg is not installed")
    monkeypatch.setenv("REMBG_HOME", str(tmp_path))
    monkeypatch.setenv("U2NET_HOME", str(tmp_path))
    file = tmp_path / "first.onnx"
    write_onnx(file)
    provider = rembg_session(
        lambda: pytest.fail("the network is not needed"),
        model="u2net_custom",
        model_path=str(file),
    )
    photo = torch.zeros(3, 40, 60, dtype=torch.uint8)
    photo[0, 10:30, 20:40] = 255
    found = provider.find(photo)
    assert found.shape == (40, 60)
    assert torch.equal(found > 0.5, photo[0] > 0)
    assert "u2net_custom" in provider.about.version
    with pytest.raises(OSError, match="'rembg': no weights of u2net_custom"):
        rembg_session(
            lambda: pytest.fail("the network is not needed"),
            model="u2net_custom",
            model_path=str(tmp_path / "missing.onnx"),
        )
