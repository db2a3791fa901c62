"""A reading process outlives the signals of others, and ends when its parent ends it."""

import multiprocessing
import subprocess
import time
from multiprocessing.connection import Connection

import pytest

from getam.data import worker_signals
from getam.data.worker_signals import leave_signals


def read_on(connection: Connection) -> None:
    """Answer every question, as a worker gives photos."""
    leave_signals(0)
    while True:
        connection.send(connection.recv())


@pytest.fixture
def worker():
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=read_on, args=(there,), daemon=True)
    process.start()
    assert answer(here) == "?"  # it runs
    yield process, here
    process.kill()
    process.join()


def answer(connection: Connection) -> str:
    connection.send("?")
    assert connection.poll(20)
    return connection.recv()


@pytest.mark.parametrize("name", ["TERM", "INT"])
def test_a_signal_of_another_process_is_left_to_the_parent(worker, name):
    process, connection = worker
    subprocess.run(["kill", f"-{name}", str(process.pid)], check=True)
    time.sleep(0.05)  # the signal has arrived
    assert answer(connection) == "?"
    assert process.is_alive()


def test_the_parent_ends_its_worker(worker):
    process, _ = worker
    process.terminate()
    process.join(20)
    assert process.exitcode == 0


def start_and_wait(connection: Connection) -> None:
    multiprocessing.Process(target=read_on, args=(connection,)).start()
    time.sleep(60)


def test_a_worker_ends_if_its_parent_is_killed(monkeypatch):
    monkeypatch.setattr(worker_signals, "LOOKS_EVERY", 0.1)
    here, there = multiprocessing.Pipe()
    parent = multiprocessing.Process(target=start_and_wait, args=(there,))
    parent.start()
    there.close()
    assert answer(here) == "?"
    parent.kill()
    assert here.poll(20)  # nobody is left at the other end
    with pytest.raises(EOFError):
        here.recv()
