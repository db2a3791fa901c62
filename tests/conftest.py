"""Fixtures that every test folder shares."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import torch
from data.scenes import CLASSES, write_voc
from guard import CALLS

from getam.data import Source, open_source
from getam.model import Model, View, save_model
from getam.network import build_network
from getam.pseudo_label import Labeller

# The tensors of tests are small: threads would wait for each other longer than they work.
torch.set_num_threads(1)

# A slow or busy machine is no fault of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def nobody_is_called() -> Iterator[None]:
    """No test may reach another machine, also where an error about that would be caught."""
    CALLS.clear()
    yield
    assert CALLS == []


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with the real photos; CI must have it, a newcomer's clone may not."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if folder.is_dir():
        return folder
    message = f"real photos are missing: put them at {folder}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def shared_reference(shared_data: Path) -> Path:
    """Folder with the values computed by the authors' released code."""
    return shared_data.parent / "reference"


@pytest.fixture(scope="session")
def voc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PASCAL VOC root of a few small drawn photos."""
    return write_voc(tmp_path_factory.mktemp("data") / "voc")


@pytest.fixture(scope="session")
def source(voc: Path) -> Source:
    """All its photos, with their saliency maps."""
    return open_source(voc, saliency=voc / "saliency")


@pytest.fixture(scope="session")
def model() -> Model:
    """A small model with random weights, large enough for masks of several classes."""
    torch.manual_seed(0)
    network = build_network("getam_vit_nano", len(CLASSES), pretrained=False, decoder_width=8)
    network.class_head.weight.data *= 20
    network.decoder.head[-1].weight.data *= 20
    classes = {name: value for value, name in enumerate(CLASSES, start=1)}
    labeller = Labeller(first_block=3, iterations=2)
    return Model(network.eval(), classes, View(48), labeller, tag_weight=0.5)


@pytest.fixture(scope="session")
def folder(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds it."""
    folder = tmp_path_factory.mktemp("model")
    save_model(model, folder)
    return folder
