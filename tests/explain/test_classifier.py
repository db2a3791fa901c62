"""A classifier sees a photo as its model was evaluated, and names its classes."""

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from getam.explain import (
    explain,
    run_classifier,
    timm_classifier,
)

from .conftest import NAME


def test_the_model_sees_what_timm_evaluates_it_with(classifier, photo):
    with Image.open(photo) as picture:
        image = classifier.view(picture)
        resized = picture.resize((372, 248), Image.Resampling.BICUBIC)  # crop 224 is 0.9 of 248
    crop = np.asarray(resized)[12:236, 74:298]
    assert image.shape == (3, 224, 224)
    seen = classifier.picture(image).movedim(0, -1).numpy()
    assert np.abs(seen - crop).max() < 1.5


def test_weights_of_a_file_bring_their_own_head(tmp_path):
    torch.manual_seed(1)
    own = timm.create_model(NAME, num_classes=5, depth=12).eval()
    torch.save({"model": own.state_dict()}, tmp_path / "w.pth")
    read = timm_classifier(NAME, weights=tmp_path / "w.pth", device="cpu")
    assert read.names == [f"class {index}" for index in range(5)]
    images = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(read.model(images), own(images))
    headless = {k: v for k, v in own.state_dict().items() if not k.startswith("head")}
    torch.save(headless, tmp_path / "h.pth")
    with pytest.raises(ValueError, match=r"h\.pth has no classifier head"):
        timm_classifier(NAME, weights=tmp_path / "h.pth")


def test_a_run_is_seen_as_the_run_sees_it(model, photo):
    with Image.open(photo) as picture:
        given = explain(run_classifier(model), picture, classes=[0, 1], first_block=3)
        pixels = torch.from_numpy(np.array(picture.resize((48, 32), 2))).movedim(-1, 0)
    with torch.no_grad():
        logits = model.network(model.network.normalise(pixels)[None]).class_logits[0]
    assert given.probabilities.tolist() == pytest.approx(logits.sigmoid()[:2].tolist(), abs=0.02)
