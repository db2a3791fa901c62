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


def _obey_parent() -> None:
    """Leave when the parent sends SIGTERM; take every other signal away."""
    parent = multiprocessing.parent_process()
    while True:
        sent = signal.sigwaitinfo(STOPS)
        if parent is not None and sent.si_signo == signal.SIGTERM and sent.si_pid == parent.pid:
            os._exit(0)
