"""A run that cannot come to much says so before, and one that came to nothing says so after."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from data.scenes import CLASSES

from getam.data import Record, Source
from getam.evaluation import ClassSigns, PhotoSigns
from getam.inference import Predictor
from getam.inference.predictor import as_tensor
from getam.model import Model, View
from getam.training import advice


def photos_of(counts: dict[str, int]) -> Source:
    """A source whose photos are not there; only their labels count."""
    names = [name for name, count in counts.items() for _ in range(count)]
    records = (Record(str(n), Path(f"{n}.jpg"), (name,)) for n, name in enumerate(names))
    bare = Record("bare", Path("bare.jpg"))
    classes = {name: value for value, name in enumerate(counts, start=1)}
    return Source((*records, bare), classes, name="photos")


def test_enough_of_everything_needs_no_advice() -> None:
    assert not list(advice.before(photos_of({"cat": 50, "dog": 50}), steps=100, joint=60))


def test_few_photos_of_a_class() -> None:
    (line,) = advice.before(photos_of({"cat": 9, "dog": 100, "yak": 1}), steps=100, joint=60)
    assert "photos show these classes, so their masks will be poor: cat 9, yak 1;" in line
    assert "--classes" in line


def test_few_steps() -> None:
    (line,) = advice.before(photos_of({"cat": 50, "dog": 50}), steps=99, joint=60)
    assert "the run has only 99 steps" in line
    assert "--epochs" in line


def test_a_run_that_learns_no_masks() -> None:
    (line,) = advice.before(photos_of({"cat": 50, "dog": 50}), steps=100, joint=0)
    assert "no step learns masks" in line
    assert "--joint-from" in line


def test_a_few_corrected_masks() -> None:
    many = photos_of({"cat": 50, "dog": 50})
    masked = [replace(record, corrected=Path("mask.png")) for record in many.records[:19]]
    few = replace(many, records=(*masked, *many.records[19:]))
    (line,) = advice.before(few, steps=100, joint=60)
    assert "19 corrected masks may change nothing" in line
    enough = replace(many.records[19], corrected=Path("mask.png"))
    more = replace(many, records=(*masked, enough, *many.records[20:]))
    assert not list(advice.before(more, steps=100, joint=60))


def test_few_photos_are_not_scored() -> None:
    few = photos_of({"cat": 49, "dog": 49})  # and one without a label
    (line,) = advice.before(few, steps=100, joint=60)
    assert "below 100 photos none is held out" in line
    assert "--val" in line
    assert not list(advice.before(few, few, steps=100, joint=60))


def test_true_masks_of_photos_that_train_are_not_scored() -> None:
    bare = photos_of({"cat": 10, "dog": 10})
    first, *rest = bare.records
    masked = replace(bare, records=(replace(first, mask=Path("mask.png")), *rest))
    for val in (None, bare):
        (line,) = advice.before(masked, val, steps=100, joint=60)
        assert "no mask can be scored, because the 1 photos with a true mask all train" in line
        assert "--val" in line
        assert "getam stages" in line
    assert not list(advice.before(masked, masked, steps=100, joint=60))
    assert not list(advice.before(bare, masked, steps=100, joint=60))


@pytest.fixture
def predicting(model: Model) -> Callable[[dict[int, float]], Predictor]:
    """Make a predictor whose masks follow the logits of the channels given, whatever the photo."""

    def make(logits: dict[int, float]) -> Predictor:
        network = copy.deepcopy(model.network)
        last = network.decoder.head[-1]
        last.weight.data.zero_()
        last.bias.data.fill_(-10.0)
        for channel, value in logits.items():
            last.bias.data[channel] = value
        return Predictor(replace(model, network=network, tag_weight=0.0), View(32))

    return make


def test_masks_of_background_alone_are_of_no_use(predicting: Callable, source: Source) -> None:
    line = advice.after(predicting({0: 1.0}), source)
    assert line is not None
    assert "not usable: the masks of 4 training photos are all background" in line


def test_masks_of_one_class_alone_are_of_no_use(predicting: Callable, source: Source) -> None:
    for channel, name in enumerate(CLASSES, start=1):
        line = advice.after(predicting({channel: 1.0}), source)
        assert line is not None
        assert f"the masks of 4 training photos are all {name};" in line


@pytest.fixture
def several_classes(model: Model, source: Source) -> Predictor:
    """Make a predictor whose masks have no channel that wins everywhere."""
    network = copy.deepcopy(model.network)
    predictor = Predictor(replace(model, network=network, tag_weight=0.0), View(48))
    with torch.no_grad():
        mask_logits, _ = predictor.logits(as_tensor(source.records[0].image))
    network.decoder.head[-1].bias.data -= mask_logits[0].mean((1, 2))
    return predictor


def test_masks_of_several_classes_are_fine(several_classes: Predictor, source: Source) -> None:
    assert advice.after(several_classes, source) is None


def test_masks_that_do_not_agree_are_told(several_classes: Predictor, source: Source) -> None:
    signs = ClassSigns(0.9, 0.1, 0.1, 0.5, 0.2, 0.9, 0.3)
    judged = [PhotoSigns(str(n), {"cat": signs}) for n in range(5)]
    line = advice.after(several_classes, source, judged)
    assert line is not None
    assert "probably not usable: cat (10 %)" in line
