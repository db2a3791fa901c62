"""Fixtures that every test folder shares."""

import os
from pathlib import Path

import pytest
import torch
from data.scenes import write_voc

from getam.data import Source, open_source

# The tensors of tests are small: threads would wait for each other longer than they work.
torch.set_num_threads(1)


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
