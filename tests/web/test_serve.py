"""A page is served to this machine alone, and leaves nothing behind."""

import os
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from getam.web import served
from getam.web.serve import keep_to_this_machine

gradio = pytest.importorskip("gradio")


def page():
    with gradio.Blocks(analytics_enabled=False) as made:
        gradio.HTML("a page")
    return made


def test_only_this_machine_is_answered_and_nothing_stays() -> None:
    with served(page) as address:
        assert address.startswith("http://127.0.0.1:")
        port = int(address.rstrip("/").rsplit(":", 1)[1])
        folder = Path(os.environ["GRADIO_TEMP_DIR"])
        assert folder.is_dir()
        text = urllib.request.urlopen(address, timeout=10).read().decode()
        assert "a page" in text
        assert "fonts.googleapis" not in text
        foreign = urllib.request.Request(address, headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="400"):
            urllib.request.urlopen(foreign, timeout=10)
        other = socket.gethostbyname_ex(socket.gethostname())[2]
        for host in {host for host in other if not host.startswith("127.")}:
            with pytest.raises(OSError), socket.create_connection((host, port), timeout=1):
                pass
        with (
            pytest.raises(OSError, match=f"port {port} is taken: .*--port"),
            served(page, port=port),
        ):
            pass
    assert not folder.exists()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address, timeout=1)


def test_gradio_is_told_to_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GRADIO_TEMP_DIR", "GRADIO_ANALYTICS_ENABLED", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("no_proxy", "localhost")
    monkeypatch.setenv("NO_PROXY", "")
    keep_to_this_machine("some/folder")
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert os.environ["no_proxy"] == "localhost,127.0.0.1"
    assert os.environ["NO_PROXY"] == "127.0.0.1"
    assert Path(os.environ["GRADIO_TEMP_DIR"]).is_absolute()
