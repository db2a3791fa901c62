"""Small files of every kind that getam reads, what reads each, and how to damage them.

`benchmarks/fuzz.py` and the tests use them.
"""

import copy
import csv
import io
import json
import random
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image
from pycocotools import mask as coco_mask

from getam.cli.settings_file import read_settings
from getam.data import open_source, photo_size, read_labels, read_photo
from getam.data.class_list import read_class_list
from getam.data.label_map import read_label_map
from getam.data.photo import check_photo
from getam.data.voc_classes import VOC_CLASSES
from getam.evaluation.folders import read_mask
from getam.export.brush import pack_region
from getam.export.from_label_studio import masks_from_label_studio
from getam.files import whole_file
from getam.model import Model, View, load_model, save_model
from getam.network import build_network
from getam.network.weights import read_state_dict
from getam.places import place_below
from getam.pseudo_label import Labeller
from getam.recipe import Facts, recipe_for

Files = Mapping[str, bytes]
"""Content by the path below a folder."""


@dataclass(frozen=True)
class Kind:
    """A kind of file says what reads it.

    Attributes
    ----------
    name
        The file that is damaged, below a folder that holds the others of `beside`.
    read
        It reads the folder as getam does, and writes only below the second folder.
    passes
        Whether a damaged file still looks like one of its kind, so that the reader goes on.
    share
        How many mutants are made of it, relative to the others.
    beside
        The other files that the reader needs.
    """

    name: str
    read: Callable[[Path, Path], None]
    passes: Callable[[bytes], bool]
    share: float = 1.0
    beside: Files | None = None


def corpus(real: Path | None = None) -> list[tuple[str, bytes]]:
    """Return pairs of kind and content: sound files, some of them real photos if there are any."""
    made = [(kind, data) for kind, many in _made().items() for data in many]
    photos = sorted((real / "voc2012_animals" / "JPEGImages").glob("*.jpg"))[:12] if real else []
    masks = (
        sorted((real / "voc2012_animals" / "SegmentationClass").glob("*.png"))[:4] if real else []
    )
    made += [("photo", photo.read_bytes()) for photo in photos]
    return made + [("mask", mask.read_bytes()) for mask in masks]


def damaged(data: bytes, other: bytes, draw: random.Random) -> bytes:
    """Return a mutant: one to four times flipped, cut, spliced, with another header or value."""
    for _ in range(draw.choice((1, 1, 2, 4))):
        data = draw.choice(DAMAGES)(data, other, draw)
    return data[:LONGEST]


LONGEST = 8_000_000


def flip(data: bytes, _other: bytes, draw: random.Random) -> bytes:
    """Flip some bits."""
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 3, 16)) if changed else 0):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def cut(data: bytes, _other: bytes, draw: random.Random) -> bytes:
    """Take a piece out, often the end."""
    begin, end = sorted(draw.randrange(len(data) + 1) for _ in range(2))
    return data[:begin] + (b"" if draw.random() < 0.5 else data[end:])


def splice(data: bytes, other: bytes, draw: random.Random) -> bytes:
    """Put a piece of another file, or of the same one again, somewhere."""
    source = other if draw.random() < 0.5 else data
    begin, end = sorted(draw.randrange(len(source) + 1) for _ in range(2))
    at = draw.randrange(len(data) + 1)
    return data[:at] + source[begin : min(end, begin + 2000)] + data[at:]


def swap_header(data: bytes, other: bytes, draw: random.Random) -> bytes:
    """Take the beginning of another file."""
    length = draw.choice((4, 8, 16, 64))
    return other[:length] + data[length:]


def other_number(data: bytes, _other: bytes, draw: random.Random) -> bytes:
    """Write an extreme number over four or two bytes, or over the digits of a text."""
    if not data:
        return data
    at = draw.randrange(len(data))
    if data[at : at + 1].isdigit():
        end = at
        while data[end : end + 1].isdigit():
            end += 1
        return data[:at] + draw.choice((b"-1", b"0", b"99999999", b"1e999", b'"x"')) + data[end:]
    numbers = (b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff", b"\0\1")
    extreme = draw.choice(numbers)
    return data[:at] + extreme + data[at + len(extreme) :]


def other_word(data: bytes, _other: bytes, draw: random.Random) -> bytes:
    """Put one of the words that mean something to a reader in place of a word of the file."""
    words = [b"null", b"[]", b"{}", b"true", b"..", b"../../x", b"&a", b"*a", b"!!python/name:os"]
    words += [b"\0", b"\xff\xfe", "\u202e\ud7ff".encode(), b"/dev/zero", b"1e400", b"x" * 5000]
    pieces = data.split(draw.choice((b'"', b",", b" ", b"\n")))
    index = draw.randrange(len(pieces))
    joint = draw.choice((b'"', b",", b" ", b"\n"))
    return joint.join([*pieces[:index], draw.choice(words), *pieces[index + 1 :]])


def other_value(data: bytes, other: bytes, draw: random.Random) -> bytes:
    """Put another value somewhere into a tree of JSON or YAML; flip bits of anything else."""
    try:
        tree = yaml.safe_load(data.decode()) if len(data) < 20_000 else None
    except Exception:
        tree = None
    places = list(_places(tree))
    if not places:
        return flip(data, other, draw)
    holder, key = draw.choice(places)
    values: list[Any] = [
        None,
        True,
        -1,
        0,
        1e308,
        10**20,
        "",
        "../x",
        "\0",
        [],
        {},
        [[]],
        {"a": {}},
    ]
    if isinstance(holder, dict) and draw.random() < 0.2:
        del holder[key]
    else:
        holder[key] = draw.choice((*values, copy.deepcopy(draw.choice(places)[0])))
    return json.dumps(tree).encode()


def _places(tree: object) -> Iterator[tuple[Any, Any]]:
    """Yield the containers of a tree with the key or index of each value in them."""
    keys: Iterable[Any] = ()
    if isinstance(tree, dict):
        keys = list(tree)
    elif isinstance(tree, list):
        keys = range(len(tree))
    for key in keys:
        yield tree, key
        yield from _places(tree[key])  # type: ignore[index]


DAMAGES = (flip, flip, cut, splice, swap_header, other_number, other_word, other_value, other_value)
"""Every way to damage a file, some of them twice as often as others."""


def _read_photo(folder: Path, _out: Path) -> None:
    photo = folder / "a.jpg"
    try:
        check_photo(photo)
    except ValueError:
        try:
            read_photo(photo)
        except ValueError:
            raise
        raise AssertionError("the check refuses a photo that can be read") from None
    if read_photo(photo).size != photo_size(photo)[::-1]:
        raise AssertionError("the header has another size than the photo")


def _open(folder: Path, out: Path, name: str = ".", **options: Any) -> None:
    """Open a data set as `getam train` does, and write a file for every photo as `predict` does."""
    source = open_source(folder / name, **options)
    for record in source.records:
        with whole_file(place_below(out, record.id, ".png")) as file:
            file.write_bytes(b"")
        if record.mask is not None:
            source.read_truth(record)


def _read_shard(folder: Path, out: Path) -> None:
    """Open a shard as a data set, and read each of its photos as a training does."""
    _open(folder, out, "a.tar")
    for record in open_source(folder / "a.tar").records:
        with suppress(ValueError, OSError):  # a photo may be refused alone, and the next is read
            check_photo(record.image)
            read_photo(record.image)


def _read_settings(folder: Path, _out: Path) -> None:
    settings = read_settings(folder / "config.yaml")
    known = {name: value for name, value in settings.items() if name in _SETTINGS}
    try:
        recipe_for(_FACTS, **known)
    except (TypeError, KeyError) as error:  # the command line refuses other types before
        raise ValueError(str(error)) from None


def _load_model(folder: Path, _out: Path) -> None:
    load_model(folder, device="cpu")


def _identified(data: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(data)):
            return True
    except Exception:
        return False


def _parsed(parse: Callable[[str], object]) -> Callable[[bytes], bool]:
    def passes(data: bytes) -> bool:
        try:
            return isinstance(parse(data.decode()), dict | list)
        except Exception:
            return False

    return passes


def _has_rows(data: bytes) -> bool:
    try:
        return "image" in next(csv.reader(io.StringIO(data.decode("utf-8-sig"))), [])
    except Exception:
        return False


def _is_npy(data: bytes) -> bool:
    try:
        file = io.BytesIO(data)
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        return True
    except Exception:
        return False


def _is_archive(data: bytes) -> bool:
    try:
        return zipfile.is_zipfile(io.BytesIO(data))
    except zipfile.BadZipFile:
        return True


def _has_members(data: bytes) -> bool:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as shard:
            return shard.next() is not None
    except Exception:
        return False


def _is_safetensors(data: bytes) -> bool:
    try:
        (length,) = struct.unpack("<Q", data[:8])
        return isinstance(json.loads(data[8 : 8 + length]), dict)
    except Exception:
        return False


def _photo(
    mode: str = "RGB", form: str = "PNG", size: tuple[int, int] = (40, 30), **o: object
) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    file = io.BytesIO()
    image = Image.fromarray(noise)
    if mode == "F":
        image = Image.fromarray(noise[..., 0] / np.float32(255))
    elif mode != "RGB":
        image = image.convert("L").convert(mode)
    image.save(file, form, **o)
    return file.getvalue()


def _made() -> dict[str, list[bytes]]:
    exif = Image.Exif()
    exif[0x0112] = 6
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    film = io.BytesIO()
    frames[0].save(film, "GIF", save_all=True, append_images=frames[1:])
    photos = [_photo(form=form) for form in ("PNG", "JPEG", "WEBP", "BMP", "PPM", "TIFF", "GIF")]
    photos += [_photo("RGBA"), _photo("P", transparency=0), _photo("I;16"), _photo("1")]
    photos += [_photo("CMYK", "JPEG"), _photo("F", "TIFF"), _photo("L", "JPEG", exif=exif)]
    photos += [
        _photo("RGB", "TIFF", compression="tiff_lzw"),
        _photo("RGB", "JPEG", progressive=True),
    ]
    vectors = {name: np.eye(20, dtype=np.float32)[index] for index, name in enumerate("ab")}
    npy = io.BytesIO()
    np.save(npy, np.array(vectors, dtype=object), allow_pickle=True)
    pth = io.BytesIO()
    torch.save({"model": {"a": torch.zeros(2, 3), "b": torch.ones(4).half()}}, pth)
    return {
        "photo": [*photos, film.getvalue()],
        "mask": [_photo("P"), _photo("L"), _photo("1")],
        "table": [
            b"image,labels,split\na.png,cat;dog,train\nb.png,,train\n",
            b"image,cat,dog\na.png,1,0\nb,0,\n",
        ],
        "shard": [
            _shard(tarfile.USTAR_FORMAT),
            _shard(tarfile.GNU_FORMAT),
            _shard(tarfile.PAX_FORMAT),
        ],
        "labels.json": [json.dumps({"a": ["cat"], "b": [], "sub/c": ["dog", "cat"]}).encode()],
        "labels.npy": [npy.getvalue()],
        "coco": [json.dumps(_instances()).encode()],
        "annotation": [_XML],
        "list": [b"a\nb\n", b"/JPEGImages/a.png /SegmentationClass/a.png\n"],
        "classes": [b"background\ncat\ndog\n"],
        "label map": [b"# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:128,0,0::\n"],
        "data.yaml": [b"path: .\nlabels: labels.csv\nclasses: [cat, dog]\nstrict: false\n"],
        "settings": [
            yaml.safe_dump(
                {"epochs": 3, "crop": 64, "scale": [0.9, 1.1], "method": "getam"}
            ).encode()
        ],
        "model.json": [MODEL["model.json"]],
        "model.safetensors": [MODEL["model.safetensors"]],
        "weights.pth": [pth.getvalue()],
        "label studio": [json.dumps(_tasks()).encode()],
    }


def _instances() -> dict[str, object]:
    packed = coco_mask.encode(np.asfortranarray(np.eye(30, 40, dtype=np.uint8)))
    run_lengths = {"size": [30, 40], "counts": [100, 50, 1050]}
    return {
        "images": [
            {"id": i, "file_name": f"{n}.png", "height": 30, "width": 40}
            for i, n in enumerate("ab")
        ],
        "categories": [{"id": 3, "name": "cat"}, {"id": 7, "name": "dog"}],
        "annotations": [
            {
                "id": 1,
                "image_id": 0,
                "category_id": 3,
                "area": 9,
                "iscrowd": 0,
                "segmentation": [[1, 1, 9, 1, 9, 9.5]],
            },
            {
                "id": 2,
                "image_id": 0,
                "category_id": 7,
                "area": 50,
                "iscrowd": 1,
                "segmentation": run_lengths,
            },
            {
                "id": 3,
                "image_id": 1,
                "category_id": 7,
                "segmentation": {"size": [30, 40], "counts": packed["counts"].decode()},
            },
        ],
    }


LONG_NAME = "sub/" + "a" * 90 + "/" + "b" * 90  # longer than the first field of a header


def _shard(form: int) -> bytes:
    """Return a tar of two photos with their tags, a long name, a folder and a link."""
    content = {
        "a.jpg": _photo(form="JPEG"),
        "a.cls": b"cat",
        LONG_NAME + ".png": _photo(),
        LONG_NAME + ".json": b'{"labels": ["cat", "dog"]}',
    }
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as shard:
        for name, kind in {"sub": tarfile.DIRTYPE, "link.jpg": tarfile.SYMTYPE}.items():
            other = tarfile.TarInfo(name)
            other.type, other.linkname = kind, "a.jpg" if kind == tarfile.SYMTYPE else ""
            shard.addfile(other)
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            shard.addfile(member, io.BytesIO(data))
    return file.getvalue()


def _tasks() -> list[dict[str, object]]:
    value = {"brushlabels": ["cat"], "rle": pack_region(np.eye(4, 5) > 0)}
    region = {"type": "brushlabels", "original_height": 4, "original_width": 5, "value": value}
    return [{"data": {"id": "a"}, "annotations": [{"result": [region]}]}]


_XML = b"""<annotation><filename>a.png</filename><object><name>cat</name></object>
<object><name>dog</name><difficult>1</difficult></object></annotation>"""


def _model_files() -> dict[str, bytes]:
    """Return the files of the smallest model."""
    torch.manual_seed(0)
    network = build_network("getam_vit_nano", 2, pretrained=False, decoder_width=4)
    model = Model(network.eval(), {"cat": 1, "dog": 2}, View(48), Labeller(first_block=3))
    with tempfile.TemporaryDirectory() as folder:
        save_model(model, folder)
        return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


MODEL = _model_files()
_FACTS = Facts(depth=6, width=128, photos=4, has_saliency=True)
_SETTINGS = ("epochs", "crop", "scale", "method", "long_side", "rule", "seed", "batch_size")
_PAIR = {"a.png": _photo(), "b.png": _photo()}
_VOC = {f"JPEGImages/{name}": data for name, data in _PAIR.items()}
_VOC |= {"classes.txt": b"background\ncat\ndog\n", "ImageSets/Segmentation/train.txt": b"a\nb\n"}
_LABELS = b"image,labels\na,cat\nb,dog\n"

KINDS: dict[str, Kind] = {
    "photo": Kind("a.jpg", _read_photo, _identified, 12),
    "mask": Kind("a.png", lambda folder, _: void(read_mask(folder / "a.png")), _identified, 3),
    "table": Kind("data.csv", lambda f, out: _open(f, out, "data.csv"), _has_rows, 2, _PAIR),
    "shard": Kind("a.tar", _read_shard, _has_members, 3),
    "labels.json": Kind(
        "a.json", lambda f, _: void(read_labels(f / "a.json")), _parsed(json.loads)
    ),
    "labels.npy": Kind(
        "a.npy", lambda f, _: void(read_labels(f / "a.npy", classes=VOC_CLASSES)), _is_npy, 2
    ),
    "coco": Kind(
        "annotations/instances_train.json",
        _open,
        _parsed(json.loads),
        3,
        {f"train/{name}": data for name, data in _PAIR.items()},
    ),
    "annotation": Kind("Annotations/a.xml", _open, lambda data: b"<object>" in data, 1, _VOC),
    "list": Kind(
        "ImageSets/Segmentation/val.txt",
        lambda f, _: void(open_source(f, split="val")),
        lambda data: bool(data),
        1,
        _VOC,
    ),
    "classes": Kind(
        "classes.txt",
        lambda f, _: void(read_class_list(f / "classes.txt")),
        lambda data: data.startswith(b"back"),
    ),
    "label map": Kind(
        "labelmap.txt",
        lambda f, _: void(read_label_map(f / "labelmap.txt")),
        lambda data: b"background:" in data,
    ),
    "data.yaml": Kind(
        "data.yaml",
        lambda f, out: _open(f, out, "data.yaml"),
        _parsed(yaml.safe_load),
        2,
        {**_PAIR, "labels.csv": _LABELS},
    ),
    "settings": Kind("config.yaml", _read_settings, _parsed(yaml.safe_load), 2),
    "model.json": Kind("model.json", _load_model, _parsed(json.loads), 0.6, MODEL),
    "model.safetensors": Kind("model.safetensors", _load_model, _is_safetensors, 0.4, MODEL),
    "weights.pth": Kind(
        "a.pth",
        lambda f, _: void(read_state_dict(f / "a.pth")),
        _is_archive,
    ),
    "label studio": Kind(
        "a.json",
        lambda f, out: void(masks_from_label_studio(f / "a.json", out, classes={"cat": 1})),
        _parsed(json.loads),
    ),
}


def void(_value: object) -> None:
    """Drop a value."""


def lay(kind: Kind, data: bytes, folder: Path) -> None:
    """Write a file of a kind, and those beside it, into a folder."""
    for name, content in {**(kind.beside or {}), kind.name: data}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def outcome(kind: Kind, folder: Path, out: Path) -> str | None:
    """Read a folder. Return None if that works or is refused as it should be, else the error."""
    try:
        kind.read(folder, out)
    except (ValueError, OSError) as error:
        if isinstance(error.__cause__ or error.__context__, MemoryError):
            return "MemoryError: more memory than the bound"
        lines = str(error).strip().splitlines()
        return None if lines else f"{type(error).__name__} without a word"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:200]
    return None
