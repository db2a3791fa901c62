"""Fixtures of the data tests."""

from pathlib import Path

import pytest

from .scenes import write_voc


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    return write_voc(tmp_path / "voc")
