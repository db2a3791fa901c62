"""Two checkpoints are kept, each is whole or not there, and brings the random states back."""

import csv
import multiprocessing
import os
import resource
import zipfile

import pytest
import torch
from together import together

from getam.training.checkpoint import (
    BEFORE,
    CHECKPOINT,
    FORMAT,
    has_checkpoint,
    load_checkpoint,
    save_checkpoint,
)

from .conftest import losses, same_weights


def step_in(folder):
    return load_checkpoint(folder)["step"]


def names_in(folder):
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def kept(tmp_path):
    """A folder with the checkpoints of three steps, of which two are left."""
    for step in (1, 2, 3):
        save_checkpoint(tmp_path, {"step": step, "weights": torch.full((100, 100), float(step))})
    return tmp_path


def test_a_checkpoint_brings_the_random_states_back(tmp_path):
    assert not has_checkpoint(tmp_path)
    save_checkpoint(tmp_path, {"done": 3})
    assert has_checkpoint(tmp_path)
    expected = torch.rand(4)
    assert load_checkpoint(tmp_path) == {"format": FORMAT, "done": 3}
    assert torch.equal(torch.rand(4), expected)


def test_the_last_one_and_the_one_before_are_kept(kept, caplog):
    assert names_in(kept) == {CHECKPOINT, BEFORE}
    assert torch.load(kept / BEFORE, weights_only=True)["step"] == 2
    assert step_in(kept) == 3
    assert not caplog.messages


def flip(file, place):
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)


def flip_a_weight(file):
    """Flip a bit of a tensor, which torch.load does not notice."""
    with zipfile.ZipFile(file) as parts:
        start = max(parts.infolist(), key=lambda part: part.file_size).header_offset
    flip(file, start + 4000)
    torch.load(file, weights_only=True)


HARMS = {
    "truncated": lambda file: os.truncate(file, 3000),
    "empty": lambda file: os.truncate(file, 0),
    "no archive": lambda file: file.write_text("no checkpoint"),
    "a bit flipped": flip_a_weight,
    "its end flipped": lambda file: flip(file, -20),
    "another file of torch": lambda file: torch.save([1, 2], file),
    "missing": lambda file: file.unlink(),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_last_one_gives_way_to_the_one_before(harm, kept, caplog):
    HARMS[harm](kept / CHECKPOINT)
    assert step_in(kept) == 2
    (line,) = caplog.messages
    assert line.startswith(f"{CHECKPOINT} is ")
    assert line.endswith(f"in {kept}: the run goes on from {BEFORE}")
    assert "\n" not in line
    save_checkpoint(kept, {"step": 4})  # the damaged one must not take the place of the whole one
    (kept / CHECKPOINT).unlink()
    assert step_in(kept) == 2


def test_a_bit_flipped_anywhere_is_found_or_harmless(kept):
    file, size = kept / CHECKPOINT, (kept / CHECKPOINT).stat().st_size
    whole, before = file.read_bytes(), (kept / BEFORE).read_bytes()
    for place in range(0, size, size // 20):
        file.write_bytes(whole)
        (kept / BEFORE).write_bytes(before)
        flip(file, place)
        state = load_checkpoint(kept)
        assert state["step"] in (2, 3)
        assert (state["weights"] == state["step"]).all()


@pytest.mark.parametrize("harm", ["truncated", "missing"])
def test_two_damaged_ones_are_one_clear_line(harm, kept):
    os.truncate(kept / CHECKPOINT, 3000)
    HARMS[harm](kept / BEFORE)
    with pytest.raises(ValueError, match=rf"{BEFORE} is {harm}.*begin a new run") as error:
        load_checkpoint(kept)
    assert "\n" not in str(error.value)
    assert f"{CHECKPOINT} is truncated" in str(error.value)


@pytest.mark.parametrize("found", [{"format": FORMAT + 1}, {}])
def test_another_format_says_what_to_do_and_is_left_alone(found, kept):
    torch.save({"step": 9, **found}, kept / CHECKPOINT)
    number = found.get("format")
    with pytest.raises(ValueError, match=f"has format {number}, and this .* reads format {FORMAT}"):
        load_checkpoint(kept)
    assert torch.load(kept / CHECKPOINT, weights_only=True)["step"] == 9
    assert torch.load(kept / BEFORE, weights_only=True)["step"] == 2


def test_two_processes_read_the_same_one(kept):
    os.truncate(kept / CHECKPOINT, 3000)
    assert together(step_in, kept) == [2, 2]
    assert names_in(kept) == {CHECKPOINT}
    os.truncate(kept / CHECKPOINT, 3000)
    assert together(complaint_about, kept) == [complaint_about(kept)] * 2


def complaint_about(folder):
    with pytest.raises(ValueError, match="no checkpoint") as error:
        load_checkpoint(folder)
    return str(error.value)


def test_nothing_to_resume(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no checkpoint.pt"):
        load_checkpoint(tmp_path)


def save_again_and_again(folder):
    for step in range(1, 10**6):
        save_checkpoint(folder, {"step": step, "weights": torch.full((300, 300), float(step))})


def test_killed_at_any_moment_of_writing_a_whole_one_is_there(tmp_path):
    torch.set_num_threads(1)
    for number in range(5):
        folder = tmp_path / str(number)
        folder.mkdir()
        process = multiprocessing.get_context("fork").Process(
            target=save_again_and_again, args=(folder,), daemon=True
        )
        process.start()
        while not (folder / BEFORE).exists():
            assert process.is_alive()
        process.join(0.003 * number)
        process.kill()
        process.join()
        state = load_checkpoint(folder)
        assert (state["weights"] == state["step"]).all()


def rows_of(folder):
    """The steps in the tables of all starts of a run, in their order."""
    tables = sorted(folder.glob("csv/from_step_*/metrics.csv"))
    return [row["step"] for table in tables for row in csv.DictReader(table.open())]


def test_a_run_goes_on_from_the_one_before_to_the_same_end(run, caplog):
    expected, folder, _ = run(epochs=2, loggers=["csv"])
    whole, rows = losses(folder), rows_of(folder)
    model = (folder / "model.safetensors").read_bytes()
    os.truncate(folder / CHECKPOINT, (folder / CHECKPOINT).stat().st_size // 2)
    (folder / "model.safetensors").unlink()
    network, folder, _ = run(epochs=2, resume=True, loggers=["csv"])
    assert sum(f"goes on from {BEFORE}" in line for line in caplog.messages) == 1
    assert same_weights(network, expected)
    assert losses(folder) == whole
    assert rows_of(folder) == rows  # no step stands in two tables
    assert (folder / "model.safetensors").read_bytes() == model


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
    assert step_in(tmp_path) == 1
    assert names_in(tmp_path) == {CHECKPOINT}
