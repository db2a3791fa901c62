"""A file is written whole or not at all."""

import ast
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from errno import ENOSPC
from pathlib import Path

import pytest

from getam.files import alone_in, whole_file, write_text

SOURCE = Path(__file__).parents[1] / "src" / "getam"


def written_in_part(node: ast.AST, whole: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield what code writes in one go to anything but the temporary path of ``whole_file``."""
    if isinstance(node, ast.With):
        whole |= {
            item.optional_vars.id
            for item in node.items
            if ast.unparse(item.context_expr).startswith("whole_file(")
            and isinstance(item.optional_vars, ast.Name)
        }
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        path = ast.unparse(node.func.value)
        if node.func.attr in ("write_text", "write_bytes") and path not in whole:
            yield ast.unparse(node)
    for child in ast.iter_child_nodes(node):
        yield from written_in_part(child, whole)


def test_no_text_is_written_but_whole() -> None:
    for file in SOURCE.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assert [*written_in_part(tree)] == [], file


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    with whole_file(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.suffix == ".txt"  # libraries choose a format by it
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    with pytest.raises(MemoryError), whole_file(path) as temporary:
        temporary.write_text("half")
        raise MemoryError
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_name_that_is_no_unicode_is_read_back_from_json(tmp_path: Path) -> None:
    name = b"caf\xe9.png".decode(errors="surrogateescape")
    write_text(tmp_path / "a.json", json.dumps([name, "café"], ensure_ascii=False))
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == [name, "café"]


def test_a_full_disk_names_the_file_that_had_no_room(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="a.txt"), whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        raise OSError(ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_belongs_to_one_process_at_a_time(tmp_path: Path) -> None:
    imports = "from pathlib import Path; from getam.files import alone_in\n"
    code = f"{imports}with alone_in(Path({str(tmp_path)!r})): pass"
    with alone_in(tmp_path):
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "another process works in" in other.stderr
    assert not list(tmp_path.iterdir())
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_child_does_not_keep_the_folder_of_its_parent(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, time; from pathlib import Path; from getam.files import alone_in\n"
        "with alone_in(Path(sys.argv[1])):\n"
        "    if os.fork() == 0:\n"
        "        print('ready', flush=True); time.sleep(60)\n"
        "    time.sleep(60)\n"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, start_new_session=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        with pytest.raises(FileExistsError, match="another process"), alone_in(tmp_path):
            pass
        parent.kill()
        parent.wait()
        with alone_in(tmp_path):
            pass
        os.killpg(parent.pid, signal.SIGKILL)
