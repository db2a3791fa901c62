"""Two processes train as one does with the same photos per step, and go on as another number."""

import os
import shutil
import signal
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import torch
from together import CONTEXT, free_port, together
from torch import nn

from getam.data import TrainLoader
from getam.ranks import gather, mean_over_ranks, rank, world_size
from getam.stopped import Stopped
from getam.this_process import FIRST_PROCESS
from getam.training import train
from getam.training.optimiser import train_mode
from getam.training.prepare import check_same_everywhere, prepare
from getam.training.processes import (
    OneMachine,
    end_with,
    first_process,
    is_lost_connection,
    meeting_place,
    processes_here,
)
from getam.training.shared_weights import bit_sum, check_equal_weights, states_of

from .conftest import RECIPE, losses

STEPS = 20
RECIPE = replace(RECIPE, batch_size=4, tag_weight=0.5)  # all four photos in one step


def shown(source):
    return replace(source, records=tuple(r for r in source.records if r.labels))


def twenty_steps(network, source, out):
    """Make ten steps of each phase without dropout, and return every loss of all processes.

    A process drops other channels than one process alone would; all else agrees. The optimiser is
    plain SGD: AdamW divides a gradient by its size, so it hides one that is wrong by a factor, and
    lets the rounding of a gradient near 0 grow from 1e-7 to 6e-4 within 20 steps.
    """
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    recipe = replace(RECIPE, epochs=STEPS, energy_weight=1e-3, ema=0.5)
    recipe = replace(recipe, optimiser="sgd", learning_rate=1e-2)
    options = {"val": None, "device": "cpu", "devices": 1, "workers": 0, "config": None}
    ready = prepare(network, source, out, recipe=recipe, strict=False, resume=False, **options)
    trainer, made = ready.trainer, []
    train_mode(trainer.step_module)
    for _ in range(STEPS):
        for batch in trainer.loader:
            output = trainer.one_step(batch)
            shares = {name: loss.detach() for name, loss in output.losses.items()}
            made.append({name: mean_over_ranks(share).item() for name, share in shares.items()})
            trainer.epoch.add(batch, output)
        if trainer.done == STEPS // 2:
            figures = trainer.epoch.whole()
    check_equal_weights(trainer.step)
    check_equal_weights(trainer.average)
    return made, {**figures, "images_per_second": 0}


@pytest.mark.slow
def test_twenty_steps_of_both_phases_are_those_of_one_process(new_network, source, tmp_path):
    whole, figures = twenty_steps(new_network(), shown(source), tmp_path / "one")
    assert [set(made) for made in whole] == [{"classification", "total"}] * 10 + [
        {"classification", "segmentation", "saliency", "energy", "total"}
    ] * 10
    first, second = together(twenty_steps, new_network(), shown(source), tmp_path / "two")
    assert first == second
    for ours, theirs in zip(first[0], whole, strict=True):
        energy, expected = ours.pop("energy", 0), theirs.pop("energy", 0)
        assert energy == pytest.approx(expected, rel=1e-5)  # above 100
        assert ours == pytest.approx(theirs, rel=0, abs=1e-5)
    assert whole[-1]["segmentation"] < 0.5 < whole[10]["segmentation"]  # it has learnt
    assert first[1] == pytest.approx(figures, abs=1e-4)
    assert not list(tmp_path.iterdir())  # nothing was written yet


def killed(network, source, out):
    """Train until the second process is killed in step 3, and return what the first says."""

    def hook(*_):
        hook.step += 1
        if hook.step == 3 and rank() == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    hook.step = 0
    network.class_head.register_forward_hook(hook)
    with pytest.raises(RuntimeError) as error:
        train(network, source, out, recipe=RECIPE, device="cpu", workers=0)
    return str(error.value)


def test_a_process_that_dies_ends_the_other_at_once(new_network, source, tmp_path):
    first, second = together(killed, new_network(), shown(source), tmp_path / "run", deaths=1)
    assert first.startswith("another process of this run ended")
    assert second is None
    assert [entry["step"] for entry in losses(tmp_path / "run")] == [1, 2]
    assert torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["done"] == 2


def orphan(pipe):
    """Leave a process behind that has the pipe open and ends with this one."""
    parent = first_process()
    if os.fork() == 0:
        os.environ["LOCAL_RANK"] = "1"
        assert first_process() == parent
        end_with(parent)
        time.sleep(60)
    pipe.send("begun")
    os._exit(0)


def test_a_process_ends_with_the_one_that_started_it():
    ours, theirs = CONTEXT.Pipe()
    CONTEXT.Process(target=orphan, args=(theirs,)).start()
    theirs.close()
    assert ours.recv() == "begun"
    assert ours.poll(30)
    with pytest.raises(EOFError):  # nobody holds the other end any more
        ours.recv()


def test_torchruns_number_counts(monkeypatch):
    assert processes_here("cpu", 3) == (3, 1)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setenv("WORLD_SIZE", "8")
    assert processes_here("cpu", 3) == (2, 4)


def test_what_cannot_be_started(monkeypatch):
    with pytest.raises(ValueError, match="devices must be 1 or more, got 0"):
        processes_here("cpu", 0)
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "4")
    with pytest.raises(ValueError, match="one torchrun per machine"):
        processes_here("cpu", 1)


def test_variables_left_over_start_and_stop_nothing(monkeypatch):
    for variable in ("RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK"):
        monkeypatch.setenv(variable, "1")
    monkeypatch.setenv("MASTER_ADDR", "192.0.2.1")
    here = OneMachine()
    assert not here.creates_processes_externally
    assert (here.local_rank(), here.node_rank(), here.main_address) == (0, 0, "127.0.0.1")
    monkeypatch.setenv(FIRST_PROCESS, str(os.getppid()))
    assert here.creates_processes_externally
    assert (here.local_rank(), here.node_rank()) == (1, 0)


def test_a_process_that_nobody_comes_to_says_so(monkeypatch):
    monkeypatch.setattr("getam.training.processes.MEETING", timedelta(seconds=0.2))
    monkeypatch.setenv("MASTER_PORT", str(free_port()))
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    here = OneMachine()
    here.set_world_size(2)
    with pytest.raises(RuntimeError, match="the 2 processes of this run do not meet at 127.0.0.1:"):
        meeting_place(here)


def test_a_lost_process_is_known_by_the_words_of_gloo():
    lost = "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:553] Connection closed by peer"
    assert is_lost_connection(RuntimeError(lost))
    assert is_lost_connection(torch.distributed.DistBackendError("nccl"))
    for other in ("/data/igloo/1.jpg is damaged", "/data/gloo/1.jpg: no such file"):
        assert not is_lost_connection(RuntimeError(other))


def others(source, reduced):
    """See what is said if the second process has other photos, masks or settings."""
    masks = {"a": {"mask": "a.png", "sha256": "0"}}
    moved = {"a": {"mask": "elsewhere/a.png", "sha256": "0"}}
    drawn = {"a": {"mask": "a.png", "sha256": "1"}}
    check_same_everywhere(source, RECIPE, moved if rank() else masks)
    with pytest.raises(ValueError, match="process 1 finds other photos or tags than process 0"):
        check_same_everywhere(reduced if rank() else source, RECIPE, masks)
    with pytest.raises(ValueError, match="process 1 finds other corrected masks than process 0"):
        check_same_everywhere(source, RECIPE, drawn if rank() else masks)
    with pytest.raises(ValueError, match="crop: process 1 has another value than process 0"):
        check_same_everywhere(source, replace(RECIPE, crop=32 + rank()), masks)


def test_other_photos_masks_or_settings_on_another_machine_are_refused(source):
    together(others, source, replace(source, records=source.records[1:]))


def trained(network, source, out, stop_at=0, resume=False, workers=0):
    """Train, and return the photos of every step of all processes, what was said, the weights."""
    photos, said, step, plain = [], "", [0], TrainLoader.__iter__

    def noted(self):
        for batch in plain(self):
            photos.append([name for ids in gather(batch.ids) for name in ids])
            yield batch

    def hook(*_):
        step[0] += 1
        if step[0] == stop_at and rank() == world_size() - 1:  # a single process is asked to stop
            os.kill(os.getpid(), signal.SIGTERM)

    TrainLoader.__iter__ = noted
    network.class_head.register_forward_hook(hook)
    recipe = replace(RECIPE, batch_size=2, epochs=4, ema=0.5)
    try:
        train(network, source, out, recipe=recipe, device="cpu", workers=workers, resume=resume)
    except Stopped as stopped:
        said = str(stopped)
    finally:
        TrainLoader.__iter__ = plain
    return photos, said, {name: bit_sum(t).item() for name, t in states_of(network).items()}


@pytest.mark.slow
def test_a_stop_of_one_stops_all_and_any_number_goes_on(new_network, source, tmp_path):
    source, cut = shown(source), tmp_path / "cut"
    alone = trained(new_network(), source, tmp_path / "alone")
    whole = together(trained, new_network(), source, tmp_path / "whole")
    assert whole[0] == whole[1]
    photos, _, weights = whole[0]
    assert photos == alone[0]
    epochs = [photos[step] + photos[step + 1] for step in range(0, 8, 2)]
    assert all(sorted(epoch) == ["a", "b", "c", "e"] for epoch in epochs)
    stopped = together(trained, new_network(), source, cut, 5)
    assert [said for _, said, _ in stopped] == [
        "stopped at step 5 of 8, all saved: the same command with --resume goes on"
    ] * 2
    other = shutil.copytree(cut, tmp_path / "other")
    resumed = together(trained, new_network(), source, cut, 0, True)
    assert resumed[0] == resumed[1] == (photos[5:], "", weights)  # bit for bit
    assert losses(cut) == losses(tmp_path / "whole")
    assert {f.name for f in cut.rglob("*")} == {f.name for f in (tmp_path / "alone").rglob("*")}
    by_one = trained(new_network(), source, other, resume=True, workers=1)
    assert by_one[0] == photos[5:]
    assert [entry["step"] for entry in losses(other)] == [entry["step"] for entry in losses(cut)]
