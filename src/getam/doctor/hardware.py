"""This module finds devices, processor and memory, and says what they mean for a run."""

import os
import sys
from pathlib import Path

import torch

from getam.doctor.fact import Fact
from getam.this_process import usable_cores

GIGABYTE = 1e9
LEAST = 4.0
"""Training a small network on photos of common size needs so many GB of memory."""

LIMIT = Path("/sys/fs/cgroup/memory.max")
"""In this file Linux says how much memory a container may use."""


def devices() -> Fact:
    """Return the accelerators, with their memory."""
    if torch.cuda.is_available():
        found = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
        names = (f"{card.name} ({card.total_memory / GIGABYTE:.0f} GB)" for card in found)
        return Fact("devices", ", ".join(names), "Training and prediction use the first one.")
    if torch.backends.mps.is_available():
        meaning = "Nobody has measured it yet, so it is used only if asked for: --device mps."
        return Fact("devices", "Apple GPU (mps)", meaning)
    meaning = (
        "Everything runs on the processor: choose a small backbone such as vit_tiny_patch16_224, "
        "and let getam train --dry-run say how long a run takes."
    )
    return Fact("devices", "none beside the processor", meaning)


def processor() -> Fact:
    """Return the instruction set, the cores that may be used and the threads that torch uses."""
    instructions = torch.backends.cpu.get_cpu_capability()
    cores, threads = usable_cores(), torch.get_num_threads()
    value = f"{cores} cores for this process, {threads} threads of torch, {instructions}"
    return Fact("processor", value, meaning_of(instructions, cores=cores, threads=threads))


def meaning_of(instructions: str, *, cores: int, threads: int) -> str:
    """Return the most important thing that follows from a processor, or nothing.

    Parameters
    ----------
    instructions
        What torch calls the instruction set, such as ``"AVX2"``.
    cores
        Cores that this process may use.
    threads
        Threads that torch uses.
    """
    if threads > cores:
        return (
            f"More threads than cores wait for each other: set OMP_NUM_THREADS={cores} before you "
            "start."
        )
    if threads < cores:
        return (
            f"Not every core is used: set OMP_NUM_THREADS={cores}, unless other programs "
            "need the rest."
        )
    if instructions in ("DEFAULT", "NO AVX"):
        return "Without AVX2 every step takes several times as long: use a newer processor."
    return ""


def memory() -> Fact:
    """Return the memory that this process may use."""
    total = usable_memory()
    if total is None:
        return Fact("memory", "unknown")
    meaning = (
        f"There is less than {LEAST:.0f} GB: lower --batch-size and --crop if a run is killed."
        if total < LEAST
        else ""
    )
    return Fact("memory", f"{total:.1f} GB", meaning)


def usable_memory(limit: Path = LIMIT) -> float | None:
    """Return the memory in GB that this process may use, or None if the system does not tell.

    Parameters
    ----------
    limit
        The file that holds the limit of a container in bytes, or "max".
    """
    if sys.platform == "win32":
        return None
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    text = limit.read_text().strip() if limit.is_file() else "max"
    return min(total, int(text) if text.isdigit() else total) / GIGABYTE
