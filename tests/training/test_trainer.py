"""A run that was stopped goes on to the same losses and the same weights."""

import multiprocessing
import os
import signal

import pytest
import torch
from lightning_fabric import Fabric

from getam.data import train_loader
from getam.pseudo_label import Labeller
from getam.training import PARTS, PartKind, Step, Stopped
from getam.training.checkpoint import BEFORE, CHECKPOINT
from getam.training.optimiser import build_optimiser
from getam.training.run_folder import RunFolder
from getam.training.schedule import Schedule
from getam.training.trainer import Trainer

from .conftest import Distance, losses, same_weights


def stopping(network, step, number=signal.SIGTERM):
    """The network, which sends this process and its workers a signal in the middle of a step."""
    calls = []

    def hook(*_):
        calls.append(1)
        if len(calls) == step:
            for worker in multiprocessing.active_children():
                os.kill(worker.pid, number)
            os.kill(os.getpid(), number)

    network.class_head.register_forward_hook(hook)
    return network


def falling(network, step):
    """The network, which fails in the middle of a step."""
    calls = []

    def fall(*_):
        calls.append(1)
        if len(calls) == step:
            raise MemoryError

    network.class_head.register_forward_hook(fall)
    return network


@pytest.fixture
def whole(run):
    network, folder, _ = run("whole", ema=0.8)
    return network, folder


@pytest.mark.parametrize(
    ("step", "number"), [(3, signal.SIGUSR1), (8, signal.SIGINT), (11, signal.SIGTERM)]
)
def test_stopped_in_an_epoch_or_at_its_end(step, number, whole, run, new_network):
    with pytest.raises(Stopped, match=f"stopped at step {step} of 12.*--resume") as stop:
        run(network=stopping(new_network(), step, number), ema=0.8)
    assert stop.value.signal == number
    network, folder, _ = run(ema=0.8, resume=True)
    assert losses(folder) == losses(whole[1])
    assert same_weights(network, whole[0])
    kept = [torch.load(f / "checkpoint.pt", weights_only=True) for f in (folder, whole[1])]
    averages = [checkpoint["average"] for checkpoint in kept]
    assert all(torch.equal(value, averages[1][name]) for name, value in averages[0].items())
    rates = [checkpoint["optimiser"]["param_groups"][0]["lr"] for checkpoint in kept]
    assert rates[0] == rates[1]


def test_ctrl_c_reaches_the_workers_too_and_another_number_of_them_goes_on(run, new_network):
    expected, folder, _ = run("whole")
    with pytest.raises(Stopped, match="stopped at step 6 of 12"):
        run(network=stopping(new_network(), 6, signal.SIGINT), workers=1)
    resumed, other, _ = run(resume=True, workers=2)
    assert losses(other) == losses(folder)
    assert same_weights(resumed, expected)


def test_killed_after_an_epoch_was_saved(run, new_network):
    expected, folder, _ = run("whole")
    with pytest.raises(MemoryError):
        run(network=falling(new_network(), 12))
    resumed, other, _ = run(resume=True)  # steps 9 to 11 are done and logged again
    assert losses(other) == losses(folder)
    assert same_weights(resumed, expected)


def test_a_checkpoint_is_written_within_an_epoch_too(run, new_network):
    expected, folder, _ = run("whole", epochs=2, ema=0.8)
    with pytest.raises(MemoryError):
        run(network=falling(new_network(), 7), epochs=2, ema=0.8, save_minutes=0)
    found = [torch.load(folder.parent / "run" / name)["done"] for name in (CHECKPOINT, BEFORE)]
    assert found == [6, 5]
    resumed, other, _ = run(epochs=2, ema=0.8, resume=True)
    assert losses(other) == losses(folder)
    assert same_weights(resumed, expected)


def test_stopped_while_gradients_are_summed(run, new_network):
    expected, folder, _ = run("whole", accumulate=3)
    with pytest.raises(Stopped, match="stopped at step 7 of"):  # the first whole group after 6
        run(network=stopping(new_network(), 6), accumulate=3)
    resumed, other, _ = run(resume=True, accumulate=3)
    assert losses(other) == losses(folder)
    assert same_weights(resumed, expected)


def test_a_finished_run_can_be_resumed(run):
    expected, folder, _ = run(epochs=1)
    before = losses(folder)
    network, folder, _ = run(epochs=1, resume=True)
    assert losses(folder) == before
    assert same_weights(network, expected)


def test_other_settings_are_refused(run):
    run(epochs=1)
    with pytest.raises(ValueError, match="crop is 48, but the run in .* began with 32"):
        run(epochs=1, crop=48, resume=True)


def test_nothing_to_resume(run):
    with pytest.raises(FileNotFoundError, match="nothing to resume"):
        run(resume=True)


@pytest.fixture
def trainer_of(source, tmp_path, monkeypatch):
    """Make a trainer whose loss has a part with a parameter of its own, 3 steps an epoch."""
    monkeypatch.setitem(PARTS, "distance", PartKind(lambda _network, _others: Distance()))

    def make(name, network, *, resume=False):
        fabric = Fabric(accelerator="cpu", devices=1)
        fabric.seed_everything(0, verbose=False)
        loader = train_loader(source, crop=32, batch_size=2, seed=0, workers=0)
        weights = {"classification": 1.0, "segmentation": 1.0, "distance": 1.0}
        step = Step(network, Labeller(first_block=3, iterations=1), weights)
        optimiser = build_optimiser(
            step, "adamw", learning_rate=1e-3, head_factor=10.0, weight_decay=0.01
        )
        run = RunFolder(tmp_path / name, {}, resume=resume)
        run.begin()
        schedule = Schedule(2 * len(loader), joint_from=1)
        return Trainer(step, loader, optimiser, schedule, fabric=fabric, run=run)

    return make


def test_what_a_part_owns_learns_and_goes_on_after_a_stop(trainer_of, new_network):
    whole = trainer_of("whole", new_network())
    whole.fit(on_epoch_end=lambda *_: None)
    (part,) = whole.step.owned
    assert part.centre.item() != 0
    assert part.seen.item() == whole.schedule.steps - 1
    cut = trainer_of("cut", stopping(new_network(), 4))
    with pytest.raises(Stopped, match="stopped at step 4"):
        cut.fit(on_epoch_end=lambda *_: None)
    resumed = trainer_of("cut", new_network(), resume=True)
    resumed.fit(resume=True, on_epoch_end=lambda *_: None)
    assert same_weights(resumed.step, whole.step)
    assert losses(resumed.run.path) == losses(whole.run.path)
