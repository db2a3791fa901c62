"""Model folders: what is written is read, and a broken folder gets one line."""

import copy
import json
import shutil

import pytest
import torch

from getam.network import build_network, load_network, save_network

CLASSES = {"zebra": 4, "ant": 2}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    torch.manual_seed(0)
    network = build_network(
        "getam_vit_nano",
        2,
        pretrained=False,
        classifier="average",
        decoder_width=16,
        mean=[0.1] * 3,
    )
    network(torch.randn(2, 3, 32, 32))  # moves the running statistics off their start
    folder = tmp_path_factory.mktemp("saved") / "model"
    save_network(network, folder, classes=CLASSES, extra={"crop": 96})
    return network.eval(), folder


def test_round_trip(saved):
    network, folder = saved
    loaded, info = load_network(folder)
    image = torch.randn(1, 3, 40, 56)
    assert not loaded.training
    assert torch.equal(loaded(image).class_logits, network(image).class_logits)
    assert torch.equal(loaded(image).mask_logits, network(image).mask_logits)
    assert torch.equal(loaded.normalise(image), network.normalise(image))
    assert list(info.classes.items()) == list(CLASSES.items())  # the order of the channels
    assert info.extra == {"crop": 96}
    assert sorted(path.name for path in folder.iterdir()) == ["model.json", "model.safetensors"]


def test_whoever_may_read_the_description_may_read_the_weights(saved):
    modes = {(saved[1] / name).stat().st_mode for name in ("model.json", "model.safetensors")}
    assert len(modes) == 1


def test_half_precision_halves_the_file_and_loads_as_single(saved, tmp_path):
    network, folder = saved
    save_network(copy.deepcopy(network).half(), tmp_path, classes=CLASSES)
    sizes = [(path / "model.safetensors").stat().st_size for path in (tmp_path, folder)]
    assert sizes[0] < 0.6 * sizes[1]
    loaded, image = load_network(tmp_path)[0], torch.randn(1, 3, 32, 32)
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    torch.testing.assert_close(
        loaded(image).class_logits, network(image).class_logits, rtol=0.02, atol=0.02
    )


def test_the_description_names_the_parts(saved):
    architecture = json.loads((saved[1] / "model.json").read_text())["architecture"]
    assert architecture["backbone"] == "getam_vit_nano"
    assert architecture["classifier"] == "average"
    assert architecture["mean"] == [0.1] * 3


def test_released_style_survives(tmp_path):
    network = build_network(
        "vit_tiny_patch16_224", 1, pretrained=False, backbone_style="released", decoder_width=16
    ).eval()
    save_network(network, tmp_path, classes={"a": 1})
    image = torch.randn(1, 3, 32, 64)
    assert torch.equal(load_network(tmp_path)[0](image).class_logits, network(image).class_logits)


def test_a_wrong_number_of_classes_is_refused(saved, tmp_path):
    with pytest.raises(ValueError, match="classes must name 2 classes, got 1"):
        save_network(saved[0], tmp_path, classes={"a": 1})


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        load_network(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError, match="must hold model.safetensors and model.json"):
        load_network(tmp_path)


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_a_truncated_file_is_named(saved, name, tmp_path):
    folder = shutil.copytree(saved[1], tmp_path / "model")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=f"{name} is truncated") as error:
        load_network(folder)
    assert "\n" not in str(error.value)


def test_weights_that_do_not_fit_the_description(saved, tmp_path):
    folder = shutil.copytree(saved[1], tmp_path / "model")
    text = (folder / "model.json").read_text()
    (folder / "model.json").write_text(text.replace('"decoder_width": 16', '"decoder_width": 24'))
    with pytest.raises(ValueError, match="of another shape"):
        load_network(folder)
