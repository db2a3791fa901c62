"""A folder for the hub gives the masks of the model that it was made of; no request is sent."""

import os
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard, ModelHubMixin

from getam.cli.main import main
from getam.export import HUB_FILES, HubPredictor, push_hub, write_hub
from getam.inference import Predictor
from getam.model import Model, View


@pytest.fixture
def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (33, 47, 3), dtype=np.uint8)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every connection fail."""

    def refuse(*_arguments: object) -> None:
        raise AssertionError("a request was sent")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("offline")
def test_a_folder_gives_the_same_masks(folder: Path, model: Model, photo, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["export", str(folder), "--format", "hub", "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {*HUB_FILES}
    expected = Predictor(model)(photo, probabilities=True)
    for again in (
        HubPredictor.from_pretrained(out, device="cpu"),
        Predictor.load(out, device="cpu"),
    ):
        found = again(photo, probabilities=True)
        assert torch.equal(found.mask, expected.mask)
        assert torch.equal(found.probabilities, expected.probabilities)
        assert found.classes == expected.classes
    assert len(expected.mask.unique()) > 1


def test_what_was_loaded_can_be_saved_again(model: Model, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    written = write_hub(model, first, card="---\nlibrary_name: getam\n---\n# A\n")
    assert isinstance(written, ModelHubMixin)
    loaded = HubPredictor.from_pretrained(first, device="cpu")
    loaded.save_pretrained(second)
    for name in HUB_FILES:
        assert (first / name).read_bytes() == (second / name).read_bytes()
    assert ModelCard.load(second / "README.md").data.library_name == "getam"


def test_the_view_goes_with_the_predictor(model: Model, tmp_path: Path) -> None:
    HubPredictor(model, View(64, flip=True), card="a").save_pretrained(tmp_path)
    assert HubPredictor.from_pretrained(tmp_path, device="cpu").view == View(64, flip=True)


def test_a_folder_with_another_model_is_kept(folder: Path, model: Model) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(FileExistsError, match="choose another folder"):
        write_hub(model, folder, card="")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_push_without_a_token_writes_nothing(
    folder: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    options = ["--format", "hub", "--out", str(tmp_path / "out"), "--push", "me/animals"]
    assert main(["export", str(folder), *options]) == 1
    assert "HF_TOKEN" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["export", str(folder), "--format", "onnx", *options[2:]]) == 1
    assert "push is for format hub" in capsys.readouterr().err


def test_a_push_that_fails_says_so(model: Model, tmp_path: Path) -> None:
    predictor = write_hub(model, tmp_path, card="a")
    with pytest.raises(OSError, match="push: not a name was not written") as caught:
        push_hub(predictor, "not a name", token="none")
    assert os.linesep not in str(caught.value)
