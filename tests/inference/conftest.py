"""A small model in a folder, and photos to look at with it."""

import pytest
import torch
from data.scenes import CLASSES

from getam.inference import Model, save_model
from getam.network import build_network
from getam.pseudo_label import Labeller


@pytest.fixture(scope="session")
def model():
    torch.manual_seed(0)
    network = build_network("getam_vit_nano", len(CLASSES), pretrained=False, decoder_width=8)
    network.class_head.weight.data *= 20
    network.decoder.head[-1].weight.data *= 20
    classes = {name: value for value, name in enumerate(CLASSES, start=1)}
    labeller = Labeller(first_block=3, iterations=2)
    return Model(network.eval(), classes, long_side=48, labeller=labeller, tag_weight=0.5)


@pytest.fixture(scope="session")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    save_model(model, folder)
    return folder
