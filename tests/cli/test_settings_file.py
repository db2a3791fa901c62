"""A file of settings is YAML of names and values, or one line says what is wrong."""

from pathlib import Path

import pytest

from getam.cli.settings_file import read_settings


def test_settings_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("epochs: 10\nclasses: [cat, dog]\n")
    assert read_settings(tmp_path / "a.yaml") == {"epochs": 10, "classes": ["cat", "dog"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs: [10", "is not YAML"),
        ("- epochs", "must hold settings like `epochs: 10`"),
        ("", "must hold settings"),
    ],
)
def test_other_files(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        read_settings(tmp_path / "a.yaml")
    assert "\n" not in str(error.value)
    with pytest.raises(FileNotFoundError, match="there is no settings file"):
        read_settings(tmp_path / "none.yaml")
