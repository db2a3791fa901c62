"""A checkpoint is whole or not there, and brings the random states back."""

import resource

import pytest
import torch

from getam.training.checkpoint import load_checkpoint, save_checkpoint


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
