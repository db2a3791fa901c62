"""``getam serve`` opens a run or a backbone, and ends at Ctrl-C."""

import json
import os
import re
import shutil
import signal
import socket
import sys
import threading
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from getam.cli.main import main
from getam.cli.serve import review_of


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def fetch_and_interrupt(capsys: pytest.CaptureFixture[str], seen: list[str]) -> None:
    """Keep the page at the address that the command prints, and press Ctrl-C."""
    printed = ""
    for _ in range(1200):
        printed += capsys.readouterr().out
        if found := re.search(r"Open (http://127\S+)", printed):
            seen += [found[1], urllib.request.urlopen(found[1], timeout=10).read().decode()]
            break
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)


def test_a_run_is_served_until_ctrl_c(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("gradio")
    port, seen = free_port(), list[str]()
    interrupted = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's & ignores it
    visitor = threading.Thread(target=fetch_and_interrupt, args=(capsys, seen))
    visitor.start()
    try:
        assert main(["serve", str(folder), "--port", str(port), "--device", "cpu"]) == 0
    finally:
        signal.signal(signal.SIGINT, interrupted)
        visitor.join()
    address, page = seen
    assert address == f"http://127.0.0.1:{port}/"
    assert f"{folder.name}: what the network sees" in page


def test_a_review_goes_on_in_its_own_folder_alone(
    folder: Path, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("gradio")
    run = shutil.copytree(folder, tmp_path / "run")
    given: dict[str, Any] = dict.fromkeys(("out", "labels", "split", "none", "device"))
    settings = {**given, "run": run, "review": voc}
    for _ in range(2):
        with ExitStack() as held:
            review_of(settings, held)
            with pytest.raises(FileExistsError, match="another process works in"):
                review_of(settings, ExitStack())
    said = capsys.readouterr().out
    assert said.count(f"The masks of 5 photos are reviewed; they are kept in {run}/corrected.") == 2
    assert json.loads((run / "corrected" / "decisions.json").read_text())["photos"] == {}
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "a.png").write_text("precious")
    with pytest.raises(FileExistsError, match="name another one with --out"):
        review_of({**settings, "out": precious}, ExitStack())
    with pytest.raises(ValueError, match="would meet the input"):
        review_of({**settings, "out": voc / "SegmentationClass"}, ExitStack())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give the folder of a run, or --backbone NAME"),
        ([".", "--backbone", "vit_tiny_patch16_224"], "not both"),
        ([".", "--port", "70000"], "port must lie in 1..65535, got 70000"),
        (["--backbone", "vit_tiny_patch16_224", "--review", "."], "--review needs the folder"),
        ([".", "--out", "masks"], "--out belongs to a review: name its data set with --review"),
    ],
)
def test_wrong_options_are_one_line(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *options]) == 1
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_without_gradio_the_extra_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "getam.web.page", raising=False)
    for name in [name for name in sys.modules if name.split(".")[0] == "gradio"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert main(["serve", str(folder)]) == 1
    assert 'needs the package gradio: pip install "getam[web]"' in capsys.readouterr().err
