"""What tells one command from another."""

import json
import os
from pathlib import Path

import pytest

from getam.cli.command import command_of, inputs_of


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, object]:
    model, tags = tmp_path / "model", tmp_path / "tags.csv"
    model.mkdir()
    for path in (model / "model.json", model / "model.safetensors", tags):
        path.write_text("x")
    fine = {"scales": [1.0], "crf": None, "device": "cpu", "workers": 2, "strict": False}
    return {"model": model, "data": tags, "out": tmp_path / "out", "overwrite": False, **fine}


def test_settings_that_matter(settings: dict[str, object]) -> None:
    first = command_of("label", settings)
    assert first == json.loads(json.dumps(first))
    unimportant = {"device": "cuda", "workers": 0, "out": Path("x"), "overwrite": True}
    assert command_of("label", settings | unimportant | {"strict": True}) == first
    for change in ({"scales": [2.0]}, {"crf": True}, {"data": Path("other.csv")}):
        assert command_of("label", settings | change) != first
    assert command_of("predict", settings) != first


def test_a_path_is_the_same_from_everywhere(
    settings: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    near = settings | {"model": Path("model"), "data": Path("model/../tags.csv")}
    assert command_of("label", near) == command_of("label", settings)


@pytest.mark.parametrize("name", ["model/model.safetensors", "tags.csv"])
def test_a_file_written_again_is_another(
    name: str, settings: dict[str, object], tmp_path: Path
) -> None:
    first = command_of("label", settings)
    os.utime(tmp_path / name, (1, 1))
    assert command_of("label", settings) != first


def test_files_that_are_read(settings: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("an output")
    names = {path.relative_to(tmp_path).as_posix() for path in inputs_of(settings)}
    assert names == {"model/model.json", "model/model.safetensors", "tags.csv"}
