"""Folders of masks: values against the confusion matrix, and every broken folder."""

import numpy as np
import pytest
import torch
from PIL import Image

from getam.evaluation import ConfusionMatrix, read_class_names, read_mask, score_folders

NAMES = ["background", "cat", "dog"]


def write(folder, stem, values, *, mode="L"):
    folder.mkdir(exist_ok=True)
    picture = Image.fromarray(np.asarray(values, dtype=np.uint8))
    if mode == "P":
        picture.putpalette(bytes(range(256)) * 3)
    picture.save(folder / f"{stem}.png")


@pytest.fixture
def folders(tmp_path):
    """Three truths (palette) with their predictions (grey)."""
    generator = np.random.default_rng(0)
    for stem in "abc":
        shape = tuple(generator.integers(4, 9, 2))
        write(tmp_path / "truth", stem, generator.choice([0, 1, 2, 255], shape), mode="P")
        write(tmp_path / "predictions", stem, generator.choice([0, 1, 2, 255], shape))
    return tmp_path / "predictions", tmp_path / "truth"


def counted(folders, stems):
    matrix = ConfusionMatrix(3)
    for stem in stems:
        prediction, truth = (
            torch.from_numpy(np.array(Image.open(f / f"{stem}.png"))) for f in folders
        )
        matrix.update(truth, prediction)
    return matrix


@pytest.mark.parametrize("only", [None, ["dog"]])
def test_whole_folder(folders, only):
    scores = score_folders(*folders, classes=NAMES, only=only)
    expected = counted(folders, "abc").scores(NAMES, only=only).to_dict()
    assert {**scores.to_dict(), "seconds": None} == expected
    assert scores.seconds > 0


def test_a_class_whose_value_is_255(folders):
    names = ["background", *(f"c{value}" for value in range(1, 256))]
    with pytest.raises(ValueError, match="'c255' has the value 255 in masks, which means ignored"):
        score_folders(*folders, classes=names)


def test_files_of_classes_and_ids(folders, tmp_path):
    (tmp_path / "classes.txt").write_text("background\ncat\ndog\n\n")
    (tmp_path / "ids.txt").write_text("c\n\na\nc\n")
    (folders[0] / "b.png").unlink()
    scores = score_folders(*folders, classes=tmp_path / "classes.txt", ids=tmp_path / "ids.txt")
    assert scores.images == 2
    assert scores.iou == counted(folders, "ac").scores(NAMES).iou


def test_missing_folder_and_files(folders, tmp_path):
    predictions, truth = folders
    with pytest.raises(FileNotFoundError, match="truth: .*nowhere is not a folder"):
        score_folders(predictions, tmp_path / "nowhere", classes=NAMES)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="predictions: no PNG in .*empty"):
        score_folders(tmp_path / "empty", truth, classes=NAMES)
    write(tmp_path / "other", "z", [[0]])
    with pytest.raises(FileNotFoundError, match="no file in .*other has the name of one in"):
        score_folders(tmp_path / "other", truth, classes=NAMES)
    with pytest.raises(FileNotFoundError, match="truth: 1 of 2 masks .* first is z.png"):
        score_folders(predictions, truth, classes=NAMES, ids=["a", "z"])
    (predictions / "b.png").unlink()
    (predictions / "c.png").unlink()
    with pytest.raises(FileNotFoundError, match="predictions: 2 of 3 masks .* first is b.png"):
        score_folders(predictions, truth, classes=NAMES)


def test_broken_masks(folders):
    predictions, truth = folders
    write(predictions, "a", [[0, 1]])
    with pytest.raises(ValueError, match=r"a.png against .*a.png: prediction must have"):
        score_folders(predictions, truth, classes=NAMES)
    write(truth, "a", [[0, 7]])
    with pytest.raises(ValueError, match=r"truth must hold 0..2 or 255, got the value 7"):
        score_folders(predictions, truth, classes=NAMES)
    Image.new("RGB", (2, 1)).save(predictions / "a.png")
    with pytest.raises(ValueError, match=r"a.png: cannot be read .* be a palette .* got mode RGB"):
        score_folders(predictions, truth, classes=NAMES)


def moved(folder, stem, to):
    """Move a mask, here into a sub-folder."""
    path = folder / f"{to}.png"
    path.parent.mkdir(exist_ok=True)
    return (folder / f"{stem}.png").rename(path)


def test_trees_are_matched_by_path_or_by_a_stem_that_is_there_once(folders):
    predictions, truth = folders
    expected = counted(folders, "abc").scores(NAMES).to_dict()
    moved(predictions, "a", "x/a")  # by its stem
    moved(predictions, "b", "x/1")  # by their paths: there are two of the stem 1
    moved(truth, "b", "x/1")
    moved(predictions, "c", "y/1")
    moved(truth, "c", "y/1")
    assert {**score_folders(*folders, classes=NAMES).to_dict(), "seconds": None} == expected
    scores = score_folders(*folders, classes=NAMES, ids=["a", "y/1"])
    assert scores.images == 2
    with pytest.raises(FileNotFoundError, match="truth: 1 of 1 masks .* first is 1.png"):
        score_folders(*folders, classes=NAMES, ids=["1"])
    moved(predictions, "x/1", "z/1")
    with pytest.raises(FileNotFoundError, match="predictions: 1 of 3 masks .* first is x/1.png"):
        score_folders(*folders, classes=NAMES)


def test_every_truncation_is_one_clear_error(tmp_path):
    generator = np.random.default_rng(1)
    write(tmp_path, "whole", generator.integers(0, 200, (40, 40)))
    content = (tmp_path / "whole.png").read_bytes()
    for length in (0, 10, 30, 60, len(content) // 2):
        (tmp_path / "cut.png").write_bytes(content[:length])
        with pytest.raises(ValueError, match="cut.png: cannot be read as a mask"):
            read_mask(tmp_path / "cut.png")


def test_classes_and_ids_that_cannot_be(folders, tmp_path):
    with pytest.raises(FileNotFoundError, match="classes: .*none.txt is not a file"):
        score_folders(*folders, classes=tmp_path / "none.txt")
    with pytest.raises(ValueError, match="at least two different names"):
        read_class_names(["background", "cat", "cat"])
    (tmp_path / "gap.txt").write_text("background\n\ncat\n")
    with pytest.raises(ValueError, match="line 2 of .*gap.txt is empty"):
        read_class_names(tmp_path / "gap.txt")
    (tmp_path / "ids.txt").write_text("\n")
    with pytest.raises(ValueError, match="ids must list at least one stem"):
        score_folders(*folders, classes=NAMES, ids=tmp_path / "ids.txt")


def test_real_masks_against_themselves(shared_data):
    root = shared_data / "voc2012_animals"
    ids = (root / "ImageSets/Segmentation/val.txt").read_text().split()[:20]
    masks = root / "SegmentationClassAug"
    scores = score_folders(masks, masks, classes=root / "classes.txt", only=["dog", "cat"], ids=ids)
    assert list(scores.iou) == ["background", "cat", "dog"]
    assert scores.miou == 1.0
    assert scores.ignored_share == 0.0
