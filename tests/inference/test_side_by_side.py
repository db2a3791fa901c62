"""Several threads work on photos at once, and nothing but the time tells."""

import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from getam.data import Record
from getam.inference import (
    Predictor,
    judge_photos,
    label_folder,
    label_photos,
    maps_folder,
    output_folder,
    predict_folder,
    score_stages,
)
from getam.inference.side_by_side import MAX_LANES, lanes_on, side_by_side
from getam.model import Model, load_model
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


def test_the_threads_are_shared_among_the_lanes():
    def work(_number: int) -> int:
        return torch.get_num_threads()

    assert set(side_by_side(work, range(9), lanes=2, count=9)) == {2}
    assert set(side_by_side(work, range(2), lanes=4, count=2)) == {2}  # few items


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
    begun, ended = [], threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        if number == 0:
            raise KeyError("zero")
        ended.wait(0.5)  # the other lane is at work while the error is taken
        return number

    with pytest.raises(KeyError, match="zero"):
        list(side_by_side(work, range(1000), lanes=2, count=1000))
    ended.set()
    assert set(begun) <= {0, 1, 2}  # the fourth item was waiting for a lane
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
    for threads, lanes in ((MAX_LANES, 8), (12, 6), (3 * MAX_LANES, 8)):
        torch.set_num_threads(threads)
        assert lanes_on(torch.device("cpu")) == lanes  # none of 12 threads has nothing to do


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


def watched(folder: Path, threads: set[int]) -> Model:
    """Return a model that notes the threads in which its network runs."""
    model = load_model(folder, device="cpu")
    model.network.backbone.patch_embed.register_forward_hook(
        lambda *_: threads.add(threading.get_ident())
    )
    return model


def test_every_folder_is_filled_by_several_threads(folder, source, tmp_path):
    opened = partial(output_folder, source=source, command={})
    for name, fill in (
        ("masks", lambda model, out: predict_folder(Predictor(model), source, out, workers=0)),
        ("labels", lambda model, out: label_folder(model, source, out, workers=0)),
        ("maps", lambda model, out: maps_folder(model, source, out, workers=0)),
    ):
        threads: set[int] = set()
        fill(watched(folder, threads), opened(tmp_path / name))
        assert len(threads) > 1, name
        assert threading.get_ident() not in threads, name


@pytest.mark.parametrize(
    "run",
    [
        lambda model, source: score_stages(model, source, workers=0),
        lambda model, source: list(judge_photos(model, source, workers=0)),
        lambda model, source: list(label_photos(model, source, workers=0)),
    ],
)
def test_a_source_is_looked_at_by_several_threads(run, folder, source):
    threads: set[int] = set()
    run(watched(folder, threads), source)
    assert len(threads) > 1
    assert threading.get_ident() not in threads


def test_what_may_remember_its_photo_gets_one_after_the_other(folder, source, tmp_path):
    threads: set[int] = set()
    model = watched(folder, threads)
    sharp = Predictor(model, model.view.changed(crf=True))
    out = output_folder(tmp_path / "sharp", source, {})
    predict_folder(sharp, source, out, workers=0)
    assert threads == {threading.get_ident()}

    def propose(record: Record) -> np.ndarray:
        threads.add(threading.get_ident())
        with Image.open(record.image) as photo:
            return np.zeros((0, photo.height, photo.width), bool)

    out = output_folder(tmp_path / "snapped", source, {})
    label_folder(model, source, out, proposer=propose, workers=0)
    assert threads == {threading.get_ident()}


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
