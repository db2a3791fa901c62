"""Real faults in the middle of a run: one line says what is kept, and the run goes on to its end.

The disks are real, the photos really vanish, and the process that reads them is really killed.
"""

import multiprocessing
import os
import signal
import time
from dataclasses import replace

import pytest
from data.scenes import write_voc

from getam.data import loader, open_source
from getam.data.dataset import TrainDataset

from .conftest import losses, same_weights

STEP = 6  # of the second epoch, four steps an epoch
KNOWN = {}


@pytest.fixture
def whole(run):
    """The weights and the losses of a run that nothing happens to."""
    if not KNOWN:
        network, folder, _ = run("whole", epochs=2)
        KNOWN.update(network=network, losses=losses(folder))
    return KNOWN


@pytest.fixture
def photos(tmp_path):
    voc = write_voc(tmp_path / "voc")
    source = open_source(voc, saliency=voc / "saliency")
    return replace(source, records=tuple(r for r in source.records if r.labels))


def goes_wrong(network, fault):
    """The network, in a step of which something goes wrong."""
    calls = []

    def hook(*_):
        calls.append(1)
        if len(calls) == STEP:
            fault()

    network.class_head.register_forward_hook(hook)
    return network


def check_nothing_lost(run, new_network, whole, caplog, *, fault, mend, message, **options):
    with pytest.raises((OSError, RuntimeError), match=message) as error:
        run(network=goes_wrong(new_network(), fault), epochs=2, **options)
    assert "\n" not in str(error.value)
    assert caplog.messages[-1].endswith(
        " of 8; once the fault is mended, --resume goes on from step 4"
    )
    mend()
    network, folder, _ = run(epochs=2, resume=True, **options)
    assert same_weights(network, whole["network"])
    assert losses(folder) == whole["losses"]
    assert not [path for path in folder.rglob(".*") if path.is_file()]


def test_the_disk_becomes_full(run, new_network, whole, caplog, disk):
    faults = {"fault": disk.fill, "mend": disk.empty, "message": "No space left|is the disk full"}
    check_nothing_lost(run, new_network, whole, caplog, name="disk/run", **faults)


def test_the_disk_becomes_read_only(run, new_network, whole, caplog, disk):
    faults = {"fault": disk.refuse_writing, "mend": disk.allow_writing, "message": "Read-only"}
    check_nothing_lost(run, new_network, whole, caplog, name="disk/run", **faults)


def test_a_disk_that_is_read_only_from_the_beginning(run, disk):
    disk.refuse_writing()
    with pytest.raises(OSError, match="Read-only file system.*disk/run"):
        run("disk/run")


def test_the_photos_vanish(run, new_network, whole, caplog, photos, tmp_path):
    voc, gone = tmp_path / "voc", tmp_path / "gone"
    faults = {"fault": lambda: voc.rename(gone), "mend": lambda: gone.rename(voc)}
    message = "there is no photo .*voc"
    check_nothing_lost(
        run, new_network, whole, caplog, data=photos, message=message, **faults, workers=0
    )


def test_the_process_that_reads_is_killed(run, new_network, whole, caplog):
    def fault():
        for process in multiprocessing.active_children():
            os.kill(process.pid, signal.SIGKILL)

    faults = {
        "fault": fault,
        "mend": lambda: None,
        "message": "a process that reads photos was killed: .* --workers",
    }
    check_nothing_lost(run, new_network, whole, caplog, workers=1, **faults)


def test_a_photo_hangs_its_decoder(run, new_network, whole, caplog, monkeypatch):
    healthy = TrainDataset.__getitem__

    def hangs(self, draw):
        time.sleep(600 * draw.epoch)  # all photos of the second epoch
        return healthy(self, draw)

    monkeypatch.setattr(loader, "BATCH_TIMEOUT", 2.0)
    monkeypatch.setattr(TrainDataset, "__getitem__", hangs)
    faults = {"fault": lambda: None, "mend": monkeypatch.undo}
    message = "a photo hangs its decoder, or the disk hangs"
    check_nothing_lost(run, new_network, whole, caplog, message=message, workers=1, **faults)
