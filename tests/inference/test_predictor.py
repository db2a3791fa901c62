"""One photo in any form, one mask of its own size; scales and flips averaged by hand."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from data.scenes import write_photo
from PIL import Image
from torch.nn.functional import interpolate
from torchvision.transforms.v2 import functional

from getam.crf import PRESETS, dense_crf
from getam.inference import Prediction, Predictor
from getam.inference.predictor import as_tensor
from getam.model import View, load_model, save_model
from getam.network import weigh_by_tags


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "photo.png", (33, 47), seed=3)


def assert_same(left, right):
    assert torch.equal(left.mask, right.mask)
    torch.testing.assert_close(left.class_probabilities, right.class_probabilities)


def test_the_same_mask_from_every_form(folder, photo):
    predictor = Predictor.load(folder, device="cpu")
    expected = predictor(photo)
    pixels = np.asarray(Image.open(photo))
    tensor = torch.from_numpy(pixels.copy()).movedim(-1, 0)
    mirrored_twice = np.ascontiguousarray(pixels[:, ::-1])[:, ::-1]  # strides below zero
    for form in (str(photo), Image.open(photo), pixels, mirrored_twice, tensor):
        assert_same(predictor(form), expected)
    assert expected.mask.shape == (33, 47)
    assert expected.mask.dtype == torch.uint8
    assert len(expected.mask.unique()) > 1
    assert expected.classes == ("cat", "cow", "dog")
    assert expected.probabilities is None


@pytest.mark.parametrize("crf", [False, True])
def test_a_mask_that_is_told_the_tags_has_no_other_class(folder, photo, crf):
    predictor = Predictor.load(folder, crf=crf, device="cpu")
    free, told = predictor.untold_and_told(photo, ["dog"])
    assert_same(free, predictor(photo))
    assert_same(told, predictor(photo, tags=["dog"]))
    assert set(told.mask.unique().tolist()) <= {0, 3}
    assert set(predictor(photo, tags=[]).mask.unique().tolist()) == {0}
    with pytest.raises(ValueError, match="tags must be among cat, cow, dog, got 'dgo'"):
        predictor(photo, tags=["dgo"])


def test_a_told_mask_is_the_likeliest_of_background_and_tags(folder, photo):
    predictor = Predictor.load(folder, device="cpu")
    image = torch.from_numpy(np.array(Image.open(photo))).movedim(-1, 0)
    with torch.no_grad():
        logits, _ = predictor.logits(image)
    enlarged = interpolate(logits, (33, 47), mode="bilinear", align_corners=False)[0]
    expected = torch.tensor([0, 1, 3])[enlarged[[0, 1, 3]].argmax(0)]
    assert torch.equal(predictor(photo, tags=["dog", "cat"]).mask.long(), expected)


def test_the_classes_that_are_seen_are_never_none():
    def seen(*shares, **options):
        return Prediction(torch.zeros(1, 1), ("a", "b", "c"), torch.tensor(shares)).seen(**options)

    assert seen(0.2, 0.6, 0.7) == [1, 2]
    assert seen(0.2, 0.4, 0.3) == [1]
    assert seen(0.2, 0.4, 0.3, threshold=0.25) == [1, 2]


@pytest.mark.parametrize("size", [(33, 47), (20, 90), (64, 48), (7, 5), (1, 1)])
def test_any_size(folder, size):
    predictor = Predictor.load(folder, scales=(0.5, 1.0, 1.3), flip=True, device="cpu")
    image = torch.randint(0, 256, (3, *size), dtype=torch.uint8)
    before = image.clone()
    prediction = predictor(image, probabilities=True)
    likely = prediction.probabilities
    assert likely.shape == (4, *size)
    torch.testing.assert_close(likely.sum(0), torch.ones(size))
    assert torch.equal(prediction.mask, likely.argmax(0).byte())
    assert prediction.class_probabilities.shape == (3,)
    assert torch.equal(image, before)


def test_scales_and_flips_are_the_mean_of_their_logits(folder):
    image = torch.randint(0, 256, (3, 40, 60), dtype=torch.uint8)
    predictor = Predictor.load(folder, scales=(1.0, 1.5), flip=True, device="cpu")
    model = load_model(folder, device="cpu")
    masks, tags = [], []
    for size in ((32, 48), (48, 72)):
        small = functional.resize(image, list(size), antialias=True)[None]
        for view, back in ((small, False), (small.flip(-1), True)):
            with torch.no_grad():
                output = model.network(model.network.normalise(view))
            mask = output.mask_logits.flip(-1) if back else output.mask_logits
            masks.append(interpolate(mask, (12, 18), mode="bilinear", align_corners=False))
            tags.append(output.class_logits)
    mask, tag = sum(masks) / 4, sum(tags) / 4
    mask[:, 1:] += 0.5 * tag.sigmoid().log()[:, :, None, None]
    expected = interpolate(mask, (40, 60), mode="bilinear", align_corners=False).softmax(1)[0]
    prediction = predictor(image, probabilities=True)
    torch.testing.assert_close(prediction.probabilities, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(prediction.class_probabilities, tag[0].sigmoid())


def released_test(model, image, sides):
    """The released test: a square of each side, logits enlarged to the photo, their mean."""
    size = (image.shape[-2], image.shape[-1])
    logits = []
    for side in sides:
        square = functional.resize(image, [side, side], antialias=True)[None]
        with torch.no_grad():
            output = model.network(model.network.normalise(square))
        full = output.mask_logits_at((side, side))
        logits.append(interpolate(full, size, mode="bilinear", align_corners=False))
    return (sum(logits) / len(logits)).softmax(1)


def test_squares_are_the_released_test(model):
    """What is left: logits are enlarged once, not twice, which is far less than the squares do."""
    torch.manual_seed(0)
    image = functional.resize(torch.randint(0, 256, (3, 4, 12), dtype=torch.uint8), [32, 96])
    theirs = released_test(model, image, (48, 64, 96))[0]
    apart = {}
    for resize in ("square", "aspect"):
        view = View(64, scales=(0.75, 1.0, 1.5), resize=resize)
        predictor = Predictor(replace(model, tag_weight=0.0), view)
        apart[resize] = (predictor(image, probabilities=True).probabilities - theirs).abs().mean()
    assert apart["square"] < 0.005
    assert apart["square"] < apart["aspect"] / 3


def test_a_model_remembers_its_test(model, tmp_path):
    test = {"scales": (0.75, 1.0), "resize": "square", "crf": True}
    view = View(48, **test)
    save_model(replace(model, view=view), tmp_path)
    image = torch.randint(0, 256, (3, 20, 30), dtype=torch.uint8)
    remembered = Predictor.load(tmp_path, device="cpu")
    assert_same(remembered(image), Predictor(model, view)(image))
    plain = Predictor.load(tmp_path, scales=[1.0], resize="aspect", crf=False, device="cpu")
    assert_same(plain(image), Predictor(model, view.plain())(image))


def test_a_mirrored_photo_gives_the_mirrored_mask(folder):
    image = torch.randint(0, 256, (3, 32, 48), dtype=torch.uint8)
    predictor = Predictor.load(folder, flip=True, device="cpu")
    plain, mirrored = (
        predictor(image, probabilities=True),
        predictor(image.flip(-1), probabilities=True),
    )
    torch.testing.assert_close(
        mirrored.probabilities.flip(-1), plain.probabilities, rtol=1e-4, atol=1e-5
    )


def test_a_crf_keeps_probabilities(folder):
    image = torch.randint(0, 256, (3, 20, 30), dtype=torch.uint8)
    prediction = Predictor.load(folder, crf=True, device="cpu")(image, probabilities=True)
    torch.testing.assert_close(prediction.probabilities.sum(0), torch.ones(20, 30))
    assert torch.equal(prediction.mask, prediction.probabilities.argmax(0).byte())


def test_a_large_photo_is_made_smaller_for_the_crf_alone(folder, photo, monkeypatch):
    predictor = Predictor.load(folder, crf=True, device="cpu")
    whole = predictor(photo)
    height, width = whole.mask.shape
    monkeypatch.setattr("getam.inference.predictor.CRF_PIXELS", height * width)
    assert torch.equal(predictor(photo).mask, whole.mask)
    monkeypatch.setattr("getam.inference.predictor.CRF_PIXELS", height * width // 4)
    image = as_tensor(photo)
    smaller = predictor(image, probabilities=True)
    assert (smaller.mask.shape, smaller.probabilities.shape[1:]) == (whole.mask.shape,) * 2
    half = (height // 2, width // 2)
    with torch.inference_mode():
        logits, tags = predictor.logits(image)
        logits = weigh_by_tags(logits, tags, predictor.tag_weight)
        given = interpolate(logits, half, mode="bilinear").softmax(1)
        sharp = dense_crf(given, functional.resize(image, half)[None], **PRESETS["test"])
        expected = interpolate(sharp, (height, width), mode="bilinear")[0]
    torch.testing.assert_close(smaller.probabilities, expected)
    assert torch.equal(smaller.mask, expected.argmax(0).byte())


def test_the_crf_is_the_one_of_the_released_test(folder):
    image = torch.randint(0, 256, (3, 20, 30), dtype=torch.uint8)
    plain, sharp = (
        Predictor.load(folder, crf=crf, device="cpu")(image, probabilities=True).probabilities
        for crf in (False, True)
    )
    bilateral = {"sxy": 83.0, "srgb": 5.0, "compat": 4.0}
    gaussian = {"gaussian_sxy": 3.0, "gaussian_compat": 3.0}
    expected = dense_crf(plain[None], image[None], **bilateral, **gaussian, iterations=20)[0]
    torch.testing.assert_close(sharp, expected)


@pytest.mark.parametrize(
    "image", [np.zeros((4, 5)), np.zeros((4, 5, 4)), torch.zeros(1, 3, 4, 5), torch.zeros(4, 5, 3)]
)
def test_other_shapes_are_refused(folder, image):
    with pytest.raises(ValueError, match=r"image must be an array \[H, W, 3\]"):
        Predictor.load(folder, device="cpu")(image)


@pytest.mark.parametrize("scales", [(), (0.0,), (1.0, -1.0)])
def test_senseless_scales(folder, scales):
    with pytest.raises(ValueError, match="scales must be above 0"):
        Predictor.load(folder, scales=scales, device="cpu")


def test_an_unknown_resize(folder):
    with pytest.raises(ValueError, match="resize must be one of aspect, square, got 'sqare'"):
        Predictor.load(folder, resize="sqare", device="cpu")


def test_photos_that_cannot_be_read(folder, tmp_path):
    predictor = Predictor.load(folder, device="cpu")
    (tmp_path / "text.jpg").write_text("no image")
    for path, kind in (
        (tmp_path / "none.jpg", FileNotFoundError),
        (tmp_path / "text.jpg", ValueError),
    ):
        with pytest.raises(kind, match=path.name) as error:
            predictor(path)
        assert "\n" not in str(error.value)


def test_models_that_cannot_be_read(folder, tmp_path):
    description = json.loads((folder / "model.json").read_text())
    broken = {name: shutil.copytree(folder, tmp_path / name) for name in ("cut", "bare", "empty")}
    weights = broken["cut"] / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    del description["extra"]["view"]
    (broken["bare"] / "model.json").write_text(json.dumps(description))
    (broken["empty"] / "model.json").unlink()
    for path, kind in (
        (broken["cut"], ValueError),
        (broken["bare"], ValueError),
        (broken["empty"], FileNotFoundError),
        (tmp_path / "none", FileNotFoundError),
    ):
        with pytest.raises(kind, match=path.name) as error:
            Predictor.load(path)
        assert "\n" not in str(error.value)
