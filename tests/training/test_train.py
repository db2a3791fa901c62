"""Whole runs: what they write, what they refuse, and that they read no mask."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
import yaml
from data.coco_from_masks import write_coco

from getam.data import open_source
from getam.inference import Predictor
from getam.network import build_network
from getam.training import train

from .conftest import RECIPE, losses, same_weights


def test_a_run_folder_holds_everything(run, source):
    network, folder, scores = run(val=source)
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        "config.yaml", "env.json", "metrics.jsonl", "checkpoint.pt", "samples",
        "model.safetensors", "model.json", "scores.json", "quality.json",
    }  # fmt: skip
    assert yaml.safe_load((folder / "config.yaml").read_text())["crop"] == 32
    assert {"command", "versions", "device"} <= json.loads((folder / "env.json").read_text()).keys()
    assert {p.name for p in (folder / "samples").iterdir()} == {
        "epoch001.jpg", "epoch002.jpg", "epoch003.jpg", "val.jpg"
    }  # fmt: skip
    entries = losses(folder)
    assert [entry["step"] for entry in entries] == [4, 8, 10, 12]
    assert [entry.get("epoch") for entry in entries] == [1, 2, None, 3]
    assert entries[2]["phase"] == "joint"
    assert {"classification", "segmentation", "saliency", "total", "mAP"} <= entries[3].keys()
    assert set(scores.stages) == {
        "raw map",
        "refined map",
        "pseudo label",
        "prediction, one plain pass",
        "prediction",
    }
    assert json.loads((folder / "scores.json").read_text())["miou"] == scores.final().miou
    predictor = Predictor.load(folder, device="cpu")
    assert same_weights(predictor.network, network)
    assert predictor.classes == source.classes


def test_the_same_seed_gives_the_same_run(run):
    first, left, _ = run("left", epochs=2)
    second, right, _ = run("right", epochs=2)
    other, elsewhere, _ = run("elsewhere", epochs=2, seed=1)
    assert losses(left) == losses(right)
    assert same_weights(first, second)
    assert losses(elsewhere) != losses(left)
    assert not same_weights(first, other)


def test_flip_decides_whether_photos_are_mirrored(run):
    _, kept, _ = run("kept", epochs=1, flip=0.0)
    _, mirrored, _ = run("mirrored", epochs=1, flip=1.0)
    assert losses(kept) != losses(mirrored)


def test_training_never_opens_a_mask(run, source, voc, tmp_path):
    copy = shutil.copytree(voc, tmp_path / "voc")
    for mask in (copy / "SegmentationClass").iterdir():
        mask.write_bytes(b"no image at all")
    without_masks = open_source(copy, saliency=copy / "saliency")
    assert without_masks.has_truth
    _, folder, scores = run(data=without_masks, epochs=2)
    assert scores is None
    _, expected, _ = run("expected", data=source, epochs=2)
    assert losses(folder) == losses(expected)
    assert losses(folder)[0]["step"] == 5  # the photo that shows no class is trained on too


def test_a_coco_instances_file(run, shared_data, tmp_path):
    classes = ["cat", "cow", "dog"]
    animals = open_source(shared_data / "voc2012_animals", split="val", classes=classes)
    chosen = []
    for name in classes:
        chosen += [r for r in animals.records if r.labels == (name,)][:2]
    write_coco(tmp_path / "coco", replace(animals, records=tuple(chosen)))
    coco = open_source(tmp_path / "coco", split="train", classes=classes)
    assert [set(record.labels) for record in coco.records] == [set(r.labels) for r in chosen]
    network, folder, scores = run(
        data=coco, val=coco, batch_size=2, saliency_weight=0.0, rule="thresholds", epochs=2
    )
    assert losses(folder)[-1]["step"] == 6
    assert 0 <= scores.final().miou <= 1
    assert scores.final().images == 6


def test_gradients_summed_over_two_half_batches_equal_one_batch(run):
    """Plain SGD at one rate; the stem's batch norm is frozen, so photos do not interact."""
    recipe = replace(
        RECIPE, epochs=1, joint_from=1.0, warmup=0, optimiser="sgd", frozen_blocks=1, weight_decay=0
    )
    whole, _, _ = run("whole", recipe=recipe, batch_size=4, learning_rate=0.01 * 0.5**0.9)
    halves, _, _ = run("halves", recipe=recipe, batch_size=2, accumulate=2, learning_rate=0.01)
    theirs = halves.state_dict()
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(value, theirs[name], rtol=1e-5, atol=1e-6)


def test_averaged_weights_are_the_ones_kept(run):
    network, folder, _ = run(ema=0.5, epochs=1, joint_from=1.0)
    kept = Predictor.load(folder, device="cpu").network
    assert not same_weights(kept, network)
    history = torch.load(folder / "checkpoint.pt", weights_only=True)["average"]
    assert history["n_averaged"] == 4
    assert torch.equal(history["module.class_head.weight"], kept.class_head.weight)


def test_a_loss_that_is_nan_stops_and_keeps_the_last_checkpoint(run, new_network, tmp_path):
    network, calls = new_network(), []

    def poison(_module, _inputs, logits):
        calls.append(1)
        return logits * float("nan") if len(calls) > 6 else logits

    network.class_head.register_forward_hook(poison)
    with pytest.raises(FloatingPointError, match="loss became nan by step 8.*checkpoint"):
        run(network=network)
    seen = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    assert seen["done"] == 4
    assert all(value.isfinite().all() for value in seen["step"].values())


def test_a_loss_that_is_nan_before_anything_is_saved_claims_no_checkpoint(run, new_network):
    network = new_network()
    network.class_head.register_forward_hook(lambda _module, _inputs, logits: logits * torch.nan)
    with pytest.raises(FloatingPointError, match="learning_rate; nothing was saved yet"):
        run(network=network)


def test_an_output_folder_in_use_is_refused(run, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("precious")
    with pytest.raises(FileExistsError, match="run is not empty: choose another folder") as error:
        run()
    assert "\n" not in str(error.value)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "getm"}, "method must be one of getam"),
        ({"rule_settings": {"lwo": 0.1}}, "settings of rule paper are"),
        ({"rule_settings": {"low": 0.1}}, "settings of rule paper are"),
        ({"optimiser": "adam"}, "optimiser must be one of"),
        ({"frozen_blocks": 9}, "frozen_blocks must lie"),
    ],
)
def test_settings_that_do_not_fit_stop_before_the_first_step(changes, message, run):
    with pytest.raises(ValueError, match=message):
        run(**changes)


def test_a_rule_that_needs_saliency(run, voc):
    with pytest.raises(ValueError, match='rule "paper" needs saliency maps'):
        run(data=open_source(voc), rule="paper", saliency_weight=0)
    with pytest.raises(ValueError, match="--saliency-weight 0 --rule thresholds"):
        run(data=open_source(voc), rule="paper")


def test_other_classes_than_the_network_has(source, tmp_path):
    network = build_network("getam_vit_nano", 7, pretrained=False, decoder_width=8)
    with pytest.raises(ValueError, match="network must have the 3 classes .* got 7"):
        train(network, source, tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()
