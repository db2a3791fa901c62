"""An explorer finds what predict, label and explain find."""

from dataclasses import replace

import pytest
import torch
from data.scenes import CLASSES
from PIL import Image

from getam.activation import METHODS
from getam.explain import explain, timm_classifier
from getam.inference import Predictor, label_photos
from getam.model import Model
from getam.web import Choice, ClassifierExplorer, Explorer, RunExplorer


@pytest.fixture(scope="module")
def explorer(model: Model) -> Explorer:
    """A run with class values that are no indices."""
    return RunExplorer(replace(model, classes={"cat": 10, "cow": 20, "dog": 30}))


@pytest.fixture(scope="module")
def photo(voc) -> Image.Image:
    """The photo "b", which shows two classes."""
    return Image.open(voc / "JPEGImages" / "b.png").convert("RGB")


def test_it_begins_with_the_settings_of_the_run(model: Model) -> None:
    start = RunExplorer(model).start
    assert start == Choice("getam", 3, low=0.25, high=0.55)
    labeller = replace(model.labeller, rule="thresholds", settings={"low": 0.4})
    assert RunExplorer(replace(model, labeller=labeller)).start == replace(start, low=0.4)
    labeller = replace(model.labeller, rule="paper", settings={"opening": 5})
    assert RunExplorer(replace(model, labeller=labeller)).start == start


def test_chosen_classes_give_the_pseudo_label_of_getam_label(
    explorer: RunExplorer, model: Model, photo: Image.Image, source
) -> None:
    choice = replace(explorer.start, classes=(2, 1), method="attention", first_block=1, low=0.3)
    found = explorer(photo, choice)
    assert set(found.maps) == {"cow", "dog"}
    labeller = replace(
        model.labeller,
        method="attention",
        first_block=1,
        rule="thresholds",
        settings={"low": 0.3, "high": 0.55},
    )
    records = tuple(replace(r, saliency=None) for r in source.records if r.id == "b")
    (given,) = label_photos(
        replace(model, labeller=labeller), replace(source, records=records), workers=0
    )
    values = torch.tensor([0, 10, 20, 30] + [255] * 252)
    assert torch.equal(found.masks["pseudo label"], values[given.label_at_photo_size().long()])
    assert torch.equal(found.maps["cow"], given.refined_maps[given.classes.index(1)])
    mask = Predictor(model)(photo, tags=["cow", "dog"]).mask
    assert torch.equal(found.masks["mask"], values[mask.long()])


def test_without_a_choice_the_network_chooses(explorer: RunExplorer, photo: Image.Image) -> None:
    prediction = Predictor(explorer.model)(photo)
    found = explorer(photo, explorer.start)
    likely = prediction.class_probabilities
    assert list(found.probabilities.values()) == likely.tolist()
    assert list(found.maps) == [
        CLASSES[c] for c in likely.argsort(descending=True).tolist() if c in prediction.seen()
    ]
    assert (found.masks["mask"] // 10 == prediction.mask).all()


def test_the_mask_holds_no_class_that_is_not_chosen(
    explorer: RunExplorer, photo: Image.Image
) -> None:
    for number in range(3):
        found = explorer(photo, replace(explorer.start, classes=(number,)))
        assert set(found.masks["mask"].unique().tolist()) <= {0, 10 * (number + 1)}


def test_the_likeliest_class_stands_first(explorer: RunExplorer, source) -> None:
    for record in source.records:
        picture = Image.open(record.image).convert("RGB")
        found = explorer(picture, replace(explorer.start, classes=(0, 1, 2)))
        likely = found.probabilities
        assert list(found.maps) == sorted(likely, key=lambda name: -likely[name])


def test_every_method_that_is_offered_works(explorer: RunExplorer, photo: Image.Image) -> None:
    assert set(METHODS) - set(explorer.methods) == {"hgi", "hgi_attention"}
    for method in explorer.methods:
        explorer(photo, Choice(method, explorer.depth - 1, classes=(0,)))
    with pytest.raises(ValueError, match="method must be one of"):
        explorer(photo, Choice("nothing", 0, classes=(0,)))


@pytest.mark.parametrize("size", [(1, 1), (400, 1), (1, 400)])
def test_no_shape_of_a_photo_is_too_odd(explorer: RunExplorer, size: tuple[int, int]) -> None:
    found = explorer(Image.new("RGB", size), explorer.start)
    assert found.masks["mask"].shape == found.masks["pseudo label"].shape == size[::-1]


def test_a_classifier_is_explained_without_a_run(photo: Image.Image) -> None:
    torch.manual_seed(0)
    classifier = timm_classifier("vit_tiny_patch16_224", pretrained=False, device="cpu")
    explorer = ClassifierExplorer(classifier)
    assert (explorer.names[0], explorer.names[134]) == ("tench", "crane (134)")
    assert explorer.start == Choice("getam", 6)
    found = explorer(photo, replace(explorer.start, classes=(134, 0)))
    expected = explain(classifier, photo, classes=[134, 0], first_block=6)
    assert list(found.maps) == ["crane (134)", "tench"]
    assert torch.equal(found.maps["tench"], expected.maps["getam"][1])
    assert (found.masks, found.photo.size) == ({}, (224, 224))
    assert len(explorer(photo, explorer.start).maps) == 3
    without_blocks = ClassifierExplorer(replace(classifier, model=torch.nn.Identity()))
    assert (without_blocks.depth, without_blocks.start.first_block) == (24, 12)
