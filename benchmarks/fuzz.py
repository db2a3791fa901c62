"""Damage small files of every kind that getam reads: nothing worse than an error may come.

    python benchmarks/fuzz.py [--mutants 10000] [--seed 0] [--kinds photo coco]

Every mutant is read in a process that may not crash, work for more than 10 seconds, write anything
outside its output folder, start a program, connect to anything, or take more memory than the bound.
A reader either works or raises ValueError or OSError. What fails is made small and kept in
`tests/hostile/kept`, which the tests read again. The counts go to `benchmarks/results/fuzz.json`.
"""

import argparse
import hashlib
import json
import os
import platform
import random
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import PIL
import torch
from hostile_files import KINDS, corpus, damaged, lay, outcome

from getam.files import write_text

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "fuzz.json"
KEPT = ROOT / "tests" / "hostile" / "kept"
REAL = ROOT.parent / "shared" / "data"

BOUND = 2 * 2**30
"""A mutant may take so many bytes of memory beside what the program itself takes."""

SECONDS = 10
"""A mutant may take so many seconds of the processor."""

STUCK = 120
"""A mutant may take so many seconds on the clock, whatever else the machine does."""

KEPT_BYTES = 8_000

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Mutant:
    """A mutant is one damaged file. The function `mutant` makes it again from its number."""

    kind: str
    data: bytes


@dataclass
class Tally:
    """A tally counts what became of the mutants."""

    mutants: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, Any]] = field(default_factory=list)
    peak: int = 0


def mutant(number: int, seed: int, sound: Sequence[tuple[str, bytes]]) -> Mutant:
    """Make the mutant of a number."""
    draw = random.Random(f"{seed}-{number}")
    weights = [KINDS[kind].share / sum(k == kind for k, _ in sound) for kind, _ in sound]
    kind, data = draw.choices(sound, weights)[0]
    _, other = draw.choice(sound)
    return Mutant(kind, damaged(data, other, draw))


def read_in(mutant: Mutant, scratch: Path) -> str | None:
    """Read a mutant in a scratch folder and return what is wrong with that, if anything is."""
    kind, folder, out = KINDS[mutant.kind], scratch / mutant.kind, scratch / "out"
    if not folder.exists():
        lay(kind, b"", folder)
    (folder / kind.name).write_bytes(mutant.data)
    watch.allowed, watch.broken = str(out), ""
    try:
        error = outcome(kind, folder, out)
    finally:
        watch.allowed = ""
    shutil.rmtree(out, ignore_errors=True)
    return watch.broken or error


class Watch:
    """A watch sees every file that is opened to write, every program and every connection."""

    allowed = ""
    broken = ""

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note what a reader must not do while one runs."""
        if not self.allowed:
            return
        if event == "open" and _writes(arguments) or event in _CHANGES:
            path = os.path.realpath(os.fsdecode(arguments[0])) if arguments[0] else ""
            if not path.startswith(self.allowed):
                self.broken = f"{event} {path}"
        elif event in _FORBIDDEN:
            self.broken = f"{event} {arguments[:1]}"


_CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.truncate")
_FORBIDDEN = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect")
watch = Watch()


def _writes(arguments: tuple[Any, ...]) -> bool:
    path, mode, flags = arguments
    if not isinstance(path, str | bytes):
        return False
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


class Worker:
    """A worker is a process that reads mutants and says of each what came of it."""

    def __init__(self, numbers: range, seed: int, sound: Sequence[tuple[str, bytes]]) -> None:
        self.numbers, self.at = numbers, numbers.start
        self.pipe, write = os.pipe()
        self.text, self.began, self.used = b"", time.monotonic(), 0.0
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.pipe)
            self._work(write, seed, sound)
        os.close(write)

    def _work(self, write: int, seed: int, sound: Sequence[tuple[str, bytes]]) -> None:
        """Read the mutants, one after the other, and leave the process."""
        scratch = Path(tempfile.mkdtemp(prefix="fuzz-"))
        try:
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1)  # the decoders print what they think of a file
            os.dup2(silent, 2)
            limit_memory()
            sys.addaudithook(watch)
            for number in self.numbers:
                made = mutant(number, seed, sound)
                passed = KINDS[made.kind].passes(made.data)
                error = read_in(made, scratch)
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
                said = json.dumps([number, made.kind, passed, error, peak])
                os.write(write, said.encode() + b"\n")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            os._exit(0)

    def lines(self) -> Iterator[list[Any]]:
        """Yield what the worker has said since."""
        self.text += os.read(self.pipe, 65536)
        *whole, self.text = self.text.split(b"\n")
        for line in whole:
            said = json.loads(line)
            self.at = said[0] + 1
            self.began, self.used = time.monotonic(), self.processor_time()
            yield said

    def processor_time(self) -> float:
        """Return the seconds that the process has had of the processor."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return self.used
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def hangs(self) -> bool:
        """Return whether the present mutant takes longer than it may."""
        slow = self.processor_time() - self.used > SECONDS
        return slow or time.monotonic() - self.began > STUCK

    def end(self, *, kill: bool) -> int:
        """End the process and return its status."""
        if kill:
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.pipe)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def limit_memory() -> None:
    """Let this process take `BOUND` more memory than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + BOUND
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def run(count: int, seed: int, sound: Sequence[tuple[str, bytes]], processes: int) -> Tally:
    """Read all mutants in some processes."""
    tally = Tally()
    step = -(-count // processes)
    workers = [Worker(range(n, min(n + step, count)), seed, sound) for n in range(0, count, step)]
    while workers:
        ready = select.select([worker.pipe for worker in workers], [], [], 0.5)[0]
        for worker in list(workers):
            said = list(worker.lines()) if worker.pipe in ready else []
            for entry in said:
                count_in(tally, *entry)
            ended = worker.pipe in ready and not said and not worker.text
            if not ended and (said or not worker.hangs()):
                continue
            workers.remove(worker)
            status = worker.end(kill=not ended)
            if worker.at < worker.numbers.stop:  # this mutant was its end
                made = mutant(worker.at, seed, sound)
                how = f"ended with {status}" if ended else f"took more than {SECONDS} s"
                count_in(tally, worker.at, made.kind, KINDS[made.kind].passes(made.data), how, 0)
                rest = range(worker.at + 1, worker.numbers.stop)
                workers += [Worker(rest, seed, sound)] if rest else []
    return tally


def count_in(
    tally: Tally, number: int, kind: str, passed: bool, error: str | None, peak: int
) -> None:
    """Count one mutant."""
    tally.mutants[kind] += 1
    tally.passed[kind] += passed
    tally.peak = max(tally.peak, peak)
    if error is not None:
        tally.failures.append({"number": number, "kind": kind, "error": error})
        print(f"{number} {kind}: {error}", flush=True)
    total = tally.mutants.total()
    if total % 500 == 0:
        print(f"{total} mutants, {len(tally.failures)} failures", flush=True)


def signature(made: Mutant) -> str:
    """Return in a few words how a mutant fails, in a process of its own; empty if it does not."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        limit_memory()
        sys.addaudithook(watch)
        scratch = Path(tempfile.mkdtemp(prefix="fuzz-"))
        error = read_in(made, scratch)
        shutil.rmtree(scratch, ignore_errors=True)
        os.write(write, (error or "").partition(":")[0].encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as said:
        text = said.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return text if status == 0 else f"ended with {status}"


def made_small(made: Mutant, seconds: float = 60.0) -> Mutant:
    """Cut away what a failure does not need, for a minute at most."""
    fails, until = signature(made), time.monotonic() + seconds
    piece = len(made.data) // 2
    while fails and piece and time.monotonic() < until:
        at = 0
        while at < len(made.data) and time.monotonic() < until:
            less = Mutant(made.kind, made.data[:at] + made.data[at + piece :])
            if signature(less) == fails:
                made = less
            else:
                at += piece
        piece //= 2
    return made


def keep(made: Mutant) -> None:
    """Keep a mutant for the tests, if it is small. None may be made of a real photo."""
    if len(made.data) <= KEPT_BYTES:
        KEPT.mkdir(parents=True, exist_ok=True)
        mark = hashlib.sha256(made.data).hexdigest()[:8]
        (KEPT / f"{made.kind.replace(' ', '_')}-{mark}").write_bytes(made.data)


def main() -> int:
    """Run the mutants and write the counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    real = REAL if REAL.is_dir() else None
    sound = [(kind, data) for kind, data in corpus(real) if kind in options.kinds]
    began = time.monotonic()
    tally = run(options.mutants, options.seed, sound, options.processes)
    seconds = time.monotonic() - began
    # A mutant of these kinds may hold a piece of a real photo.
    with_photos = {"photo", "mask"} if real else set()
    kept: set[tuple[str, str]] = set()
    for failure in tally.failures:
        known = (failure["kind"], failure["error"].partition(":")[0])
        made = mutant(failure["number"], options.seed, sound)
        if known not in kept and failure["kind"] not in with_photos:
            kept.add(known)
            keep(made_small(made))
    total, passed = tally.mutants.total(), tally.passed.total()
    result = {
        "mutants": total,
        "seed": options.seed,
        "pass the header": passed,
        "failures": tally.failures,
        "peak MB": tally.peak,
        "bound": f"{BOUND // 2**20} MB beside the program, {SECONDS} s of the processor",
        "real photos": real is not None,
        "seconds": round(seconds),
        "kinds": {
            kind: {"mutants": tally.mutants[kind], "pass the header": tally.passed[kind]}
            for kind in sorted(tally.mutants)
        },
        "versions": {
            "python": platform.python_version(),
            "pillow": PIL.__version__,
            "torch": torch.__version__,
        },
    }
    print(json.dumps(result, indent=1))
    if options.mutants >= 10_000:
        write_text(RESULT, json.dumps(result, indent=1) + "\n")
    enough = passed * 3 >= total
    print(f"{total} mutants, {passed} pass the header, {len(tally.failures)} failures")
    return 0 if enough and not tally.failures else 1


if __name__ == "__main__":
    sys.exit(main())
