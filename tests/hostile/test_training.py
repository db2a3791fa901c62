"""Hostile photos change nothing of what is learnt from the others."""

import json
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from data.scenes import write_photo
from PIL import Image
from training.conftest import RECIPE

from getam.cli.train import open_parts
from getam.data import Record, Source, open_source, without_unreadable
from getam.network import Network, build_network
from getam.training import train

PLAIN = replace(RECIPE, epochs=1, saliency_weight=0.0, rule="thresholds", crop=32)


def empty(path: Path) -> None:
    path.touch()


def text(path: Path) -> None:
    path.write_text("no photo")


def cut(path: Path) -> None:
    whole = write_photo(path, (64, 64)).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def damaged_inside(path: Path) -> None:
    """A JPEG with header and end, and nothing in between that can be decoded."""
    whole = write_photo(path.with_suffix(".jpg"), (64, 64)).read_bytes()
    path.with_suffix(".jpg").unlink()
    tables = whole.index(b"\xff\xc4")
    path.write_bytes(whole[: tables + 5] + b"\xff" * 16 + whole[tables + 21 :])


def too_large(path: Path) -> None:
    Image.new("L", (8, 8)).save(path)
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack(">II", 20_000, 20_000)  # the size in its header
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def script(path: Path) -> None:
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")


HOSTILE: list[Callable[[Path], None]] = [
    *(cut, damaged_inside, too_large, pipe, empty, text, loop, script),
]


def write_photos(root: Path, count: int, hostile: bool) -> Path:
    """Write photos of three classes. Of those with hostile ones, one in ten is hostile."""
    for index in range(count):
        folder = root / ("cat", "cow", "dog")[index % 3]
        write_photo(folder / f"{index:03d}.png", (30 + index % 7, 34), seed=index)
        if hostile and index % 9 == 0:
            HOSTILE[index // 9 % len(HOSTILE)](folder / f"{index:03d}b.png")
    return root


def test_each_is_found_and_has_its_reason(tmp_path: Path) -> None:
    for make in HOSTILE:
        make(tmp_path / f"{make.__name__}.png")
    write_photo(tmp_path / "whole.png")
    records = tuple(Record(path.stem, path) for path in sorted(tmp_path.iterdir()))
    checked = without_unreadable(Source(records, {}))
    assert [record.id for record in checked.records] == ["whole"]
    reasons = {path.stem: reason for path, reason in (checked.left_out or {}).items()}
    assert len(reasons) == len(HOSTILE)
    assert "178,956,970 pixels" in reasons["too_large"]
    assert "truncated" in reasons["cut"]
    assert "there is no photo" in reasons["pipe"]
    assert "not an image" in reasons["script"]  # Pillow would start a PostScript interpreter
    assert without_unreadable(checked, strict=True) is checked


def test_training_equals_that_on_the_clean_photos_bit_for_bit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def network() -> Network:
        torch.manual_seed(0)
        return build_network("getam_vit_nano", 3, pretrained=False, decoder_width=4)

    mixed = write_photos(tmp_path / "mixed" / "data", 18, hostile=True)
    clean = write_photos(tmp_path / "clean" / "data", 18, hostile=False)
    first, second = tmp_path / "first", tmp_path / "second"
    few = replace(PLAIN, batch_size=6)
    train(network(), open_source(mixed), first, recipe=few, device="cpu", workers=0)
    train(network(), open_source(clean), second, recipe=few, device="cpu", workers=0)
    names = ("model.safetensors", "train_photos.json", "metrics.jsonl")
    assert [(first / name).read_bytes() for name in names[:2]] == [
        (second / name).read_bytes() for name in names[:2]
    ]
    listed = json.loads((first / "left_out.json").read_text())
    assert sorted(listed) == sorted(str(path) for path in mixed.rglob("*b.png"))
    assert len(listed) == 2
    assert all(reason and "\n" not in reason for reason in listed.values())
    assert sum("2 of 20 photos" in line for line in caplog.messages) == 1
    assert not (second / "left_out.json").exists()


def test_the_photos_that_are_held_out_are_the_same(tmp_path: Path) -> None:
    parts = [
        open_parts(
            dict.fromkeys(("labels", "none", "truth", "saliency", "split", "classes", "corrected"))
            | {"data": write_photos(tmp_path / str(hostile) / "data", 108, hostile=hostile)}
            | {"strict": False, "val": None, "held_out": True}
        )
        for hostile in (True, False)
    ]
    (mixed, mixed_val), (clean, clean_val) = parts
    assert mixed_val is not None
    assert clean_val is not None
    assert len(clean_val) > 0
    assert [r.id for r in mixed_val.records] == [r.id for r in clean_val.records]
    assert [r.id for r in mixed.records] == [r.id for r in clean.records]
