"""The page on methods has a line for every method there is, and for no other."""

from pathlib import Path

from getam.activation import METHODS


def test_every_method_has_its_line() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "methods.md"
    table = page.read_text(encoding="utf-8").split("## The methods")[1].split("## Compare")[0]
    names = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]
    assert names == list(METHODS)
