"""A dropped file becomes a photo, or one line that says why not."""

import struct
import zlib
from pathlib import Path

import pytest
from data.scenes import write_photo
from PIL import Image

from getam.web import dropped as module
from getam.web import open_dropped


def write_bomb(path: Path, side: int = 9000) -> Path:
    """Write a PNG whose header promises side x side pixels, and that holds none of them."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"")), chunk(b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ValueError) as caught:
        open_dropped(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path.parent) not in message
    assert path.name in message
    return message


def test_a_photo_keeps_its_pixels_and_a_large_one_its_shape(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "small.png", (24, 32))
    with Image.open(path) as given:
        assert open_dropped(path).tobytes() == given.tobytes()
    Image.new("L", (3200, 1000)).save(tmp_path / "large.png")
    large = open_dropped(tmp_path / "large.png")
    assert (large.mode, large.size) == ("RGB", (1600, 500))


def test_texts_and_broken_photos_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("not a photo")
    assert "not an image" in refusal(tmp_path / "notes.jpg")
    broken = write_photo(tmp_path / "broken.png", (60, 60))
    broken.write_bytes(broken.read_bytes()[:2000])
    refusal(broken)
    (tmp_path / "empty.png").touch()
    refusal(tmp_path / "empty.png")


def test_bombs_are_refused_by_their_header(tmp_path: Path) -> None:
    assert "at most 50 million" in refusal(write_bomb(tmp_path / "bomb.png"))
    assert "178,956,970 pixels" in refusal(write_bomb(tmp_path / "bomb.png", side=60_000))


def test_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_MEBIBYTES", 0)
    assert "more than 0 MB" in refusal(write_photo(tmp_path / "photo.png"))
