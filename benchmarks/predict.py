"""A folder of photos to a folder of masks against the bare network on ready tensors.

The network works on as many tensors at once as the command on photos, which is the best that can be
done with it.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from timing import BASE, CLASSES, TINY, Plan, Row, row, seconds
from torch import Tensor

from getam.data import list_photos
from getam.inference import Predictor, output_folder, predict_folder
from getam.inference.side_by_side import side_by_side
from getam.model import Model, View
from getam.network import build_network
from getam.pseudo_label import Labeller

LONG_SIDE = 320
TARGET = 1.05
COUNTS = {TINY: 100, BASE: 20}
ROUNDS = 6


class OneByOne(Predictor):
    """This predictor takes one photo after the other, and all threads share each."""

    @property
    def lanes(self) -> int:
        """Return one."""
        return 1


def predictor_on(name: str, kind: type[Predictor] = Predictor) -> Predictor:
    """Drawn weights, and no tag has a say: the masks are noise, which is the hardest to write."""
    torch.manual_seed(0)
    network = build_network(name, CLASSES, pretrained=False, mask_stride=2)
    classes = {str(index): index + 1 for index in range(CLASSES)}
    return kind(Model(network, classes, View(LONG_SIDE), Labeller(), tag_weight=0.0))


def network_inputs(paths: list[Path]) -> list[Tensor]:
    """What a predictor gives its network; all our networks here have one patch size and mean."""
    predictor, inputs = predictor_on(TINY), []
    predictor.network.register_forward_pre_hook(lambda _, given: inputs.append(given[0]))
    for path in paths:
        predictor(path)
    return inputs


def compare(plan: Plan, name: str, count: int) -> Row:
    """Everything from the file to the PNG, start of the reading processes included."""
    predictor = predictor_on(name)
    paths = plan.photo_paths(count)
    ready = network_inputs(paths)

    @torch.inference_mode()
    def one(image: Tensor) -> None:
        predictor.network(image)

    def network() -> None:
        for _ in side_by_side(one, ready, lanes=predictor.lanes, count=count):
            pass

    network()
    ours, bare = best_of_rounds(lambda: files_to_masks(predictor, paths), lambda: seconds(network))
    return row(
        f"predict, {name.removesuffix('_patch16_224')}, {count} photos: files to masks / network",
        ours / bare,
        TARGET,
        seconds=ours,
        other_seconds=bare,
    )


def best_of_rounds(*sides: Callable[[], float]) -> list[float]:
    """Return the least seconds of each side; the sides take turns.

    A machine may share its processor with others whose load it cannot see. The time of one side
    then differs by a third from round to round.
    """
    rounds = [[side() for side in sides] for _ in range(ROUNDS)]
    return [min(column) for column in zip(*rounds, strict=True)]


def files_to_masks(predictor: Predictor, paths: list[Path]) -> float:
    """Measure the seconds from files to masks."""
    with tempfile.TemporaryDirectory() as folder:
        listed, out = Path(folder) / "photos.txt", Path(folder) / "masks"
        listed.write_text("\n".join(map(str, paths)))
        source = list_photos(listed)
        masks = output_folder(out, source, {"verb": "predict"})
        return seconds(lambda: predict_folder(predictor, source, masks))


def gain(plan: Plan, count: int) -> Row:
    """Compare photos that share the threads with photos that have one thread each."""
    ours, usual = predictor_on(TINY), predictor_on(TINY, OneByOne)
    paths = plan.photo_paths(count)
    one, several = best_of_rounds(
        lambda: files_to_masks(usual, paths), lambda: files_to_masks(ours, paths)
    )
    return row(
        f"predict, vit_tiny, {count} photos: one after the other / side by side",
        one / several,
        1.0,
        at_least=True,
        seconds=one,
        other_seconds=several,
    )


def rows(plan: Plan) -> list[Row]:
    """Both networks."""
    if plan.quick:
        return [compare(plan, TINY, 8), gain(plan, 8)]
    compared = [compare(plan, name, count) for name, count in COUNTS.items()]
    return [*compared, gain(plan, COUNTS[TINY])]
