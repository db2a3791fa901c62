"""A deliberately broken data set: every fault is listed, whatever else is wrong."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from data.scenes import write_photo
from PIL import Image, ImageOps

from getam.check import Checked, check_source
from getam.data import open_source, read_photo


def drawn(path: Path, seed: int) -> Path:
    """Write a smooth photo, which stays alike when it is made smaller."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colours = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(colours).resize((120, 90)).save(path)
    return path


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A table with one fault of every kind, and maps that are upside down."""
    photos = tmp_path / "photos"
    for number in range(24):
        drawn(photos / f"{number}.png", number)
        values = np.full((40, 40), 250, dtype=np.uint8)
        values[10:30, 10:30] = 5
        (tmp_path / "maps").mkdir(exist_ok=True)
        Image.fromarray(values).save(tmp_path / "maps" / f"{number}.png")
    shutil.copy(photos / "0.png", photos / "copy.png")
    Image.open(photos / "1.png").resize((100, 75)).save(photos / "near.jpg")
    (photos / "cut.png").write_bytes((photos / "2.png").read_bytes()[:99])
    write_photo(photos / "tiny.png", (20, 30), seed=1)
    (tmp_path / "maps" / "3.png").write_text("no map")
    rows = [f"photos/{n}.png,{'cat' if n % 2 else 'dog'},train" for n in range(20)]
    rows += [f"photos/{n}.png,boat;sea,{'train' if n < 23 else 'val'}" for n in range(20, 24)]
    rows += ["photos/copy.png,cat,val", "photos/near.jpg,cat,val", "photos/cut.png,cat,train"]
    rows += ["photos/tiny.png,Cat,train", "photos/gone.png,dog,train", "photos/4.png,dog,train"]
    (tmp_path / "tags.csv").write_text("\n".join(["image,labels,split", *rows]))
    return tmp_path


@pytest.fixture
def checked(broken: Path) -> Checked:
    table = broken / "tags.csv"
    return check_source(table, split="train", val="val", saliency=broken / "maps")


def test_every_fault_is_found_at_once(broken: Path, checked: Checked) -> None:
    names = {finding.topic: finding.names for finding in checked.findings}
    photos = broken / "photos"

    def at(*files: str) -> tuple[str, ...]:
        return tuple(str(photos / file) for file in files)

    missing = [f for f in checked.findings if f.topic == "missing saliency maps"]
    assert [finding.names for finding in missing] == [
        at("cut.png", "tiny.png"),
        at("copy.png", "near.jpg"),
    ]
    (cut,) = names["unreadable photos"]
    (map_,) = names["unreadable saliency maps"]
    assert (str(photos / "cut.png") in cut, str(broken / "maps" / "3.png") in map_) == (True, True)
    assert {topic: found for topic, found in names.items() if "unreadable" not in topic} == {
        "named twice": (("photos/4.png", "photos/4.png"),),
        "missing photos": ("photos/gone.png",),
        "missing saliency maps": at("copy.png", "near.jpg"),
        "few photos": ("Cat 1", "boat 3", "sea 3"),
        "classes together": (
            "boat with sea (3 of 3 photos)",
            "sea with boat (3 of 3 photos)",
        ),
        "spelling of classes": (("Cat", "cat"),),
        "tiny photos": (f"{photos / 'tiny.png'} (30 x 20)",),
        "equal photos in both parts": (at("0.png (train)", "copy.png (val)"),),
        "nearly equal photos in both parts": (at("1.png (train)", "near.jpg (val)"),),
        "copies with other labels": (at("0.png", "copy.png"),),
        "saliency upside down": (),
    }
    assert checked.has_errors
    kinds = [finding.kind == "warning" for finding in checked.findings]
    assert kinds == sorted(kinds)  # errors first
    assert all(finding.advice for finding in checked.findings)


def test_nothing_is_written(broken: Path) -> None:
    before = files(broken)
    check_source(broken / "tags.csv", split="train", val="val", saliency=broken / "maps")
    assert files(broken) == before


def test_the_counts_are_those_of_the_source(broken: Path, checked: Checked) -> None:
    train = checked.parts["train"]
    assert (train.photos, train.none, train.unlabelled) == (25, 0, 0)
    assert train.classes == {"Cat": 1, "boat": 3, "cat": 11, "dog": 10, "sea": 3}
    assert train.alone == {"Cat": 1, "boat": 0, "cat": 11, "dog": 10, "sea": 0}
    assert checked.parts["val"].classes == {"Cat": 0, "boat": 1, "cat": 2, "dog": 0, "sea": 1}
    assert checked.sizes == {"smallest": (30, 20), "middle": (120, 90), "largest": (120, 90)}
    quick = check_source(broken / "tags.csv", split="train", pixels=False)
    assert (quick.parts["train"], quick.sizes) == (train, {})


def test_the_same_photo_in_both_parts(voc: Path) -> None:
    checked = check_source(voc, val="val", pixels=False)
    (both,) = (f for f in checked.findings if f.topic == "photos in both parts")
    assert both.names == (str(voc / "JPEGImages" / "e.png"),)
    assert checked.parts["train"].photos == 4
    checked = check_source(voc, split="val", val="val", pixels=False)
    assert any("is left to train on" in finding.message for finding in checked.findings)


def test_photos_to_score_may_lack_a_class(tmp_path: Path) -> None:
    for number, place in enumerate(("train/cat", "train/dog", "val/dog", "val/yak")):
        drawn(tmp_path / place / f"{number}.png", number)
    checked = check_source(tmp_path, split="train", val="val", classes=["cat", "dog"])
    assert not checked.has_errors
    assert checked.parts["val"].classes == {"cat": 0, "dog": 1}


def test_labels_that_are_not_there(tmp_path: Path) -> None:
    drawn(tmp_path / "photos" / "1.png", 1)
    checked = check_source(tmp_path / "photos")
    assert ["has a label to train on" in finding.message for finding in checked.findings] == [True]
    (tmp_path / "tags.csv").write_text("image,cat,dog\nphotos/1,1,0\nphotos/2,0,1\nphotos/3,,\n")
    for seed in (2, 3):
        drawn(tmp_path / "photos" / f"{seed}.png", seed)
    found = {f.topic: f.names for f in check_source(tmp_path / "tags.csv").findings}
    assert found["photos without labels"] == (str(tmp_path / "photos" / "3.png"),)


def test_masks_that_cannot_be_scored(voc: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth"
    shutil.copytree(voc / "SegmentationClass", truth)
    for name in "ab":
        Image.fromarray(np.full((7, 7), 99, dtype=np.uint8)).save(truth / f"{name}.png")
    (found,) = (f for f in check_source(voc, truth=truth).findings if f.topic == "masks")
    assert len(found.names) == 2
    assert all(str(truth / f"{name}.png") in str(found.names) for name in "ab")


def test_real_photos_of_one_tile_in_both_parts(shared_data: Path) -> None:
    table = shared_data / "magnetic_tile" / "labels.csv"
    checked = check_source(table, split="train", val="val")
    (both,) = (f for f in checked.findings if f.topic == "nearly equal photos in both parts")
    assert len(both.names) > 30
    for group in both.names:  # the pictures themselves are compared, at a size without detail
        small = [
            np.asarray(read_photo(str(name).split(" (")[0]).convert("L").resize((16, 16)), float)
            for name in group
        ]
        first, *others = ((photo - photo.mean()) / photo.std() for photo in small)
        assert max((first * other).mean() for other in others) > 0.8
    assert not checked.has_errors


def test_real_saliency_maps_and_their_inverse(shared_data: Path, tmp_path: Path) -> None:
    animals = shared_data / "voc2012_animals"
    chosen = open_source(animals, split="val", saliency=animals / "saliency_csnet").records[:40]
    (tmp_path / "maps").mkdir()
    (tmp_path / "photos").mkdir()
    for record in chosen:
        assert record.saliency is not None
        shutil.copy(record.image, tmp_path / "photos")
        inverse = ImageOps.invert(Image.open(record.saliency).convert("L"))
        inverse.save(tmp_path / "maps" / record.saliency.name)
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps({record.id: record.labels for record in chosen}))
    for maps, said in ((tmp_path / "maps", True), (animals / "saliency_csnet", False)):
        checked = check_source(tmp_path / "photos", labels=labels, saliency=maps)
        assert any(f.topic == "saliency upside down" for f in checked.findings) == said
