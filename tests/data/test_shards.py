"""Shards of WebDataset are opened like a folder of the same photos."""

import io
import json
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.scenes import write_photo
from getam.cli.main import main
from getam.data import PhotoDataset, list_photos, open_source
from getam.data.shards import shards_at


def pack(tar: Path, files: dict[str, bytes]) -> Path:
    tar.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(tar, "w") as shard:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            shard.addfile(member, io.BytesIO(content))
    return tar


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Two shards of two photos, with tags of every kind."""
    photos = [write_photo(tmp_path / f"{n}.png", seed=n).read_bytes() for n in range(4)]
    folder = tmp_path / "shards"
    cls, text = b"cat\n", "café; dog\n".encode()
    pack(folder / "000.tar", {"a/1.png": photos[0], "a/1.cls": cls, "a/2.x.png": photos[1]})
    known = json.dumps({"labels": ["dog"], "width": 32}).encode()
    pack(
        folder / "001.tar",
        {"1.json": known, "1.txt": b"a caption", "1.png": photos[2], "2.PNG": photos[3]}
        | {"2.txt": text},
    )
    return folder


def test_a_folder_a_pattern_and_a_file_are_shards(shards):
    both = [shards / "000.tar", shards / "001.tar"]
    assert shards_at(shards) == shards_at(shards / "{000..001}.tar") == both
    assert shards_at(shards / "001.tar") == both[1:]
    write_photo(shards / "3.png")  # a folder of photos may hold a tar too
    assert shards_at(shards) == []
    assert shards_at(shards / "0.tar") == []


def test_photos_and_tags(shards):
    source = open_source(shards)
    assert {record.id: record.labels for record in source.records} == {
        "000.tar/a/1": ("cat",),
        "001.tar/1": ("dog",),
        "001.tar/2": ("café", "dog"),
    }
    assert source.classes == {"café": 1, "cat": 2, "dog": 3} or list(source.classes) == sorted(
        ["cat", "dog", "café"]
    )
    assert [r.id for r in list_photos(shards / "001.tar").records] == ["1", "2"]
    with pytest.raises(ValueError, match=r"carry their own tags: leave out x \(--split\)"):
        open_source(shards, split="x")


def test_the_photos_are_those_that_were_packed(shards):
    packed = PhotoDataset(list_photos(shards))
    for sample, name in zip((packed[i] for i in range(len(packed))), (0, 2, 3), strict=True):
        alone = list_photos(shards.parent / f"{name}.png")
        np.testing.assert_array_equal(sample.image, PhotoDataset(alone)[0].image)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"1.jpg": b"", "1.png": b""}, "two photos of one name: 1.jpg and 1.png"),
        ({"1.jpg": b"", "1.json": b"[" * 100_000}, "cannot read the tags .*000.tar/1.json: "),
        ({"1.jpg": b"", "1.json": b'{"label": 3}'}, "they must be an object such as"),
        ({"1.jpg": b"", "1.cls": b"\xff"}, "cannot read the tags .*000.tar/1.cls: 'utf-8'"),
        ({"1.jpg": b"", "1.txt": b"a" * 2**21}, "they have more than 1,048,576 bytes"),
        ({"1.txt": b"a"}, "there is no photo in the shards"),
    ],
)
def test_malformed_shards_are_one_line(files, reason, tmp_path):
    with pytest.raises((ValueError, FileNotFoundError), match=reason):
        open_source(pack(tmp_path / "000.tar", files))


def test_a_shard_of_a_pattern_that_is_missing_is_named(shards):
    with pytest.raises(FileNotFoundError, match="002.tar"):
        open_source(shards / "{000..002}.tar")


def test_a_pattern_of_too_many_shards_is_one_line(tmp_path):
    for name, count in (("{0..9999999999}", "10,000,000,000"), ("{2..1}", "0")):
        with pytest.raises(ValueError, match=rf"stands for {count} shards: give 1 to 1,000,000"):
            open_source(tmp_path / f"{name}.tar")


def test_masks_of_hostile_names_stay_below_the_output_folder(folder, tmp_path):
    names = ("../../1.png", "/etc/2.png", "a/../../../3.png", "./4.png", "c:\\5.png")
    photo = write_photo(tmp_path / "photo.png").read_bytes()
    pack(tmp_path / "in" / "0.tar", dict.fromkeys(names, photo))
    given = ["--model", str(folder), "--device", "cpu", "--workers", "0"]
    given += ["--images", str(tmp_path / "in" / "0.tar"), "--out", str(tmp_path / "in" / "out")]
    assert main(["predict", *given]) == 0
    written = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.png")}
    assert len(written) == len(names) + 1
    assert all(name.startswith("in/out/") for name in written - {"photo.png"})


def test_predict_writes_what_it_writes_for_a_folder(folder, shards, tmp_path):
    for tar in shards.iterdir():
        with tarfile.open(tar) as opened:
            opened.extractall(tmp_path / "photos" / tar.name, filter="data")
    given = ["--model", str(folder), "--device", "cpu", "--workers", "0"]
    (tmp_path / "photos" / "000.tar" / "a" / "2.x.png").unlink()
    for images, out in ((shards, "packed"), (tmp_path / "photos", "plain")):
        assert main(["predict", *given, "--images", str(images), "--out", str(tmp_path / out)]) == 0
    files = sorted((tmp_path / "plain").rglob("*.png"))
    assert len(files) == 3
    for file in files:
        packed = tmp_path / "packed" / file.relative_to(tmp_path / "plain")
        assert packed.read_bytes() == file.read_bytes()


def test_the_example_packs_what_is_opened_again(tmp_path):
    import runpy

    for name in ("cat/1", "cat/2", "dog/1"):
        write_photo(tmp_path / "photos" / f"{name}.png")
    example = Path(__file__).parents[2] / "examples" / "pack_shards.py"
    argv, sys.argv = sys.argv, ["", str(tmp_path / "photos"), str(tmp_path / "packed"), "2"]
    try:
        runpy.run_path(str(example), run_name="__main__")
    finally:
        sys.argv = argv
    assert [path.name for path in sorted((tmp_path / "packed").iterdir())] == ["000.tar", "001.tar"]
    packed, plain = open_source(tmp_path / "packed"), open_source(tmp_path / "photos")
    assert packed.classes == plain.classes
    assert [r.labels for r in packed.records] == [r.labels for r in plain.records]
    assert replace(packed, records=()).has_truth is False
