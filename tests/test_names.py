"""Every source file that decides something has a test file of its own name."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "getam"
TESTS = Path(__file__).parent
SHORT = 5  # lines of a function, beside its docstring, that need no file of tests

EXEMPT = {
    "demo/pages.py": "demo/test_demo.py reads back what it writes",
    "report/mask_colours.py": "colours, overlays and pictures: report/test_pictures.py",
    "report/overlay.py": "colours, overlays and pictures: report/test_pictures.py",
    "report/picture.py": "colours, overlays and pictures: report/test_pictures.py",
}
"""Source files that are tested in a file of another name, with the reason."""


def longest_function(path: Path) -> int:
    """Return the lines of the longest function of a file, docstrings aside."""
    functions = (
        node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)
    )
    return max((lines_of(function) for function in functions), default=0)


def lines_of(function: ast.FunctionDef) -> int:
    """Return the lines of a function's body, its docstring aside."""
    first, *rest = function.body
    code = rest if ast.get_docstring(function) else [first, *rest]
    return (code[-1].end_lineno or 0) - code[0].lineno + 1 if code else 0


def without_tests() -> set[str]:
    """Return the source files with a long function and without a test file of their name."""
    files = [path.relative_to(SOURCE) for path in SOURCE.rglob("*.py")]
    return {
        file.as_posix()
        for file in files
        if longest_function(SOURCE / file) > SHORT
        and not (TESTS / file.parent / f"test_{file.name}").is_file()
    }


def test_every_file_with_logic_has_tests_of_its_name() -> None:
    assert without_tests() == set(EXEMPT)


def test_docstrings_are_no_logic() -> None:
    (function,) = ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    return (\n1)\n').body
    assert isinstance(function, ast.FunctionDef)
    assert lines_of(function) == 2
