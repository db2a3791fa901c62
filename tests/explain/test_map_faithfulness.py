"""Faithfulness in lanes equals a loop, on a classifier that reads one pixel per class."""

import threading
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from getam.activation import Setting, enlarge_aligning_edges
from getam.evaluation import FaithfulnessTest
from getam.explain.map_faithfulness import count_faithfulness
from getam.explain.tally import Tally

NAMES = ["background", "cat", "dog"]
KEYS = [
    (Setting(method, 3), refined) for method in ("getam", "grad_cam") for refined in (False, True)
]
PIXELS = ((2, 3), (5, 1))
"""Where the classes 0 and 1 are read."""


class TwoPixels(nn.Module):
    """A class is there when its pixel of the first channel is bright."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()
        self.slope = nn.Parameter(torch.tensor(20.0))

    def forward(self, images: Tensor) -> Tensor:
        """Return logits [S, 2] in half precision, and note which thread asked."""
        assert torch.is_inference_mode_enabled()
        self.threads.add(threading.get_ident())
        return (torch.stack([images[:, 0, y, x] for y, x in PIXELS], 1) * self.slope - 10).half()


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
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
    count_faithfulness(tallies, made, classifier, image, [1, 0])
    assert bool(classifier.threads - {threading.get_ident()}) == (threads > 1)
    for key, tally in tallies.items():
        maps = enlarge_aligning_edges(made[key], (12, 16))
        assert tally.insertions.dtype == torch.float32
        for place, (y, x) in enumerate([PIXELS[1], PIXELS[0]]):
            test = FaithfulnessTest(
                lambda images, y=y, x=x: (images[:, 0, y, x] * 20 - 10).half().float().sigmoid(),
                image,
            )
            assert torch.equal(tally.insertions[place], test.insertion(maps[place]))
            assert torch.equal(tally.deletions[place], test.deletion(maps[place]))
            assert tally.sacos[place] == test.saco(maps[place])


def test_a_map_that_knows_the_pixel_loses_the_class_at_once() -> None:
    image, right = torch.zeros(3, 8, 8), torch.zeros(1, 8, 8)
    image[:, 5, 1] = right[0, 5, 1] = 1
    key, other = KEYS[:2]
    tallies = {key: Tally.of_classes(NAMES), other: Tally.of_classes(NAMES)}
    count_faithfulness(tallies, {key: right, other: 1 - right}, TwoPixels(), image, [1])
    (first,), (last,) = (tally.deletions.tolist() for tally in tallies.values())
    high, low = torch.tensor([10.0, -10.0]).sigmoid().tolist()
    assert first == pytest.approx([high, *[low] * (len(first) - 1)])
    assert last == pytest.approx([*[high] * (len(last) - 1), low])


def test_a_photo_of_no_class_has_no_map_to_follow() -> None:
    key = KEYS[0]
    tallies = {key: Tally.of_classes(NAMES)}
    none = torch.zeros(0, 3, 4)
    count_faithfulness(tallies, {key: none}, TwoPixels(), torch.zeros(3, 8, 8), [])
    assert not tallies[key].sacos


def test_a_map_of_no_class_is_refused() -> None:
    made = {KEYS[0]: torch.rand(2, 3, 4)}
    tallies = {KEYS[0]: Tally.of_classes(NAMES)}
    with pytest.raises(ValueError, match="zip"):
        count_faithfulness(tallies, made, TwoPixels(), torch.zeros(3, 8, 8), [1])
