"""The cache of weights; no request is sent unless the user asks for it."""

import inspect
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import NoReturn

import pytest
from huggingface_hub import constants

from getam.cli.train import train_from_tags
from getam.doctor.weights import DEFAULT_BACKBONE, cache, default_weights, hub


@pytest.fixture
def unconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> NoReturn:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_the_default_backbone_is_that_of_train() -> None:
    assert inspect.signature(train_from_tags).parameters["backbone"].default == DEFAULT_BACKBONE


@pytest.mark.usefixtures("unconnected")
def test_no_request_is_sent_by_itself() -> None:
    assert hub(ask=False).value.startswith("not asked")
    assert "the cache" in default_weights().value


def test_the_cache_and_its_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "a" / "hub"))
    assert cache().value.startswith(f"{tmp_path / 'a' / 'hub'} (not made yet, ")
    (tmp_path / "a" / "hub").mkdir(parents=True)
    assert "not made yet" not in cache().value


class Answer(BaseHTTPRequestHandler):
    """A hub that answers every request."""

    def do_HEAD(self) -> None:
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def test_a_hub_that_answers_and_one_that_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    server = HTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    assert hub(ask=True).value.endswith(" answers")
    server.shutdown()
    server.server_close()
    fact = hub(ask=True)
    assert fact.value.endswith("does not answer")
    assert "--weights" in fact.meaning
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert hub(ask=True).value == "switched off"
