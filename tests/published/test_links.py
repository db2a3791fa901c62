"""Links work where they are read: absolute in the README (PyPI shows it), relative in docs/."""

import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT["urls"]["Homepage"]
LINK = re.compile(r"\]\(([^)\s]+)\)")
PAGES = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"])


def links(page: Path) -> list[str]:
    """The targets of all Markdown links and pictures of a page, code blocks left out."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return LINK.findall(text)


def target(link: str) -> Path | None:
    """The file of this repository that an absolute link means, or None for another address."""
    for kind in ("blob", "raw"):
        start = f"{REPOSITORY}/{kind}/main/"
        if link.startswith(start):
            return ROOT / link.removeprefix(start).partition("#")[0]
    return None


def test_the_readme_has_absolute_links_only() -> None:
    found = links(ROOT / "README.md")
    assert len(found) > 5
    assert [link for link in found if not link.startswith("https://")] == []


def test_the_readme_shows_a_picture() -> None:
    pictures = [link for link in links(ROOT / "README.md") if link.endswith(".jpg")]
    assert pictures
    assert all("/raw/main/" in link for link in pictures)  # a page of GitHub is no picture


@pytest.mark.parametrize("link", sorted({*links(ROOT / "README.md"), *PROJECT["urls"].values()}))
def test_links_into_the_repository_point_to_files(link: str) -> None:
    file = target(link)
    if file is not None:
        assert file.is_file()
        return
    path = urlsplit(link).path
    assert "/blob/" not in path and "/raw/" not in path, f"{link} is not in {REPOSITORY}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_of_other_pages_point_to_files(page: Path) -> None:
    for link in links(page):
        if not link.startswith(("https://", "#")):
            assert (page.parent / link.partition("#")[0]).is_file(), link


def test_the_citation_fits_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert citation["repository-code"] == REPOSITORY
    assert citation["preferred-citation"]["url"] == PROJECT["urls"]["Paper"]
