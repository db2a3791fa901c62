"""Sphinx: Markdown pages and the API from docstrings."""

import tomllib
from pathlib import Path

from sphinx.application import Sphinx

project = "getam"
copyright = "the getam authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
html_theme = "furo"
html_title = "getam"
exclude_patterns = ["_build"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
napoleon_google_docstring = True
suppress_warnings = ["ref.python"]

settings = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
repository = settings["project"]["urls"]["Homepage"]


def stay_here(_app: Sphinx, _path: Path, _page: str, content: list[str]) -> None:
    """Turn the links of the README, absolute because of PyPI, into links between these pages."""
    for kind in ("blob", "raw"):
        content[0] = content[0].replace(f"{repository}/{kind}/main/docs/", "")


def setup(app: Sphinx) -> None:
    """Let Sphinx call what is needed."""
    app.connect("include-read", stay_here)
