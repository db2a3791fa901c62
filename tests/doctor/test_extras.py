"""The optional parts are those of the package's own metadata."""

import tomllib
from pathlib import Path

import pytest

from getam.doctor import extras as module
from getam.doctor.extras import FOR_WORK_ON_GETAM, extras, is_installed, packages_of_extras

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_the_extras_for_work_on_getam_are_there() -> None:
    declared = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"]
    assert set(FOR_WORK_ON_GETAM) <= set(declared)


def test_both_ways_to_write_metadata() -> None:
    lines = ['a-b>=1; extra == "web"', "c_d.e ; extra=='web'", "f>2", 'g; extra == "dev"']
    assert packages_of_extras(lines) == {"web": ["a-b", "c_d.e"], "dev": ["g"]}


def test_a_missing_part_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ['no-such-package; extra == "web"', 'torch; extra == "more"', 'x; extra == "dev"']
    monkeypatch.setattr(module, "requires", lambda _: lines)
    fact = extras()
    assert fact.value == "web: missing no-such-package; more: installed"
    assert fact.meaning.endswith('pip install "getam[web]".')
    assert is_installed("torch")
    assert not is_installed("no-such-package")
