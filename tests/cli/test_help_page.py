"""The help page of every verb: it lists options, and nothing heavy is imported for it."""

import json
import subprocess
import sys

import pytest

from getam.cli.main import VERBS

HEAVY = ("torch", "torchvision", "timm", "numpy", "PIL", "lightning_fabric", "sklearn")
HEAVY += ("transformers", "scipy", "gradio", "getam.training", "getam.inference")
CODE = """
import json, sys
from getam.cli.main import main
try:
    status = main([sys.argv[1], "--help"])
except SystemExit as leaving:
    status = leaving.code
print(json.dumps([status, sorted(sys.modules)]))
"""


def help_of(verb: str) -> tuple[str, int, list[str]]:
    """Return the help page of a verb, its exit status and the modules that were imported."""
    command = [sys.executable, "-c", CODE, verb]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    *page, last = done.stdout.splitlines()
    status, modules = json.loads(last)
    return "\n".join(page), status or 0, modules


@pytest.mark.parametrize("verb", VERBS)
def test_help_lists_options_and_imports_nothing_heavy(verb: str) -> None:
    page, status, modules = help_of(verb)
    assert status == 0
    assert page.startswith(f"usage: getam {verb} ")
    assert verb == "serve" or "\n  --out PATH " in page or "\n  --json PATH " in page
    assert "--config PATH" in page.split("options of every verb:")[1]
    assert not set(HEAVY) & set(modules)


def test_the_page_of_train_goes_from_what_matters_first_to_the_recipe() -> None:
    page, _, _ = help_of("train")
    titles = ("options to know first:", "further options:", "settings of the recipe (default:")
    places = [page.index(title) for title in titles]
    assert places == sorted(places)
    first = page[places[0] : places[1]]
    names = ("data", "out", "labels", "classes", "none", "saliency", "val", "truth", "backbone")
    assert all(f"--{name} " in first for name in (*names, "epochs", "seeds", "preset"))
    assert "--batch-size N " in page[places[2] :]


@pytest.mark.parametrize(
    ("verb", "usage", "line"),
    [
        ("report", "RUN", "RUN, --run PATH "),
        ("explain", "[RUN] --images PATH --out PATH", "RUN, --model PATH "),
        ("check", "DATA", "DATA, --data PATH "),
    ],
)
def test_what_may_be_the_first_word_is_shown(verb: str, usage: str, line: str) -> None:
    page, _, _ = help_of(verb)
    assert page.startswith(f"usage: getam {verb} {usage} [options]\n")
    assert f"\n  {line}" in page


def test_options_are_shown_as_they_are_typed() -> None:
    page, _, _ = help_of("stages")
    assert page.startswith("usage: getam stages RUN --data PATH [options]\n")
    assert "  --flip, --no-flip  " in page  # not given, the model decides
    assert "  --label-crf  " in page
    assert "  --scales A,B,...  " in page
    assert "null" not in page
