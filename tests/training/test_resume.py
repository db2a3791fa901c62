"""A run that was stopped goes on to the same losses and the same weights."""

import multiprocessing
import os
import resource
import signal

import pytest
import torch

from getam.training import Stopped
from getam.training.checkpoint import load_checkpoint, save_checkpoint
from getam.training.run_folder import RunFolder
from getam.training.stop_request import listen

from .conftest import losses, same_weights


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


@pytest.fixture
def whole(run):
    network, folder, _ = run("whole", ema=0.8)
    return network, folder


@pytest.mark.parametrize(
    ("step", "number"), [(3, signal.SIGTERM), (8, signal.SIGINT), (11, signal.SIGTERM)]
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


def test_ctrl_c_reaches_the_workers_too(run, new_network):
    expected, folder, _ = run("whole")
    with pytest.raises(Stopped, match="stopped at step 6 of 12"):
        run(network=stopping(new_network(), 6, signal.SIGINT), workers=1)
    resumed, other, _ = run(resume=True, workers=1)
    assert losses(other) == losses(folder)
    assert same_weights(resumed, expected)


def test_killed_after_an_epoch_was_saved(run, new_network):
    expected, folder, _ = run("whole")
    network, calls = new_network(), []

    def fall(*_):
        calls.append(1)
        if len(calls) == 12:
            raise MemoryError

    network.class_head.register_forward_hook(fall)
    with pytest.raises(MemoryError):
        run(network=network)
    resumed, other, _ = run(resume=True)  # steps 9 to 11 are done and logged again
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


def test_a_run_may_go_on_elsewhere(tmp_path):
    began = {"crop": 32, "workers": 2, "device": "cuda", "out": "run"}
    RunFolder(tmp_path, began).begin()
    moved = {"crop": 32, "workers": 0, "device": "cpu", "out": "moved"}
    assert RunFolder(tmp_path, moved, resume=True).config is None


def test_nothing_to_resume(run):
    with pytest.raises(FileNotFoundError, match="nothing to resume"):
        run(resume=True)


def test_killed_before_anything_was_logged(tmp_path):
    path = tmp_path / "run"
    RunFolder(path, {"epochs": 2}).begin()
    (path / "tensorboard").mkdir()
    again = RunFolder(path, {"epochs": 3})
    assert "epochs: 2" in (path / "config.yaml").read_text()
    again.begin()
    assert "epochs: 3" in (path / "config.yaml").read_text()
    again.log({"step": 1})
    with pytest.raises(FileExistsError, match="choose another folder$"):
        RunFolder(path, {"epochs": 3})
    (path / "checkpoint.pt").touch()
    with pytest.raises(FileExistsError, match="go on with --resume"):
        RunFolder(path, {"epochs": 3})


def test_a_truncated_checkpoint(run):
    _, folder, _ = run(epochs=1)
    file = folder / "checkpoint.pt"
    file.write_bytes(file.read_bytes()[:-3000])
    with pytest.raises(ValueError, match="checkpoint.pt is truncated or no checkpoint") as error:
        run(epochs=1, resume=True)
    assert "\n" not in str(error.value)


def test_a_checkpoint_brings_the_random_states_back(tmp_path):
    save_checkpoint(tmp_path, {"done": 3})
    expected = torch.rand(4)
    assert load_checkpoint(tmp_path) == {"done": 3}
    assert torch.equal(torch.rand(4), expected)


def test_a_log_line_cut_off_by_a_crash_is_dropped(tmp_path):
    folder = RunFolder(tmp_path / "run", {"epochs": 2})
    folder.begin()
    for step in (1, 2, 3):
        folder.log({"step": step})
    with (folder.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 4, "to')
    folder.forget_after(2)
    assert folder.metrics() == [{"step": 1}, {"step": 2}]


def test_the_signal_handlers_come_back():
    # A shell starts what it puts in the background with Ctrl-C ignored.
    own = signal.signal(signal.SIGINT, signal.default_int_handler)
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with listen() as request:
        os.kill(os.getpid(), signal.SIGTERM)
        assert request.signal == signal.SIGTERM
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    with pytest.raises(KeyboardInterrupt), listen() as request:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    signal.signal(signal.SIGINT, own)


@pytest.fixture
def full_disk():
    """No file of this process may grow beyond 64 KiB."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_the_checkpoint_before(tmp_path):
    save_checkpoint(tmp_path, {"step": 1})
    with pytest.raises(OSError, match="cannot write"):
        save_checkpoint(tmp_path, {"step": 2, "weights": torch.zeros(10**6)})
    assert load_checkpoint(tmp_path)["step"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]
