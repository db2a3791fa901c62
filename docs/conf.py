"""Sphinx: Markdown pages and the API from docstrings."""

import os
import tomllib
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path

from sphinx.application import Sphinx

from getam.cli.main import VERBS, main

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


def add_help_pages(_app: Sphinx, page: str, content: list[str]) -> None:
    """Write what ``getam VERB --help`` prints into the page of the commands, for every verb."""
    if page == "commands":
        sections = (f"## getam {verb}\n\n```text\n{help_page(verb)}```\n" for verb in VERBS)
        content[0] += "\n" + "\n".join(sections)


def help_page(verb: str) -> str:
    """Return what ``getam VERB --help`` prints in 100 columns."""
    os.environ["COLUMNS"] = "100"
    with redirect_stdout(StringIO()) as page, suppress(SystemExit):
        main([verb, "--help"])
    return page.getvalue()


def setup(app: Sphinx) -> None:
    """Let Sphinx call what is needed."""
    app.connect("include-read", stay_here)
    app.connect("source-read", add_help_pages)
