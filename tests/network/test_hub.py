"""Pretrained weights from the hub's cache, and one quick line when the hub cannot be reached."""

import time

import pytest
import timm
import torch
from huggingface_hub import constants
from safetensors.torch import save_file

from getam.network import build_network
from getam.network.hub import pretrained_overlay

TINY = "vit_tiny_patch16_224"


@pytest.fixture
def unreachable(monkeypatch, tmp_path):
    """A hub whose port refuses connections, and an empty cache; returns the cache."""
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("unreachable")
def test_without_network_it_fails_fast_and_says_what_to_do():
    started = time.perf_counter()
    with pytest.raises(OSError, match="cannot be reached") as error:
        build_network(TINY, 3)
    assert "--weights" in str(error.value)
    assert "--no-pretrained" in str(error.value)
    assert "\n" not in str(error.value)
    assert time.perf_counter() - started < 10


def test_the_cache_is_enough(unreachable):
    repository = timm.get_pretrained_cfg(TINY).hf_hub_id
    folder = unreachable / f"models--{repository.replace('/', '--')}"
    snapshot = folder / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("0123")
    model = timm.create_model(TINY)
    save_file(model.state_dict(), snapshot / "model.safetensors")
    network = build_network(TINY, 3)
    assert torch.equal(network.backbone.cls_token, model.cls_token)


def test_a_model_without_pretrained_weights_says_so():
    with pytest.raises(ValueError, match="--no-pretrained"):
        pretrained_overlay("getam_vit_nano")
