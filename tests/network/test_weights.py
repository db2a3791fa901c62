"""Weight files of every kind into a network, and broken ones into one line."""

import os
import pickle

import pytest
import timm
import torch
from safetensors.torch import save_file

from getam.network import build_network, save_network
from getam.network.weights import load_exactly, read_state_dict

TINY = "vit_tiny_patch16_224"


@pytest.fixture(scope="module")
def state():
    """A timm model's weights with a head for 7 classes."""
    torch.manual_seed(0)
    return timm.create_model(TINY, num_classes=7).state_dict()


def _assert_backbone_is(network, state):
    own = network.backbone.state_dict()
    assert own.keys() == {k for k in state if not k.startswith("head")}
    assert all(torch.equal(own[k], state[k].float()) for k in own)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"model": state, "epoch": 3},
        lambda state: {"state_dict": {f"module.{k}": v for k, v in state.items()}},
        lambda state: {"state_dict": {f"model._orig_mod.{k}": v for k, v in state.items()}},
    ],
)
def test_pytorch_files_plain_and_wrapped(state, wrap, tmp_path):
    torch.save(wrap(state), tmp_path / "weights.pth")
    _assert_backbone_is(build_network(TINY, 3, weights=tmp_path / "weights.pth"), state)


def test_half_precision_becomes_single(state, tmp_path):
    half = {k: v.half() for k, v in state.items()}
    save_file(half, tmp_path / "weights.safetensors")
    _assert_backbone_is(build_network(TINY, 3, weights=str(tmp_path / "weights.safetensors")), half)


@pytest.mark.parametrize("name", ["weights.bin", "weights.SAFETENSORS"])
def test_a_safetensors_file_is_known_by_its_content(state, name, tmp_path):
    save_file(state, tmp_path / name)
    _assert_backbone_is(build_network(TINY, 3, weights=tmp_path / name), state)


@pytest.mark.parametrize(
    "value", [torch.tensor([1.0, float("nan")]), torch.tensor([float("inf")]), torch.ones(2) * 1j]
)
def test_values_that_are_no_finite_numbers_are_refused(value, tmp_path):
    torch.save({"norm.weight": value}, tmp_path / "weights.pth")
    with pytest.raises(ValueError, match=r"norm\.weight: it holds values that are complex or not"):
        read_state_dict(tmp_path / "weights.pth")


def test_whole_numbers_are_no_weights():
    with pytest.raises(ValueError, match=r"keys 1 of another type \(weight\)$"):
        load_exactly(
            torch.nn.Linear(2, 1, bias=False),
            {"weight": torch.ones(1, 2, dtype=torch.int32)},
            origin="file",
        )


def test_the_real_vit_tiny(shared_data):
    path = shared_data / "vit_tiny_patch16_224_tinyimagenet" / "model.safetensors"
    network = build_network(TINY, 6, weights=path)
    _assert_backbone_is(network, read_state_dict(path))
    assert network.mean.flatten().tolist() == [0.5, 0.5, 0.5]
    assert network.class_head.out_features == 6


def test_position_embedding_of_another_size_is_brought_to_the_grid(state, tmp_path):
    model = timm.create_model(TINY, num_classes=0, img_size=96)
    torch.save(model.state_dict(), tmp_path / "weights.pth")
    network = build_network(TINY, 3, weights=tmp_path / "weights.pth")
    assert network.backbone.pos_embed.shape == state["pos_embed"].shape
    assert torch.equal(network.backbone.pos_embed[:, 0], model.pos_embed[:, 0])


@pytest.mark.parametrize("num_classes", [3, 4])
def test_a_saved_network_starts_another(num_classes, tmp_path):
    first = build_network("getam_vit_nano", 3, pretrained=False)
    save_network(first, tmp_path, classes={"a": 1, "b": 2, "c": 3})
    path = tmp_path / "model.safetensors"
    second = build_network("getam_vit_nano", num_classes, weights=path)
    ours, given = second.state_dict(), first.state_dict()
    differing = {k for k in ours if not torch.equal(ours[k], given[k])}
    classes = {
        "class_head.weight",
        "class_head.bias",
        "decoder.head.4.weight",
        "decoder.head.4.bias",
    }
    assert differing == (set() if num_classes == 3 else classes)


def test_another_architecture_lists_the_keys(state, tmp_path):
    torch.save(state, tmp_path / "weights.pth")
    with pytest.raises(ValueError, match="another architecture") as error:
        build_network("deit_tiny_distilled_patch16_224", 3, weights=tmp_path / "weights.pth")
    assert "1 missing (dist_token)" in str(error.value)
    assert "1 of another shape (pos_embed)" in str(error.value)
    with pytest.raises(ValueError, match="unexpected") as error:
        build_network("getam_vit_nano", 3, weights=tmp_path / "weights.pth")
    assert "\n" not in str(error.value)
    assert "..." in str(error.value)
    assert len(str(error.value)) < 1000


def test_no_more_than_five_names_are_listed():
    with pytest.raises(ValueError, match=r"6 unexpected \(a, b, c, d, e, \.\.\.\)"):
        load_exactly(torch.nn.Identity(), {k: torch.zeros(1) for k in "fedcba"}, origin="x")


class _Code:
    def __reduce__(self):
        return os.mkdir, ("made-by-a-pickle",)


@pytest.mark.parametrize(("save", "suffix"), [(torch.save, "pth"), (save_file, "safetensors")])
@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_named(save, suffix, share, tmp_path):
    path = tmp_path / f"cut.{suffix}"
    save({"a": torch.randn(100), "b": torch.randn(100)}, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="truncated") as error:
        read_state_dict(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("dump", [torch.save, pickle.dump])
def test_a_pickle_with_code_is_not_run(dump, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "weights.pth").open("wb") as file:
        dump({"a": torch.zeros(1), "code": _Code()}, file)
    with pytest.raises(ValueError, match="can run code") as error:
        read_state_dict("weights.pth")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "made-by-a-pickle").exists()


def test_a_missing_file_and_a_file_without_tensors(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_state_dict(tmp_path / "nothing.pth")
    torch.save({"epoch": 3}, tmp_path / "empty.pth")
    with pytest.raises(ValueError, match="state dict of tensors"):
        read_state_dict(tmp_path / "empty.pth")


def test_a_small_tensor_may_repeat_one_value(tmp_path):
    torch.save({"a.bias": torch.zeros(1).expand(192)}, tmp_path / "a.pth")
    assert read_state_dict(tmp_path / "a.pth")["a.bias"].tolist() == [0] * 192
    torch.save({"a.bias": torch.zeros(1).expand(2**30)}, tmp_path / "a.pth")
    with pytest.raises(ValueError, match="a.bias: it has fewer values"):
        read_state_dict(tmp_path / "a.pth")
