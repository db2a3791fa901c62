"""SIGTERM lets a block clean up, and its former handler comes back."""

import os
import signal
import threading

import pytest

from getam.stopped import Stopped, Terminated, terminable


def test_sigterm_unwinds_the_block_and_the_former_handler_comes_back() -> None:
    before, cleaned = signal.getsignal(signal.SIGTERM), []
    with pytest.raises(Terminated), terminable():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            cleaned.append(True)
    assert cleaned
    assert signal.getsignal(signal.SIGTERM) == before


def test_another_thread_sets_no_handler() -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work() -> None:
        with terminable():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_stop_knows_its_signal() -> None:
    stopped = Stopped("stopped at step 3", signal.SIGINT)
    assert (str(stopped), stopped.signal) == ("stopped at step 3", signal.SIGINT)
