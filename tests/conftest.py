"""Fixtures that every test folder shares."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
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


class Disk:
    """A disk of its own, which can be small, full and read-only."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mount(self, *options: str) -> None:
        subprocess.run(["mount", *options, self.path], check=True, capture_output=True)

    def resize(self, size: str) -> None:
        self.mount("-o", f"remount,size={size}")

    def refuse_writing(self) -> None:
        self.mount("-o", "remount,ro")

    def allow_writing(self) -> None:
        self.mount("-o", "remount,rw")

    def fill(self) -> None:
        with suppress(OSError), (self.path / "rubbish").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(2**16))

    def empty(self) -> None:
        (self.path / "rubbish").unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of 64 megabytes in memory, in an empty folder; only root may have one."""
    found = Disk(tmp_path / "disk")
    found.path.mkdir()
    try:
        found.mount("-t", "tmpfs", "-o", "size=64m", "tmpfs")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a small disk")
    yield found
    subprocess.run(["umount", "--lazy", found.path], check=True)


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
