"""The command ``getam`` finds the verb, reads its options, calls one function and prints.

Nothing heavy is imported before the options are read, so that every ``--help`` answers at once.
"""

import gc
import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from errno import ENOSPC
from io import TextIOWrapper

from getam.out_of_memory import is_out_of_memory
from getam.printable import printable
from getam.stopped import Stopped, Terminated, terminable
from getam.this_process import name, rank

VERBS = {
    "demo": "train on bundled digit scenes and report; needs no network and no data",
    "doctor": "what getam finds on this machine, and what of it matters for a run",
    "check": "what is wrong with a data set, and what to do about each fault",
    "train": "photos with image-level labels in, a segmentation network out",
    "report": "one page for a browser: curves, classes, photos step by step, suspicious tags",
    "serve": "a page on this machine: drop a photo, see map, pseudo label and mask",
    "predict": "masks of photos: palette PNG",
    "export": "masks for VOC, CVAT, COCO, Label Studio; the network as ONNX or for the hub",
    "label": "pseudo masks of labelled photos: palette PNG",
    "maps": "activation maps of photos: coloured overlays and .npz",
    "explain": "why any vision transformer named a class: overlays of several methods",
    "quality": "judge masks and tags of photos without any true mask",
    "thresholds": "choose the thresholds of pseudo labels on a few photos with true masks",
    "score": "compare a folder of masks with the truth",
    "stages": "score raw maps, refined maps, pseudo labels and predictions on a split",
    "compare": "score attribution methods and starting blocks on a split with masks",
    "convert": "make a model folder from a checkpoint of the released GETAM",
}

LOWER = {
    "train": "begin a new run with a smaller --batch-size (and a larger --accumulate) or --crop",
}
"""What to lower where memory is short; `LESS` for every other verb."""

LESS = "make the photos smaller, or give fewer --workers"

DEBUG = "--debug"

HELP = """usage: getam [--version] VERB [options]

Photos with image-level labels in; a segmentation network, activation maps and pseudo masks out.

verbs:
{verbs}

getam VERB --help lists the options of a verb; --config FILE reads them from YAML, --print_config
writes them; --debug shows the whole trace of an error.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Returns
    -------
    int
        Exit status: 0 done, 1 failed, 2 wrong usage, 3 faulty data, 4 done but for some photos,
        128 + signal stopped.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    arguments = [argument for argument in given if argument != DEBUG]
    # The compute threads wait for each other after every operation. By default a waiting thread
    # spins long before it sleeps, which triples the time beside another busy program
    # (benchmarks/threads.py measures it). The library reads this once, when torch is imported.
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")
    # Imports make a hundred thousand objects that all stay. With Python's own threshold, the search
    # for garbage among them takes a tenth of the time until the first photo.
    gc.set_threshold(10_000)
    if not arguments or arguments[0] in ("-h", "--help"):
        lines = "\n".join(f"  {verb:<10} {what}" for verb, what in VERBS.items())
        print(HELP.format(verbs=lines), end="")
        return 0
    if arguments[0] == "--version":
        from importlib.metadata import version

        print(f"getam {version('getam')}")
        return 0
    if isinstance(sys.stdout, TextIOWrapper):  # a name that is no Unicode stops no table
        sys.stdout.reconfigure(errors="backslashreplace")
    verb, *options = arguments
    if verb not in VERBS:
        near = get_close_matches(verb, VERBS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"the verbs are {', '.join(VERBS)}"
        print(f"getam: there is no verb {verb!r}; {hint}", file=sys.stderr)
        return 2
    to_stderr = logging.StreamHandler()
    to_stderr.setFormatter(OneLine())
    process = rank() if verb == "train" else 0  # no other verb runs in several processes
    logging.basicConfig(level=logging.ERROR if process else logging.INFO, handlers=[to_stderr])
    # Libraries may talk about their own affairs only when something is wrong. When lightning_fabric
    # is imported, it sets the level of its top name itself.
    for noisy in ("lightning_fabric.utilities", "PIL", "httpx", "onnx_ir"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

    def run(words: list[str]) -> int | None:
        status: int | None = importlib.import_module(f"getam.cli.{verb}").run(words)
        return status

    lower = LOWER.get(verb, LESS)
    return call(run, options, debug=DEBUG in given, process=process, lower=lower)


def call(
    run: Callable[[list[str]], int | None],
    options: list[str],
    *,
    debug: bool = False,
    process: int = 0,
    lower: str = LESS,
) -> int:
    """Run a verb and return its exit status.

    An error that is expected becomes one line.

    Parameters
    ----------
    run
        The function of the verb.
    options
        The words after the verb.
    debug
        Whether such an error is raised instead, so that its whole trace is seen.
    process
        The number of this process among those of a training. The first one is 0.
    lower
        The advice that is given if memory is short.
    """
    try:
        with terminable():
            return run(options) or 0
    except Stopped as stopped:
        if process:  # the first process says it and gives the status for all
            return 0
        print(f"getam: {stopped}", file=sys.stderr)
        return 128 + stopped.signal
    except KeyboardInterrupt as interrupt:
        print(f"{name(process)}: interrupted", file=sys.stderr)
        stop = signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT
        return 128 + stop
    except (ValueError, OSError, FloatingPointError, RuntimeError, MemoryError) as error:
        if debug:
            raise
        print(f"{name(process)}: {one_line(error, lower=lower)}", file=sys.stderr)
        return 1


def one_line(error: Exception, *, lower: str = LESS) -> str:
    """Say in one line what happened; the operating system's errors name their file."""
    if is_out_of_memory(error):
        return printable(f"out of memory: {lower} ({first_line(error)})")
    if isinstance(error, RuntimeError):  # torch's: no driver, ...
        return printable(f"{first_line(error)} (--debug shows the trace)")
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        hint = "; make room, then give the same command again" if error.errno == ENOSPC else ""
        return printable(f"{error.strerror}{place}{hint}")
    return printable(str(error).strip()) or type(error).__name__


def first_line(error: Exception) -> str:
    """Return the first line of a message that may be a whole trace."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


class OneLine(logging.Formatter):
    """This formatter keeps a message in one line, whatever names are in it."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the message without control characters; a trace may follow it."""
        return printable(super().formatMessage(record))


if __name__ == "__main__":
    sys.exit(main())
