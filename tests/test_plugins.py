"""Every group of plug-ins is read in one way, and an error of a package names the package."""

from pathlib import Path

import pytest

from getam.plugins import load_plugin, plugin_names

POINTS = """
[getam.testing]
square = package_of_plugins:square
root = package_of_plugins:root
"""


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package_of_plugins.py").write_text("def square(x):\n    return x * x\n")
    folder = tmp_path / "package_of_plugins-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: plugins\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))


def test_names_of_a_group_are_sorted() -> None:
    assert plugin_names("getam.testing") == ["root", "square"]
    assert plugin_names("getam.nobody") == []


def test_what_a_package_gives_is_used() -> None:
    use = {"kind": "power", "known": ["square"]}
    assert load_plugin("getam.testing", "square", **use)(3) == 9
    assert load_plugin("getam.testing", "square", **use, use=lambda square: square(4)) == 16


def test_a_name_that_is_missing_and_packages_that_fail() -> None:
    known = ["ours", "square"]
    with pytest.raises(ValueError, match="power must be one of ours, square, got 'cube'"):
        load_plugin("getam.testing", "cube", kind="power", known=known)
    with pytest.raises(ValueError, match="'root' cannot be loaded .*_plugins:root .*Attribute"):
        load_plugin("getam.testing", "root", kind="power", known=known)
    with pytest.raises(ValueError, match="'square' cannot be loaded .*TypeError"):
        load_plugin(
            "getam.testing", "square", kind="power", known=known, use=lambda square: square("a")
        )
