"""``getam convert``: what a published file may look like, and what else people hand over."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from data.scenes import write_photo
from safetensors import safe_open

from getam.cli.main import main
from getam.network import load_released

CLASSES = "cat,cow,dog"
Write = Callable[[object, Path], None]


@pytest.fixture
def state(shared_reference: Path) -> dict[str, torch.Tensor]:
    """A released DeiT-B fine-tuned for three classes; one stored number per tensor."""
    shapes = json.loads((shared_reference / "checkpoint_keys.json").read_text())["deit"]
    shapes["cls_head.weight"], shapes["cls_head.bias"] = [3, 768], [3]
    shapes["scratch.output_conv.4.weight"] = [4, 256, 1, 1]
    shapes["scratch.output_conv.4.bias"] = [4]
    return {key: torch.full((), 0.01).expand(shape) for key, shape in shapes.items()}


def convert(file: Path, out: Path, *options: str, backbone: str = "deit") -> int:
    return main(["convert", str(file), "--backbone", backbone, "--out", str(out), *options])


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """Standard error, which must be one line."""
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


def test_a_wrapped_checkpoint_of_other_classes_converts_and_predicts(
    state: dict[str, torch.Tensor], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, run = tmp_path / "released.pth", tmp_path / "run"
    torch.save({"model": {f"module.{key}": v for key, v in state.items()}, "epoch": 3}, file)
    assert file.stat().st_size < 1e6
    assert convert(file, run, "--classes", CLASSES) == 0
    said = capsys.readouterr().out
    unused = [key for key in state if key.startswith("scratch.refinenet4.resConfUnit1.")]
    unused += ["pretrained.model.head.weight", "pretrained.model.head.bias"]
    assert said.startswith(f"{len(unused)} keys not needed: ")
    assert all(key in said for key in unused)
    with safe_open(run / "model.safetensors", "pt") as stored:
        assert stored.get_tensor("class_head.weight").shape == (3, 768)
        assert len(stored.keys()) == len(state) - len(unused)
    assert json.loads((run / "model.json").read_text())["classes"] == {"cat": 1, "cow": 2, "dog": 3}
    photo, masks = write_photo(tmp_path / "a.png"), tmp_path / "masks"
    options = ["--images", str(photo), "--out", str(masks), "--scales", "0.2", "--device", "cpu"]
    assert main(["predict", "--model", str(run), *options]) == 0
    assert (masks / "a.png").is_file()


def test_other_classes_must_be_named(
    state: dict[str, torch.Tensor], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "released.pth", tmp_path / "run"
    torch.save(state, file)
    assert convert(file, out) == 1
    assert "has 3 classes: name them with --classes" in complaint(capsys)
    assert not out.exists()


@pytest.mark.parametrize("backbone", ["vitb_hybrid", "deit_distilled"])
def test_a_wrong_backbone(
    backbone: str,
    state: dict[str, torch.Tensor],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "released.pth"
    torch.save(state, file)
    with pytest.raises(ValueError, match="backbone must be deit or vitb for .*released.pth"):
        load_released(file, backbone=backbone)
    assert convert(file, tmp_path / "run", backbone=backbone) == 1
    said = complaint(capsys)
    assert f"backbone must be deit or vitb for {file}, got '{backbone}'" in said
    assert not (tmp_path / "run").exists()


class Intruder:
    """Unpickled, it would make a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple:
        return Path.touch, (self.trace,)


def with_torch(content: object, file: Path) -> None:
    torch.save(content, file)


def with_old_torch(content: object, file: Path) -> None:
    torch.save(content, file, _use_new_zipfile_serialization=False)


def with_pickle(content: object, file: Path) -> None:
    file.write_bytes(pickle.dumps(content))


@pytest.mark.parametrize("write", [with_torch, with_old_torch, with_pickle])
def test_code_in_a_pickle_is_never_executed(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, trace = tmp_path / "released.pth", tmp_path / "executed"
    write({"cls_head.weight": torch.zeros(3, 768), "args": Intruder(trace)}, file)
    with pytest.raises(ValueError, match="released.pth is truncated or holds more than tensors"):
        load_released(file)
    assert convert(file, tmp_path / "run") == 1
    assert "such a file can run code" in complaint(capsys)
    assert not trace.exists()
    assert not (tmp_path / "run").exists()
    with file.open("rb") as opened:  # the file is not harmless
        torch.load(opened, weights_only=False) if write is not with_pickle else pickle.load(opened)
    assert trace.exists()


@pytest.mark.parametrize("write", [with_torch, with_old_torch])
@pytest.mark.parametrize("share", [0, 0.02, 0.3, 0.7, 0.99])
def test_a_truncated_file(
    write: Write, share: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "released.pth"
    write({"cls_head.weight": torch.zeros(3, 768), "cls_head.bias": torch.zeros(3)}, file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match="released.pth is truncated or"):
        load_released(file)
    assert convert(file, tmp_path / "run") == 1
    assert f"{file} is truncated or" in complaint(capsys)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"net": {"cls_head.weight": torch.zeros(3, 768)}}, "must hold a state dict of tensors"),
        ([torch.zeros(2)], "must hold a state dict of tensors"),
        (torch.zeros(2), "must hold a state dict of tensors"),
        ({"model": {"head.weight": torch.zeros(2)}}, "is no released GETAM checkpoint"),
    ],
)
def test_a_file_of_something_else(
    content: object, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "other.pth"
    torch.save(content, file)
    assert convert(file, tmp_path / "run") == 1
    assert expected in complaint(capsys)


def test_a_missing_file_and_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(tmp_path / "none.pth", tmp_path / "run") == 1
    assert f"checkpoint: there is no {tmp_path / 'none.pth'}" in complaint(capsys)
    (tmp_path / "page.pth").write_text("<html>404 Not Found</html>\n")
    assert convert(tmp_path / "page.pth", tmp_path / "run") == 1
    assert "page.pth is truncated or" in complaint(capsys)
