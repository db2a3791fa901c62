"""Masks that are made already find their photos."""

import logging
from pathlib import Path

import numpy as np
import pytest
from data.scenes import write_photo

from export.examples import CLASSES, masks, write_masks
from getam.data import Source, list_photos
from getam.evaluation import read_mask
from getam.export import MaskFile, copy_masks, masks_in
from getam.export.mask_file import photo_names
from getam.outputs import OutputFolder
from getam.report import save_mask


@pytest.fixture
def photos(tmp_path: Path) -> Source:
    """The photos of the examples, whose masks lie in ``made``."""
    write_masks(tmp_path, "made")
    return list_photos(tmp_path / "photos")


def folder_for(source: Source, path: Path) -> OutputFolder:
    return OutputFolder(path, {}, photos={r.id: r.image for r in source.records})


def test_every_mask_is_copied(photos: Source, tmp_path: Path) -> None:
    out = folder_for(photos, tmp_path / "out")
    assert len(copy_masks(photos, tmp_path / "made", out, classes=CLASSES)) == len(masks())
    for name, mask in masks().items():
        assert (read_mask(tmp_path / "out" / f"{name}.png").numpy() == mask).all()


def test_a_mask_that_was_corrected_since_is_copied_again(photos: Source, tmp_path: Path) -> None:
    made = tmp_path / "made"
    copy_masks(photos, made, folder_for(photos, tmp_path / "out"), classes=CLASSES)
    save_mask(made / "full.png", np.ones((8, 9), np.uint8))
    copy_masks(photos, made, folder_for(photos, tmp_path / "out"), classes=CLASSES)
    assert (read_mask(tmp_path / "out" / "full.png") == 1).all()


def test_photos_without_a_mask_are_counted_and_left_out(
    photos: Source, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "made" / "full.png").unlink()
    found, source = masks_in(photos, tmp_path / "made")
    assert {mask.id for mask in found} == {r.id for r in source.records} == {*masks()} - {"full"}
    assert caplog.messages == [
        f"1 photos of {photos.name} have no mask in {tmp_path / 'made'}: left out"
    ]


def test_no_mask_at_all_is_an_error(photos: Source, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"the mask of .* would be .*\.png"):
        masks_in(photos, tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [(np.full((8, 9), 2), "holds 2, which is the value of no class"), (np.ones((9, 8)), "size")],
)
def test_wrong_masks_are_refused(
    wrong: np.ndarray, message: str, photos: Source, tmp_path: Path
) -> None:
    save_mask(tmp_path / "made" / "full.png", wrong.astype(np.uint8))
    out = folder_for(photos, tmp_path / "out")
    with pytest.raises(ValueError, match=message):
        copy_masks(photos, tmp_path / "made", out, classes=CLASSES)


def test_names_are_relative_to_the_folder_that_all_photos_share(tmp_path: Path) -> None:
    places = ["x/a/1.png", "x/b/2.png"]
    made = [MaskFile(p, write_photo(tmp_path / p), tmp_path / "any.png") for p in places]
    assert photo_names(made) == (tmp_path / "x", ["a/1.png", "b/2.png"])
    assert photo_names(made[:1]) == (tmp_path / "x" / "a", ["1.png"])
