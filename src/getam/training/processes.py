"""The processes of a run, one per device: torchrun starts them, or Lightning Fabric does.

torchrun says in variables which process this is. Without it, the first process starts the others
with its own command (``getam train --devices N``). Variables that another program left over do not
count; see :mod:`getam.this_process`. Gradients are averaged by
:mod:`getam.training.shared_weights`, and sums over processes are those of :mod:`getam.ranks`.
"""

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import cast

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import (
    ClusterEnvironment,
    LightningEnvironment,
    TorchElasticEnvironment,
)
from lightning_fabric.strategies import DDPStrategy
from lightning_fabric.utilities.distributed import _init_dist_connection
from torch import distributed, nn

from getam.device import choose_device
from getam.ranks import PATIENCE, cpu_group, world_size
from getam.this_process import FIRST_PROCESS, by_first_process, by_torchrun
from getam.training.precision import Format

MEETING = timedelta(minutes=30)
"""So long the processes wait for each other at first: each one looks at all photos before."""


GLOO = re.compile(r"\[\S*\bgloo/\S+\.(cc|h):\d+\]|Gloo \w+ failed")
"""What gloo says begins with the place in its source, such as ``[…/gloo/transport/tcp/pair.cc:1]``.

The name alone may also stand in the path of a photo."""


class OneMachine(LightningEnvironment):
    """This environment of processes on one machine believes no variable but those set by us."""

    @property
    def creates_processes_externally(self) -> bool:
        """Say whether the other processes are here already."""
        return by_first_process() or world_size() > 1

    @property
    def main_address(self) -> str:
        """Return the address where the processes meet: they are all on this machine."""
        return "127.0.0.1"

    def local_rank(self) -> int:
        """Return the number of this process."""
        return int(os.environ["LOCAL_RANK"]) if by_first_process() else 0

    def node_rank(self) -> int:
        """Return the number of this machine, which is the only one."""
        return 0


class Processes(DDPStrategy):
    """This strategy starts processes as DDP does, and leaves the module as it is."""

    def setup_module(self, module: nn.Module) -> nn.Module:  # type: ignore[override]
        """Return the module itself: the trainer averages the gradients."""
        return module

    def _setup_distributed(self) -> None:
        self._set_world_ranks()
        if distributed.is_initialized():  # it is launched again, with another number format
            return
        assert self.cluster_environment is not None
        store = meeting_place(self.cluster_environment)
        device = self.root_device
        _init_dist_connection(
            self.cluster_environment,
            self._get_process_group_backend(),
            store=store,
            timeout=PATIENCE,
            device_id=None if device.type == "cpu" else device,
        )
        store.set_timeout(PATIENCE)


def meeting_place(environment: ClusterEnvironment) -> distributed.Store:
    """Return the store in which the processes of a run find each other.

    They have less patience here than later, when one of them may work alone for long.

    Raises
    ------
    RuntimeError
        If the others do not come, or if there is no connection to the first process.
    """
    address, port = environment.main_address, environment.main_port
    os.environ.update(MASTER_ADDR=address, MASTER_PORT=str(port))  # where torch looks for them
    rank, size = environment.global_rank(), environment.world_size()
    try:
        store, _, _ = next(distributed.rendezvous("env://", rank, size, timeout=MEETING))
    except distributed.DistError as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise RuntimeError(
            f"the {size} processes of this run do not meet at {address}:{port} ({reason})"
        ) from error
    return cast(distributed.Store, store)


def launch(device: str, devices: int, *, precision: Format = "32-true") -> Fabric:
    """Start or join the processes of a run, and return when all of them are here.

    It may be called again in the same process, e.g. with another number format.

    Parameters
    ----------
    device
        As for :func:`getam.device.choose_device`.
    devices
        Processes on this machine, one per device. Under torchrun, its own number counts.
    precision
        Number format.

    Raises
    ------
    ValueError
        If there are not so many devices.
    """
    devices, nodes = processes_here(device, devices)
    chosen = choose_device(device)
    environment = TorchElasticEnvironment() if by_torchrun() else OneMachine()
    if devices * nodes == 1:
        one = 1 if chosen.index is None or chosen.type == "cpu" else [chosen.index]
        fabric = Fabric(
            accelerator=chosen.type, devices=one, precision=precision, plugins=[environment]
        )
        environment.set_global_rank(0)  # a library may have read another number when imported
        fabric.launch()
        return fabric
    fabric = Fabric(
        accelerator=chosen.type,
        strategy=Processes(timeout=PATIENCE),
        devices=devices,
        num_nodes=nodes,
        precision=precision,
        plugins=[environment],
    )
    end_with(os.getppid() if by_torchrun() else first_process())
    fabric.launch()
    cpu_group()
    fabric.barrier()
    return fabric


def processes_here(device: str, devices: int) -> tuple[int, int]:
    """Return how many processes run on this machine, and on how many machines.

    Raises
    ------
    ValueError
        If ``devices`` is no number of processes that can be had here; see :func:`launch`.
    """
    if devices < 1:
        raise ValueError(f"devices must be 1 or more, got {devices}")
    nodes = 1
    if by_torchrun():
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        nodes = int(os.environ["WORLD_SIZE"]) // devices
    elif int(os.environ.get("SLURM_STEP_NUM_TASKS", 1)) > 1:
        raise ValueError(
            "srun started several processes that know nothing of each other: let it start one "
            "torchrun per machine, as docs/cluster.md shows"
        )
    chosen = choose_device(device)
    if devices > 1 and (chosen.type == "mps" or chosen.index is not None):
        raise ValueError(f"devices is {devices}, but device {chosen} is one alone")
    if chosen.type == "cuda" and devices > torch.cuda.device_count():
        raise ValueError(
            f"devices is {devices}, but torch sees {torch.cuda.device_count()} GPUs here"
        )
    return devices, nodes


def first_process() -> int:
    """Return the process that starts the others, which find its number in their variables."""
    if not by_first_process():
        os.environ[FIRST_PROCESS] = str(os.getpid())
    return int(os.environ[FIRST_PROCESS])


@cache
def end_with(parent: int) -> None:
    """Let this process end soon after the one that started it, also in the middle of a wait.

    Launchers end the other processes when one dies. This holds where the launcher itself dies.
    """
    if parent == os.getpid():
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGKILL)  # a process that waits for a dead one hears no other

    threading.Thread(target=watch, daemon=True, name="end-with").start()


@contextmanager
def first_alone(device: str, devices: int) -> Iterator[None]:
    """Start or join the processes of a run, and let the first pass the block before the others."""
    with launch(device, devices).rank_zero_first():
        yield


@contextmanager
def while_others_live() -> Iterator[None]:
    """Say it in one line if another process ends while the block runs.

    Raises
    ------
    RuntimeError
        In the place of what torch says of its connections.
    """
    try:
        yield
    except RuntimeError as error:
        if world_size() == 1 or not is_lost_connection(error):
            raise
        raise RuntimeError(
            "another process of this run ended, and its own last line says why; the last "
            "checkpoint was kept, and the same command with --resume goes on from it"
        ) from error


def is_lost_connection(error: RuntimeError) -> bool:
    """Say whether an error is that of a connection to another process."""
    return isinstance(error, distributed.DistError) or GLOO.search(str(error)) is not None
