"""Every source file with a function has a test file of its own name."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "getam"
TESTS = Path(__file__).parent


def has_functions(code: str) -> bool:
    """Say whether code defines a function or a method that does something."""
    functions = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef))
    return any(does_something(function) for function in functions)


def does_something(function: ast.FunctionDef) -> bool:
    """Say whether a function has more than a docstring, ``...`` or ``pass``."""
    idle = [node for node in function.body if isinstance(node, ast.Pass)]
    idle += [
        node
        for node in function.body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ]
    return len(idle) < len(function.body)


def without_tests() -> set[str]:
    """Return the source files with functions and without a test file of their name."""
    files = [path.relative_to(SOURCE) for path in SOURCE.rglob("*.py")]
    return {
        file.as_posix()
        for file in files
        if has_functions((SOURCE / file).read_text(encoding="utf-8"))
        and not (TESTS / file.parent / f"test_{file.name}").is_file()
    }


def test_every_file_with_a_function_has_tests_of_its_name() -> None:
    assert without_tests() == set()


def test_what_only_describes_needs_no_tests() -> None:
    assert not has_functions('class A:\n    """One."""\n\n    def f(self):\n        """Two."""\n')
    assert not has_functions("def f():\n    ...\n")
    assert has_functions('def f():\n    """One."""\n    return 1\n')
