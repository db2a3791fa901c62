"""Photos of every real kind come out as the RGB values one would compute by hand."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from getam.data import photo_size, read_photo

from .scenes import write_photo


def saved(image: Image.Image, path: Path, **options: object) -> np.ndarray:
    image.save(path, **options)
    photo = read_photo(path)
    assert photo.mode == "RGB"
    assert photo_size(path) == (photo.height, photo.width)
    return np.asarray(photo)


@pytest.fixture
def grey() -> np.ndarray:
    return np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


def test_grey_and_one_bit(tmp_path, grey):
    assert (saved(Image.fromarray(grey), tmp_path / "a.png") == grey[..., None]).all()
    bits = Image.fromarray(grey > 100)
    assert bits.mode == "1"
    assert (saved(bits, tmp_path / "b.png") == 255 * (grey > 100)[..., None]).all()


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_scales_65535_to_255(tmp_path, suffix):
    values = np.array([[0, 257, 32768, 65535]], dtype=np.uint16)
    read = saved(Image.fromarray(values), tmp_path / f"a.{suffix}")
    assert read[0, :, 0].tolist() == [0, 1, 128, 255]


def test_float_tiff_scales_1_to_255_and_refuses_other_ranges(tmp_path):
    read = saved(Image.fromarray(np.array([[0, 0.5, 1]], np.float32)), tmp_path / "a.tif")
    assert read[0, :, 0].tolist() == [0, 128, 255]
    Image.fromarray(np.array([[0, 300]], np.float32)).save(tmp_path / "b.tif")
    with pytest.raises(ValueError, match=r"b\.tif.*must lie in 0\.\.1"):
        read_photo(tmp_path / "b.tif")


def test_palette_with_and_without_transparency(tmp_path):
    image = Image.fromarray(np.array([[0, 1]], np.uint8), mode="P")
    image.putpalette([10, 20, 30, 200, 100, 50])
    assert saved(image, tmp_path / "a.png").tolist() == [[[10, 20, 30], [200, 100, 50]]]
    read = saved(image, tmp_path / "b.png", transparency=0)
    assert read.tolist() == [[[255, 255, 255], [200, 100, 50]]]


def test_alpha_is_laid_over_white(tmp_path):
    rgba = np.array([[[100, 0, 0, 255], [100, 0, 0, 0], [0, 0, 0, 51]]], np.uint8)
    read = saved(Image.fromarray(rgba), tmp_path / "a.png")
    assert read.tolist() == [[[100, 0, 0], [255, 255, 255], [204, 204, 204]]]
    la = np.array([[[80, 255], [80, 0]]], np.uint8)
    assert saved(Image.fromarray(la), tmp_path / "b.png")[0, :, 0].tolist() == [80, 255]


def test_cmyk(tmp_path):
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[..., 0] = 255
    read = saved(Image.fromarray(pixels, mode="CMYK"), tmp_path / "a.jpg", quality=100)
    assert np.abs(read.astype(int) - [0, 255, 255]).max() <= 3


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: a[::-1, ::-1]),
        (6, lambda a: np.rot90(a, -1)),
        (8, lambda a: np.rot90(a)),
    ],
)
def test_exif_rotation(tmp_path, grey, orientation, upright):
    exif = Image.Exif()
    exif[0x0112] = orientation
    read = saved(Image.fromarray(grey), tmp_path / "a.png", exif=exif)
    assert (read[..., 0] == upright(grey)).all()


def test_damage_is_one_line(tmp_path):
    whole = write_photo(tmp_path / "whole.jpg", (64, 64)).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.png").touch()
    for name, reason in {"cut.jpg": "truncated", "text.png": "not an", "empty.png": "not"}.items():
        with pytest.raises(ValueError, match=f"{name}: .*{reason}") as caught:
            read_photo(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(FileNotFoundError, match=r"missing\.png"):
        read_photo(tmp_path / "missing.png")
    with pytest.raises(ValueError, match="not an image"):
        photo_size(tmp_path / "text.png")
