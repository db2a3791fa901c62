"""Nothing that is installed, loaded or called comes unasked."""

import ast
import re
import socket
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
PINS = dict(line.split("==") for line in LOCK.splitlines() if "==" in line)


def loads(code: str) -> list[dict[str, object]]:
    """Return the literal keywords of every call of torch.load."""
    calls = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
    return [
        {k.arg or "": getattr(k.value, "value", None) for k in call.keywords}
        for call in calls
        if ast.unparse(call.func) == "torch.load"
    ]


def test_no_weight_file_is_loaded_that_may_run_code() -> None:
    folders = ("src", "benchmarks", "examples", "docs")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    codes = [file.read_text(encoding="utf-8") for file in files]
    found = [call for code in codes if "torch.load" in code for call in loads(code)]
    assert len(found) >= 2
    assert all(call.get("weights_only") is True for call in found)
    assert loads("torch.load(file)") == [{}]


def test_the_lock_names_versions_and_no_address() -> None:
    lines = [line for line in LOCK.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!]+", line) for line in lines)


def test_the_lock_fits_what_the_package_asks_for() -> None:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = {name.lower().replace("_", "-"): version for name, version in PINS.items()}
    asked = [Requirement(text) for text in content["dependencies"]]
    assert {each.name.lower().replace("_", "-") for each in asked} <= set(pins)
    extras = content["optional-dependencies"].values()
    asked += [Requirement(text) for extra in extras for text in extra]
    named = [each for each in asked if each.name.lower().replace("_", "-") in pins]
    assert len(named) > 30
    wrong = [str(e) for e in named if pins[e.name.lower().replace("_", "-")] not in e.specifier]
    assert wrong == []


def test_malicious_versions_are_excluded() -> None:
    asked = {(each := Requirement(text)).name: each for text in requires("getam") or ()}
    assert "2.6.3" not in asked["lightning-fabric"].specifier
    assert "2.6.2" not in asked["lightning-fabric"].specifier


CALL = "import socket; socket.create_connection(('192.0.2.1', 9), timeout=1)"


def test_the_guard_refuses_other_machines_and_not_this_one() -> None:
    from sitecustomize import CALLS

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        socket.create_connection(server.getsockname()).close()
    assert CALLS == []
    with pytest.raises(RuntimeError, match=r"wanted to reach 192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 9), timeout=1)
    with pytest.raises(RuntimeError, match="wanted to reach example.org"):
        socket.getaddrinfo("example.org", 80)
    assert len(CALLS) == 2
    CALLS.clear()
    done = subprocess.run([sys.executable, "-c", CALL], capture_output=True, text=True)
    assert "CalledSomebody" in done.stderr
