"""One case in a process of its own; prints the megabytes that it added at its peak.

    python benchmarks/memory_cases.py maps model=vit_small_patch16_224 size=1024

The peak is VmHWM (Linux): ``ru_maxrss`` of a child begins with the size of its parent.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import torch
from timing import CLASSES, THREADS, classifier, normalised

from getam import Predictor, activation_maps, refine
from getam.model import Model, View
from getam.network import build_network
from getam.pseudo_label import Labeller

Case = Callable[[], object]


def made_photos(count: int, size: int) -> torch.Tensor:
    """Noise: memory does not depend on what is seen."""
    return torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8)


def maps(model: str, size: int, count: int = 1, labels: int = 2) -> Case:
    """Maps of ``labels`` classes per photo."""
    network, images = classifier(model, size), normalised(made_photos(count, size))
    classes = [list(range(labels))] * count
    return lambda: activation_maps(network, images, classes=classes)


def written_out(model: str, size: int, count: int = 1, labels: int = 2) -> Case:
    """The same maps by attention written out, as well as that can be done."""
    from explicit_best import explicit_best, without_parameter_gradients

    network = without_parameter_gradients(classifier(model, size))
    images, classes = normalised(made_photos(count, size)), [list(range(labels))] * count
    return lambda: explicit_best(network, images, classes)


def forward_backward(model: str, size: int, count: int = 1) -> Case:
    """Plain forward and backward with fused attention."""
    network, images = classifier(model, size), normalised(made_photos(count, size))
    return lambda: network(images).sum().backward()


def prediction(model: str, size: int, count: int = 1) -> Case:
    """Mask logits."""
    network = build_network(model, CLASSES, pretrained=False, mask_stride=2).eval()
    images = normalised(made_photos(count, size))

    def predict() -> None:
        with torch.inference_mode():
            network(images)

    return predict


def large_photo(height: int, width: int, count: int = 20, crf: int = 0) -> Case:
    """The mask of a photo of many pixels and ``count`` classes, by the dense CRF or without."""
    network = build_network("vit_tiny_patch16_224", count, pretrained=False)
    classes = {f"class {number}": number + 1 for number in range(count)}
    view = View(long_side=320, crf=bool(crf))
    predictor = Predictor(Model(network, classes, view, Labeller()))
    coarse = torch.randint(0, 256, (3, height // 40, width // 40), dtype=torch.uint8)
    photo = coarse.repeat_interleave(40, 1).repeat_interleave(40, 2)  # pure noise fills a lattice
    return lambda: predictor(photo)


def pamr(size: int, count: int, labels: int) -> Case:
    """Ours, present classes only."""
    coarse, image = torch.rand(count, labels, size // 16, size // 16), made_photos(count, size)
    return lambda: refine(coarse, image)


def plain_pamr(size: int, count: int) -> Case:
    """The convolution form on all classes."""
    from plain_pamr import convolved_pamr

    coarse, image = torch.rand(count, CLASSES, size // 16, size // 16), made_photos(count, size)
    return lambda: convolved_pamr(coarse, image)


CASES: dict[str, Callable[..., Case]] = {
    case.__name__: case
    for case in (maps, written_out, forward_backward, prediction, large_photo, pamr, plain_pamr)
}


def peak_megabytes() -> float:
    """The most memory this process held so far."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main(name: str, *words: str) -> None:
    """Run one case."""
    torch.set_num_threads(THREADS)
    settings = dict(word.split("=") for word in words)
    case = CASES[name](
        **{key: value if key == "model" else int(value) for key, value in settings.items()}
    )
    before = peak_megabytes()
    case()
    print(peak_megabytes() - before)


if __name__ == "__main__":
    main(*sys.argv[1:])
