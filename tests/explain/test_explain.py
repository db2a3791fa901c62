"""Explaining a classifier: what it sees, which classes, and files that hold the maps."""

import numpy as np
import pytest
import timm
import torch
from data.scenes import write_photo
from PIL import Image

from getam.activation import activation_maps
from getam.data import list_photos
from getam.explain import (
    class_indices,
    explain,
    explain_folder,
    run_classifier,
    timm_classifier,
)
from getam.explain.class_names import timm_class_names
from getam.inference import output_folder

NAME = "vit_tiny_patch16_224"


@pytest.fixture(scope="module")
def classifier():
    torch.manual_seed(0)
    return timm_classifier(NAME, pretrained=False, device="cpu")


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "photos" / "a.png", (60, 90))


def test_the_model_sees_what_timm_evaluates_it_with(classifier, photo):
    with Image.open(photo) as picture:
        image = classifier.view(picture)
        resized = picture.resize((372, 248), Image.Resampling.BICUBIC)  # crop 224 is 0.9 of 248
    crop = np.asarray(resized)[12:236, 74:298]
    assert image.shape == (3, 224, 224)
    seen = classifier.picture(image).movedim(0, -1).numpy()
    assert np.abs(seen - crop).max() < 1.5


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


def test_a_run_is_seen_as_the_run_sees_it(model, photo):
    with Image.open(photo) as picture:
        given = explain(run_classifier(model), picture, classes=[0, 1], first_block=3)
        pixels = torch.from_numpy(np.array(picture.resize((48, 32), 2))).movedim(-1, 0)
    with torch.no_grad():
        logits = model.network(model.network.normalise(pixels)[None]).class_logits[0]
    assert given.probabilities.tolist() == pytest.approx(logits.sigmoid()[:2].tolist(), abs=0.02)


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


def test_a_model_without_head():
    with pytest.raises(ValueError, match="getam_vit_nano has no classifier head"):
        timm_classifier("getam_vit_nano", pretrained=False)


def test_imagenet_names(classifier):
    assert len(classifier.names) == 1000
    found = class_indices(["TENCH", "Tinca tinca", "207", "great white shark"], classifier.names)
    assert found == [0, 0, 207, 2]
    with pytest.raises(ValueError, match=r"'crane' names the classes \[134, 517\]"):
        class_indices(["crane"], classifier.names)
    with pytest.raises(ValueError, match="no class 'goldfihs'; did you mean 'goldfish'"):
        class_indices(["goldfihs"], classifier.names)
    with pytest.raises(ValueError, match=r"no class '1000'"):
        class_indices(["1000"], classifier.names)
    assert timm_class_names(timm.create_model(NAME, num_classes=2)) == ["class 0", "class 1"]
