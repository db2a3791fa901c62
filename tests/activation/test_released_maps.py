"""Maps of released checkpoints equal those of the authors' own code."""

import json

import numpy as np
import pytest
import torch
from reference.drawn_weights import drawn, relative_difference, z

from getam.activation import activation_maps
from getam.network import load_released


@pytest.fixture(scope="module")
def keys(shared_reference):
    yield json.loads((shared_reference / "checkpoint_keys.json").read_text())
    z.cache_clear()


@pytest.mark.parametrize("backbone", ["deit", "deit_distilled", "vitb_hybrid"])
def test_the_same_maps_as_released(backbone, keys, shared_reference):
    released = np.load(shared_reference / f"network_{backbone}.npz")
    state = {key: drawn(key, tuple(shape)) for key, shape in keys[backbone].items()}
    network = load_released(state, backbone=backbone)
    images = z("input.images", (2, 3, 96, 128))
    for first in (6, 0):
        maps = activation_maps(network, images, classes=[[3, 7], [14]], first_block=first)
        theirs = released[f"maps_from_block_{first}"]
        assert relative_difference(torch.cat(maps), theirs) < 1e-4
