"""Run a function in several processes that know each other, as torchrun would start them."""

import os
import pickle
import socket
import traceback
from multiprocessing import get_context

CONTEXT = get_context("forkserver")  # imports torch once; a fork of pytest could not run backward
DIED = "a process ended without an answer"
CONTEXT.set_forkserver_preload(["getam.training"])


def together(work, *given, processes=2, deaths=0):
    """Return what a function of a module returns in each process, with gloo, by rank.

    So many processes as ``deaths`` may end without an answer, which is then None.
    """
    port = free_port()
    task = pickle.dumps((work, given))  # as bytes: tensors would lie in memory that all share
    pipes, running = [], []
    for rank in range(processes):
        ours, theirs = CONTEXT.Pipe()
        variables = {
            "TORCHELASTIC_RUN_ID": "test", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
            "RANK": str(rank), "LOCAL_RANK": str(rank), "GROUP_RANK": "0",
            "WORLD_SIZE": str(processes), "LOCAL_WORLD_SIZE": str(processes),
            "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        process = CONTEXT.Process(target=one, args=(theirs, variables, task), daemon=True)
        process.start()
        theirs.close()
        pipes.append(ours)
        running.append(process)
    answers = [answer_of(pipe) for pipe in pipes]
    for process in running:
        process.join(30)
    failed = [text for done, text in answers if not done]
    assert [text for text in failed if text != DIED] == []
    assert len(failed) == deaths
    return [value if done else None for done, value in answers]


def one(pipe, variables, task):
    """Be one of the processes."""
    import torch

    from getam.training.processes import launch

    os.environ.update(variables)
    torch.set_num_threads(1)
    try:
        work, given = pickle.loads(task)
        launch("cpu", 1)
        pipe.send((True, work(*given)))
    except BaseException:
        pipe.send((False, traceback.format_exc()))


def answer_of(pipe):
    try:
        return pipe.recv() if pipe.poll(120) else (False, "no answer")
    except EOFError:
        return False, DIED


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
