"""Several threads work on photos at once, and nothing but the time tells."""

import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import pytest
import torch
from torch import Tensor

from getam.inference import (
    Predictor,
    judge_photos,
    label_folder,
    label_photos,
    output_folder,
    predict_folder,
    score_stages,
)
from getam.inference.side_by_side import MOST, lanes_on, side_by_side
from getam.model import load_model
from getam.network import build_network


@pytest.fixture(autouse=True)
def four_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def test_results_come_in_the_order_of_the_items_from_several_threads():
    meeting = threading.Barrier(3, timeout=20)  # it breaks unless three work at once

    def work(number: int) -> tuple[int, int, int]:
        if number < 3:
            meeting.wait()
        return number, threading.get_ident(), torch.get_num_threads()

    numbers, threads, shares = zip(
        *side_by_side(work, iter(range(20)), lanes=3, count=20), strict=True
    )
    assert numbers == tuple(range(20))
    assert len(set(threads)) == 3
    assert threading.get_ident() not in threads
    assert set(shares) == {1}
    assert torch.get_num_threads() == 4


@pytest.mark.parametrize(("lanes", "count"), [(1, 5), (4, 1), (4, 0)])
def test_one_lane_is_this_thread_with_all_its_threads(lanes, count):
    def work(number: int) -> tuple[int, int, int]:
        return number, threading.get_ident(), torch.get_num_threads()

    done = list(side_by_side(work, range(count), lanes=lanes, count=count))
    assert done == [(number, threading.get_ident(), 4) for number in range(count)]


def test_items_are_taken_a_little_ahead_and_no_more():
    taken = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    with closing(side_by_side(abs, items(), lanes=2, count=100)) as results:
        assert next(results) == 0
        assert len(taken) == 4


def test_an_error_ends_it_and_the_rest_is_not_begun():
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 5:
            raise KeyError("five")
        return number

    results = side_by_side(work, range(1000), lanes=2, count=1000)
    done = []
    with pytest.raises(KeyError, match="five"):
        done += results
    assert max(begun) < 12
    assert torch.get_num_threads() == 4


def test_who_stops_listening_ends_it():
    results = side_by_side(abs, range(1000), lanes=2, count=1000)
    next(results)
    before = threading.active_count()
    results.close()
    assert threading.active_count() == before - 2
    assert torch.get_num_threads() == 4


def test_how_many_lanes_there_are():
    assert lanes_on(torch.device("cpu")) == 4
    assert lanes_on(torch.device("cpu"), crf=True) == 1  # it needs much memory
    assert lanes_on(torch.device("cuda")) == 1
    torch.set_num_threads(3 * MOST)
    assert lanes_on(torch.device("cpu")) == MOST


def test_a_network_runs_in_several_threads_at_once():
    # The stem of a hybrid is watched by hooks, which see the passes of other threads too.
    network = build_network("vit_small_r26_s32_224", 3, pretrained=False).eval()
    images = [torch.randn(1, 3, 32, 32 + 8 * number) for number in range(8)]

    def logits(image: Tensor) -> Tensor:
        with torch.inference_mode():
            return network(image).mask_logits

    torch.set_num_threads(1)
    alone = [logits(image) for image in images]
    torch.set_num_threads(4)
    for _ in range(3):
        together = side_by_side(logits, images, lanes=4, count=len(images))
        assert all(map(torch.equal, together, alone))


def test_masks_and_labels_are_those_of_one_thread(folder, source, tmp_path):
    files = []
    for threads in (1, 4):
        torch.set_num_threads(threads)
        model = load_model(folder, device="cpu")
        to = tmp_path / str(threads)
        opened = partial(output_folder, source=source, command={})
        predict_folder(Predictor(model), source, opened(to / "masks"), workers=0)
        label_folder(model, source, opened(to / "labels"), workers=0)
        files.append({p.relative_to(to): p.read_bytes() for p in to.rglob("*.png")})
    assert len(files[0]) == 2 * len(source)
    assert files[0] == files[1]


def test_scores_and_signs_are_those_of_one_thread(folder, source):
    results = []
    for threads in (1, 4):
        torch.set_num_threads(threads)
        model = load_model(folder, device="cpu")
        seen = []
        stages = score_stages(model, source, workers=0, on_photo=seen.append)
        scores = {name: masks.iou for name, masks in stages.masks().items()}
        signs = [judged.signs for judged in judge_photos(model, source, workers=0)]
        assert signs == [judged.signs for judged in seen]
        labels = [photo.label for photo in label_photos(model, source, workers=0)]
        assert all(map(torch.equal, labels, (judged.photo.label for judged in seen)))
        results.append((scores, stages.tags.ap, signs))
    assert results[0] == results[1]
