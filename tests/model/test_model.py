"""A model folder gives back the model that was written, or says what it lacks."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from getam.model import Model, View, load_model, save_model
from getam.pseudo_label import Labeller


def test_a_model_comes_back_as_it_was_saved(model: Model, tmp_path: Path) -> None:
    view = View(64, scales=(0.8, 1.0), resize="square", flip=True, crf=True)
    labeller = Labeller("grad_cam", 2, affinity=1, rule="thresholds", settings={"low": 0.3})
    saved = replace(
        model, classes={"cat": 3, "cow": 7, "dog": 9}, view=view, labeller=labeller, tag_weight=0.25
    )
    save_model(saved, tmp_path)
    loaded = load_model(tmp_path, device="cpu")
    assert (loaded.view, loaded.labeller, loaded.tag_weight) == (view, labeller, 0.25)
    assert list(loaded.classes.items()) == [("cat", 3), ("cow", 7), ("dog", 9)]
    assert not loaded.network.training
    image = torch.randn(1, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours, theirs = loaded.network(image), model.network(image)
    assert torch.equal(ours.class_logits, theirs.class_logits)
    assert torch.equal(ours.mask_logits, theirs.mask_logits)


def test_the_device_is_that_of_the_network(folder: Path) -> None:
    assert load_model(folder, device="cpu").device == torch.device("cpu")


@pytest.mark.parametrize("lost", ["view", "labeller", "tag_weight"])
def test_a_description_that_lacks_something(folder: Path, tmp_path: Path, lost: str) -> None:
    broken = Path(shutil.copytree(folder, tmp_path / "broken"))
    description = json.loads((broken / "model.json").read_text())
    del description["extra"][lost]
    (broken / "model.json").write_text(json.dumps(description))
    with pytest.raises(ValueError, match=rf"model\.json lacks '{lost}': write it with getam train"):
        load_model(broken)
