"""The ONNX file of the tiny model. Torch takes many seconds to trace a network: there is one."""

from pathlib import Path

import pytest

from getam.cli.main import main


@pytest.fixture(scope="session")
def onnx_file(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``getam export --format onnx`` writes."""
    for package in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package, reason="it comes with the extra getam[onnx]")
    out = tmp_path_factory.mktemp("onnx") / "out"
    assert main(["export", str(folder), "--format", "onnx", "--out", str(out)]) == 0
    assert [file.name for file in out.iterdir()] == ["model.onnx"]
    return out / "model.onnx"
