"""Faithfulness in lanes equals a loop, on a classifier that reads one pixel per class."""

import threading

import pytest
import torch
from torch import Tensor, nn

from getam.activation import Setting, enlarge_aligning_edges
from getam.evaluation import FaithfulnessTest
from getam.explain.faithful import follow_maps, probability_of
from getam.explain.tally import Tally

NAMES = ["background", "cat", "dog"]
KEYS = [(Setting(method, 3), refined) for method in ("getam", "grad_cam") for refined in (0, 1)]


class TwoPixels(nn.Module):
    """The classes 0 and 1 are there when the pixels (2, 3) and (5, 1) are bright."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def forward(self, images: Tensor) -> Tensor:
        """Return logits [S, 2], and note which thread asked."""
        self.threads.add(threading.get_ident())
        return torch.stack([images[:, 0, 2, 3], images[:, 0, 5, 1]], 1) * 20 - 10


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> int:
    """Give torch so many threads, and as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_every_map_is_followed_by_its_own_class(threads: int) -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(3, 12, 16, generator=generator)
    made = {key: torch.rand(2, 3, 4, generator=generator) for key in KEYS}
    tallies, classifier = {key: Tally.of_classes(NAMES) for key in KEYS}, TwoPixels()
    follow_maps(tallies, made, classifier, image, [1, 0])
    assert bool(classifier.threads - {threading.get_ident()}) == (threads > 1)
    for key, tally in tallies.items():
        maps = enlarge_aligning_edges(made[key], (12, 16))
        for place, index in enumerate([1, 0]):
            test = FaithfulnessTest(probability_of(classifier, index), image)
            assert torch.equal(tally.insertions[place], test.insertion(maps[place]))
            assert torch.equal(tally.deletions[place], test.deletion(maps[place]))
            assert tally.sacos[place] == test.saco(maps[place])


def test_a_map_that_knows_the_pixel_loses_the_class_at_once() -> None:
    image, right = torch.zeros(3, 8, 8), torch.zeros(1, 8, 8)
    image[:, 2, 3] = right[0, 2, 3] = 1
    key, other = KEYS[:2]
    tallies = {key: Tally.of_classes(NAMES), other: Tally.of_classes(NAMES)}
    follow_maps(tallies, {key: right, other: 1 - right}, TwoPixels(), image, [0])
    (first,), (last,) = (tally.deletions.tolist() for tally in tallies.values())
    high, low = torch.tensor([10.0, -10.0]).sigmoid().tolist()
    assert first == pytest.approx([high, *[low] * (len(first) - 1)])
    assert last == pytest.approx([*[high] * (len(last) - 1), low])


def test_a_photo_of_no_class_has_no_map_to_follow() -> None:
    tallies = {KEYS[0]: Tally.of_classes(NAMES)}
    follow_maps(tallies, {KEYS[0]: torch.zeros(0, 3, 4)}, TwoPixels(), torch.zeros(3, 8, 8), [])
    assert not tallies[KEYS[0]].sacos
