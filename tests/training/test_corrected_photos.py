"""A run writes down its corrected masks, learns from them, and goes on with no others."""

import json
from dataclasses import replace

import numpy as np
import pytest
from data.scenes import write_mask

from getam.data import with_corrected
from getam.stopped import Stopped
from getam.training.corrected_photos import check_same_corrected, write_corrected
from getam.training.trainer import Trainer
from training.conftest import losses, same_weights


@pytest.fixture
def corrected(source, tmp_path):
    """The photos of which a and b have a corrected mask; b shows nothing but its second class."""
    values = {
        name: source.read_truth(next(r for r in source.records if r.id == name)) for name in "ab"
    }
    for name, mask in values.items():
        write_mask(tmp_path / "corrected" / f"{name}.png", mask)
    shown = replace(source, records=tuple(r for r in source.records if r.labels))
    return with_corrected(shown, tmp_path / "corrected", values=source.classes)


def test_a_run_records_its_masks_and_goes_on_with_no_others(run, corrected, monkeypatch):
    whole, folder, _ = run("whole", data=corrected)
    recorded = json.loads((folder / "corrected.json").read_text())
    assert recorded.keys() == {"a", "b"}
    assert recorded["a"]["mask"] == str(corrected.records[0].corrected)
    checkpoint = Trainer.checkpoint

    def stop(self, request):
        request.signal = 15 if self.done >= 8 else 0  # within the second phase
        checkpoint(self, request)

    monkeypatch.setattr(Trainer, "checkpoint", stop)
    with pytest.raises(Stopped):
        run("stopped", data=corrected)
    monkeypatch.undo()
    mask = corrected.records[0].corrected
    kept = mask.read_bytes()
    write_mask(mask, np.zeros((20, 36)))
    with pytest.raises(ValueError, match="masks of 1 photos, a among them, are not those that"):
        run("stopped", data=corrected, resume=True)
    mask.write_bytes(kept)
    network, stopped, _ = run("stopped", data=corrected, resume=True)
    assert same_weights(whole, network)
    assert losses(stopped) == losses(folder)


def test_no_masks_leave_no_file(tmp_path):
    write_corrected(tmp_path, {})
    assert not list(tmp_path.iterdir())
    check_same_corrected(tmp_path, {})
