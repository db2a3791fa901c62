"""A process that reads photos leaves Ctrl-C and other stops to the process that started it."""

import multiprocessing
import os
import signal
import threading

STOPS = tuple(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGUSR1") if hasattr(signal, name)
)


def leave_signals(_worker: int) -> None:
    """Let nobody but its parent stop this worker process: it takes no notice of Ctrl-C, SIGTERM
    and SIGUSR1.

    A terminal, a container or a batch system sends them to every process of a run at once. The main
    process then saves its state, and needs the photos that its workers still read. It ends its
    workers by SIGTERM itself, so this one signal must count.

    Where the system does not tell who sent a signal (macOS, Windows), Ctrl-C alone is ignored.

    Parameters
    ----------
    _worker
        The number of the worker, which a ``DataLoader`` gives to its ``worker_init_fn``.
    """
    if not hasattr(signal, "sigwaitinfo"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    threading.Thread(target=_obey_parent, daemon=True).start()


LOOKS_EVERY = 5.0
"""So many seconds pass at most until a worker sees that its parent is gone."""


def _obey_parent() -> None:
    """Leave when the parent sends SIGTERM or is gone; take every other signal away.

    torch sees the end of the parent only if it comes after the start of the worker. A worker that
    stayed would keep the connections of the parent open, by which others know that it lives.
    """
    parent = multiprocessing.parent_process()
    while True:
        sent = signal.sigtimedwait(STOPS, LOOKS_EVERY)
        if parent is None:
            continue
        told = sent is not None and sent.si_signo == signal.SIGTERM and sent.si_pid == parent.pid
        if told or not parent.is_alive():
            os._exit(0)
