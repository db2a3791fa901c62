"""Does a joint step fit the memory of a GPU? It is computed from the sizes of tensors.

    python benchmarks/memory_fit.py            # writes results/memory_fit.json, row by row
    python benchmarks/memory_fit.py --check    # computes a small step, runs it, and compares

Tensors of torch's FakeTensorMode have sizes and no values, so a step of any size takes seconds. The
gigabytes are those of all tensors that live at the peak: weights, gradients, both moments of AdamW,
activations, maps and labels. What a GPU needs beside them (its context, the gaps between blocks,
the work space of kernels) is some 10 % more.
"""

import argparse
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from memory_cases import peak_megabytes
from step import WEIGHTS
from timing import BASE, CLASSES, ROOT, TINY
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from getam.data import Batch
from getam.evaluation.cost import TensorMemory
from getam.network import Network, build_network, checkpoint_blocks
from getam.pseudo_label import Labeller
from getam.pseudo_label.complete import preceding
from getam.training import Step
from getam.training.optimiser import build_optimiser

RESULTS = ROOT / "benchmarks" / "results" / "memory_fit.json"
FIRST_BLOCK, LABELS, FITS = 8, 2, 24 / 1.1
CASES = [
    (name, size, count, half, again)
    for name, size, count in (
        (BASE, 448, 16),
        (BASE, 448, 4),
        ("vit_small_patch16_224", 448, 16),
        (TINY, 224, 16),
    )
    for half in (False, True)
    for again in (False, True)
]


class Answered(TorchDispatchMode):
    """This context answers what a program asks of tensors without values."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func._overloadpacket is torch.ops.aten._local_scalar_dense:
            return args[0].dtype is torch.bool or 1
        if (
            func._overloadpacket is torch.ops.aten.nonzero
        ):  # every photo shows every class asked for
            return args[0].new_empty((args[0].numel(), args[0].ndim), dtype=torch.int64)
        return func(*args, **(kwargs or {}))


def steps_of(network: Network, batch: Batch, *, half: bool, again: bool) -> Callable[[], None]:
    """Return what makes a joint step of the default way to label, and moves the weights."""
    if again:
        checkpoint_blocks(network, FIRST_BLOCK)
    # Memory does not depend on the number of iterations.
    labeller = Labeller("grad_cam", FIRST_BLOCK, affinity=4, iterations=1, scale=0.5)
    step = Step(network.train(), labeller, WEIGHTS)
    optimiser = build_optimiser(
        step, "adamw", learning_rate=1e-5, head_factor=10, weight_decay=0.05
    )

    def run() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            total = step(batch, joint=True).losses["total"]
        total.backward()
        optimiser.step()

    return run


def computed(name: str, size: int, count: int, *, half: bool = False, again: bool = False) -> float:
    """Return the gigabytes of the tensors of the second of two steps, and of the network."""
    with torch.device("meta"):
        network = build_network(name, CLASSES, pretrained=False)
    fake = FakeTensorMode()
    preceding.cache_clear()  # tensors with values and without do not mix
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    with TensorMemory() as memory, fake, Answered():
        network._apply(lambda tensor: torch.empty(tensor.shape, dtype=tensor.dtype))
        photos = torch.empty(count, 3, size, size, dtype=torch.uint8)
        run = steps_of(network, fake_batch(photos), half=half, again=again)
        run()
        run()
    torch.__future__.set_overwrite_module_params_on_conversion(False)
    preceding.cache_clear()
    return memory.peak / 1e9


def fake_batch(photos: torch.Tensor) -> Batch:
    """Return a batch whose photos show two classes each."""
    count, _, height, width = photos.shape
    return Batch(
        ids=[str(i) for i in range(count)],
        image=photos,
        labels=torch.zeros(count, CLASSES),
        classes=[list(range(LABELS))] * count,
        known=torch.ones(count, CLASSES, dtype=torch.bool),
        saliency=torch.zeros(count, height, width),
        valid=torch.ones(count, height, width, dtype=torch.bool),
        sizes=[(height, width)] * count,
    )


def check() -> None:
    """Compare a small step that is run with the same step computed."""
    for name, size, count in ((TINY, 96, 2), (TINY, 224, 4)):
        network = build_network(name, CLASSES, pretrained=False)
        batch = fake_batch(torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8))
        before = peak_megabytes()
        with TensorMemory() as memory:
            run = steps_of(copy.deepcopy(network), batch, half=False, again=False)
            run()
            run()
        grown = (peak_megabytes() - before) * 2**20 / 1e9
        print(
            f"{name} {size}, {count} photos: computed {computed(name, size, count):.3f} GB, "
            f"tensors of the real step {memory.peak / 1e9:.3f}, growth of the process {grown:.3f}",
            flush=True,
        )


def main() -> None:
    """Compute every case, and write each row as it ends."""
    rows: list[dict[str, Any]] = []
    for name, size, count, half, again in CASES:
        gigabytes = computed(name, size, count, half=half, again=again)
        rows.append(
            {
                "network": name.removesuffix("_patch16_224"),
                "size": size,
                "photos": count,
                "format": "bf16-mixed" if half else "32-true",
                "activation_checkpointing": again,
                "gigabytes": round(gigabytes, 2),
                "fits_24": gigabytes < FITS,
            }
        )
        print(", ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
        Path(RESULTS).write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="run a small step, write nothing")
    check() if parser.parse_args().check else main()
