"""Ctrl-C and SIGTERM are remembered, and act as usual afterwards."""

import os
import signal

import pytest

from getam.stopped import Stopped
from getam.training.stop_request import listen


def test_the_signal_handlers_come_back():
    # A shell starts what it puts in the background with Ctrl-C ignored.
    own = signal.signal(signal.SIGINT, signal.default_int_handler)
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with listen() as request:
        os.kill(os.getpid(), signal.SIGTERM)
        assert request.signal == signal.SIGTERM
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    with pytest.raises(KeyboardInterrupt), listen() as request:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    signal.signal(signal.SIGINT, own)


def test_where_all_is_saved_a_signal_stops_at_once():
    with listen() as request:
        with pytest.raises(Stopped, match="all saved"), request.at_once("all saved"):
            os.kill(os.getpid(), signal.SIGTERM)
            raise AssertionError("the block goes on")
        with pytest.raises(Stopped, match="saved before"), request.at_once("saved before"):
            raise AssertionError("the signal came before")
        os.kill(os.getpid(), signal.SIGTERM)  # outside of it, it is only remembered
