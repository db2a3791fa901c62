"""Photos that cannot be read are left out before a run, whatever is wrong with them."""

import subprocess
import sys

import pytest
from PIL import Image

from getam.data import Record, Source, list_photos, readable, without_unreadable

from .scenes import write_photo


def test_without_unreadable_drops_bad_ones_or_stops(tmp_path, caplog):
    whole = write_photo(tmp_path / "whole.jpg", (64, 64)).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    png = write_photo(tmp_path / "png.png").read_bytes()
    (tmp_path / "cutpng.png").write_bytes(png[: len(png) // 2])
    (tmp_path / "text.jpg").write_text("no image")
    # Phones append films to photos, so the end marker is not always at the end.
    (tmp_path / "long.jpg").write_bytes(whole + bytes(10_000))
    source = list_photos(tmp_path)
    kept = without_unreadable(source)
    assert [record.id for record in kept.records] == ["long", "png", "whole"]
    assert readable(source) == kept
    assert len(caplog.messages) == 1
    assert "3 of 6 photos" in caplog.messages[0]
    with pytest.raises(ValueError, match="3 of 6"):
        without_unreadable(source, strict=True)


def test_without_unreadable_drops_a_photo_cut_behind_its_thumbnail(tmp_path):
    write_photo(tmp_path / "whole.jpg", (64, 64))
    whole = write_photo(tmp_path / "cut.jpg", (64, 64)).read_bytes()
    thumbnail = b"\xff\xe1\x00\x08thu\x00\xff\xd9"  # an APP1 segment with an end marker
    (tmp_path / "cut.jpg").write_bytes(whole[:2] + thumbnail + whole[2 : len(whole) // 2])
    assert [record.id for record in without_unreadable(list_photos(tmp_path)).records] == ["whole"]


def test_without_unreadable_drops_a_photo_too_large_to_decode(tmp_path, monkeypatch, caplog):
    write_photo(tmp_path / "large.jpg", (64, 64))
    write_photo(tmp_path / "small.jpg", (16, 16))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1024)  # twice as many are an error
    assert [record.id for record in without_unreadable(list_photos(tmp_path)).records] == ["small"]
    assert "large.jpg" in caplog.messages[0]


def test_without_unreadable_stops_when_nothing_is_left(tmp_path):
    (tmp_path / "text.jpg").write_text("no image")
    with pytest.raises(ValueError, match="1 of 1"):
        without_unreadable(list_photos(tmp_path))


def test_without_unreadable_drops_a_photo_with_a_broken_saliency_map(tmp_path):
    for name in ("a", "b"):
        Image.new("RGB", (40, 30), "red").save(tmp_path / f"{name}.jpg")
        Image.new("L", (40, 30)).save(tmp_path / f"{name}.png")
    broken = tmp_path / "b.png"
    broken.write_bytes(broken.read_bytes()[:40])
    records = tuple(
        Record(id=n, image=tmp_path / f"{n}.jpg", labels=(), saliency=tmp_path / f"{n}.png")
        for n in ("a", "b")
    )
    kept = without_unreadable(Source(records=records, classes={}))
    assert [record.id for record in kept.records] == ["a"]


HANGS = """
import sys, time
from getam.data import check, list_photos

decode = check.check_photo
check.check_photo = lambda path: time.sleep(600) if path.stem == "b" else decode(path)
check.DECODE_TIMEOUT = 0.5
try:
    check.without_unreadable(list_photos(sys.argv[1]))
except TimeoutError as error:
    print(error)
"""


def test_a_photo_that_hangs_its_decoder_is_named_and_holds_no_program_up(tmp_path):
    for name in "abc":
        write_photo(tmp_path / f"{name}.jpg")
    program = [sys.executable, "-c", HANGS, str(tmp_path)]
    said = subprocess.run(program, capture_output=True, text=True, timeout=120, check=True).stdout
    assert said.startswith(f"the photo {tmp_path / 'b.jpg'} was not decoded within 0.5 seconds")
