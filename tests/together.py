"""Run a function in several processes that know each other, as torchrun would start them."""

import os
import socket
import traceback
from multiprocessing import get_context

CONTEXT = get_context("forkserver")  # imports torch once; a fork of pytest could not run backward
CONTEXT.set_forkserver_preload(["getam.training"])


def together(work, *given, processes=2):
    """Return what a function of a module returns in each process, with gloo, by rank."""
    port = free_port()
    pipes, running = [], []
    for rank in range(processes):
        ours, theirs = CONTEXT.Pipe()
        variables = {
            "TORCHELASTIC_RUN_ID": "test", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
            "RANK": str(rank), "LOCAL_RANK": str(rank), "GROUP_RANK": "0",
            "WORLD_SIZE": str(processes), "LOCAL_WORLD_SIZE": str(processes),
            "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        process = CONTEXT.Process(target=one, args=(theirs, variables, work, given), daemon=True)
        process.start()
        theirs.close()
        pipes.append(ours)
        running.append(process)
    answers = [answer_of(pipe) for pipe in pipes]
    for process in running:
        process.join(30)
    failed = [text for done, text in answers if not done]
    assert not failed, "\n".join(failed)
    return [value for _, value in answers]


def one(pipe, variables, work, given):
    """Be one of the processes."""
    import torch

    from getam.training.processes import launch

    os.environ.update(variables)
    torch.set_num_threads(1)
    try:
        launch("cpu", 1)
        pipe.send((True, work(*given)))
    except BaseException:
        pipe.send((False, traceback.format_exc()))


def answer_of(pipe):
    try:
        return pipe.recv() if pipe.poll(120) else (False, "no answer")
    except EOFError:
        return False, "a process ended without an answer"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
