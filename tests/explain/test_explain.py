"""Explaining a classifier: what it sees, which classes, and files that hold the maps."""

import numpy as np
import pytest
import torch
from PIL import Image

from getam.activation import activation_maps
from getam.data import list_photos
from getam.explain import (
    explain,
    explain_folder,
    run_classifier,
)
from getam.inference import output_folder


def test_most_probable_classes_and_their_maps(classifier, photo):
    with Image.open(photo) as picture:
        given = explain(classifier, picture, methods=["getam", "attention"], top=2, first_block=9)
        image = classifier.view(picture)[None]
    with torch.no_grad():
        likely = classifier.model(image).softmax(-1)[0]
    assert given.classes == likely.argsort(descending=True)[:2].tolist()
    assert given.probabilities.tolist() == pytest.approx(likely[given.classes].tolist())
    for method, maps in given.maps.items():
        (raw,) = activation_maps(
            classifier.model, image, classes=[given.classes], method=method, first_block=9
        )
        for ours, theirs in zip(maps, raw, strict=True):
            expected = (theirs - theirs.min()) / (theirs.max() - theirs.min())
            assert torch.allclose(ours, expected, atol=1e-6)


def test_files_of_a_run(model, photo, tmp_path):
    out, source = tmp_path / "out", list_photos(photo)
    opened = output_folder(out, source, {"verb": "explain"})
    explain_folder(run_classifier(model), source, opened, classes=[2, 0], first_block=3)
    with np.load(out / "a.npz") as arrays:
        assert arrays["classes"].tolist() == ["dog", "cat"]
        assert arrays["indices"].tolist() == [2, 0]
        assert arrays["getam"].shape == (2, 4, 6)  # 60 x 90 at a long side of 48, patches of 8
        assert arrays["getam"].max() == 1
    pictures = {path.name for path in out.glob("*.*g")}
    assert pictures == {"a.png", "a.dog.getam.jpg", "a.cat.getam.jpg"}
