"""Files that were made to fill the memory, to run code or to reach elsewhere do none of it."""

import io
import json
import pickle
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from data.scenes import write_photo
from PIL import Image
from test_plain_yaml import LAUGHS

from getam.cli.main import main
from getam.data import list_photos, open_source, read_labels, read_photo
from getam.data.photo import check_photo
from getam.model import load_model
from getam.network.weights import read_state_dict
from getam.places import place_below
from getam.training.run_folder import recorded_settings

REFUSED = """
import sys
from pathlib import Path
from getam.open_picture import open_picture
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
before = peak()
try:
    with open_picture(Path(sys.argv[1])) as image:
        image.load()
except ValueError as error:
    print(peak() - before, error)
"""


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_a_photo_of_400_megapixels_is_refused_by_its_header(tmp_path: Path, ending: str) -> None:
    photo = tmp_path / f"a.{ending}"
    Image.new("L", (64, 64)).save(photo)
    data = bytearray(photo.read_bytes())  # its header says another size; the rest does not matter
    if ending == "png":
        data[16:24] = struct.pack(">II", 20_000, 20_000)
        data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    else:
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", 20_000, 20_000)
    photo.write_bytes(data)
    command = [sys.executable, "-c", REFUSED, str(photo)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    kilobytes, _, reason = said.partition(" ")
    assert reason.startswith("it has more than 178,956,970 pixels")
    assert int(kilobytes) < 20_000


def test_of_an_animation_the_first_picture_is_read(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for ending in ("gif", "webp", "png", "tif"):
        photo = tmp_path / f"a.{ending}"
        frames[0].save(photo, save_all=True, append_images=frames[1:])
        check_photo(photo)
        red, _, blue = read_photo(photo).getpixel((4, 4))
        assert red > 240 > 15 > blue, ending


def test_the_content_of_a_file_counts_and_not_its_ending(tmp_path: Path) -> None:
    image = Image.new("RGB", (8, 8), (1, 2, 3))
    image.save(tmp_path / "a.jpg", "PNG")
    assert read_photo(tmp_path / "a.jpg").getpixel((0, 0)) == (1, 2, 3)
    for kind in ("EPS", "PCX", "TGA", "ICO", "IM"):  # Pillow reads them, and getam does not
        image.save(tmp_path / "b.jpg", kind)
        with pytest.raises(ValueError, match=r"b\.jpg: not an image"):
            read_photo(tmp_path / "b.jpg")


def npy(pickled: bytes) -> bytes:
    file = io.BytesIO()
    header = {"descr": "|O", "fortran_order": False, "shape": ()}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + pickled


def test_a_pickle_cannot_ask_for_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    for number in (b"r" + struct.pack("<I", 2**31), b"p2147483648\n"):
        path.write_bytes(npy(b"\x80\x02}" + number + b"."))
        with pytest.raises(ValueError, match="asks for a table of 2,147,483,648 objects"):
            read_labels(path)
    laughs: list[object] = [0] * 10
    for _ in range(12):
        laughs = [laughs] * 10
    path.write_bytes(npy(pickle.dumps({"a": laughs})))
    with pytest.raises(ValueError, match="expected a number, got list"):
        read_labels(path)
    shared = [0.0] * 20  # one list of a hundred entries
    path.write_bytes(npy(pickle.dumps({f"prr{n}": shared for n in range(100)})))
    assert len(read_labels(path)) == 100


def test_yaml_that_laughs_is_refused_wherever_it_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("data.yaml", "config.yaml"):
        (tmp_path / name).write_text(LAUGHS)
    with pytest.raises(ValueError, match=r"data\.yaml: it repeats a value"):
        open_source(tmp_path / "data.yaml")
    with pytest.raises(ValueError, match=r"config\.yaml is damaged \(it repeats a value"):
        recorded_settings(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["check", "--config", str(tmp_path / "config.yaml")])
    assert left.value.code == 2
    assert "it repeats a value" in capsys.readouterr().err


def test_links_that_lead_to_each_other_lead_nowhere(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    write_photo(photos / "cat" / "a.png")
    (photos / "cat" / "again").symlink_to(photos, target_is_directory=True)
    (photos / "cat" / "loop").symlink_to("loop")
    assert [record.id for record in open_source(photos).records] == ["cat/a"]
    table = tmp_path / "table.csv"
    table.write_text("image,labels\nphotos/cat/a.png,cat\nphotos/cat/loop/b.png,cat\n")
    with pytest.raises(ValueError, match="1 photos of .* are not there: photos/cat/loop/b"):
        open_source(table, strict=True)
    (tmp_path / "list.txt").write_text("photos/cat/loop/b.png\n")
    with pytest.raises(FileNotFoundError, match="are not there"):
        list_photos(tmp_path / "list.txt")


NAMES = ("../../../etc/x", "/etc/passwd", "a" * 5000, "\u202egnp.x", "a\0b", "con", "C:\\x")


@pytest.mark.parametrize("kind", ["csv", "json", "coco", "list"])
def test_a_list_may_name_anything(kind: str, tmp_path: Path) -> None:
    write_photo(tmp_path / "photos" / "a.png", (24, 32))
    names = ["a.png", "../photos/a.png", *NAMES]
    if kind == "csv":
        path = tmp_path / "photos" / "t.csv"
        path.write_text("image,labels\n" + "".join(f'"{name}",cat\n' for name in names[::2]))
    elif kind == "json":
        path = tmp_path / "photos" / "t.json"
        path.write_text(json.dumps({name.removesuffix(".png"): ["cat"] for name in names[::2]}))
    elif kind == "coco":
        path = tmp_path / "annotations" / "instances_photos.json"
        path.parent.mkdir()
        images = [
            {"id": i, "file_name": name, "height": 24, "width": 32}
            for i, name in enumerate(names[::2])
        ]
        shown = [{"image_id": 0, "category_id": 1}]
        categories = [{"id": 1, "name": "<b>../cat"}]
        content = {"images": images, "annotations": shown, "categories": categories}
        path.write_text(json.dumps(content))
    else:
        path = tmp_path / "list.txt"
        path.write_text("\n".join(names[2:]))
    try:
        if kind == "list":
            source = list_photos(path)
        elif kind == "json":
            source = open_source(tmp_path / "photos", labels=path)
        else:
            source = open_source(path if kind == "csv" else tmp_path)
    except (ValueError, FileNotFoundError) as error:
        assert kind in ("list", "csv")  # UTF-16 is guessed of a text with a zero
        assert str(error)
        return
    out = tmp_path / "out"
    files = [place_below(out, record.id, ".png") for record in source.records]
    assert files == [out / "a.png"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"backbone": "local-dir:/etc"}, "timm model name"),
        ({"backbone": "hf-hub:somebody/model"}, "timm model name"),
        ({"backbone": "../../model"}, "timm model name"),
        ({"backbone": "vit_giant_patch14_224"}, "another architecture"),  # 4 GB of memory
        ({"num_classes": 10**9}, "no model description"),
        ({"decoder_width": 10**9}, "no model description"),
        ({"mean": [0.5, 0.5, float("inf")]}, "no model description"),
        ({"classifier": "os.system"}, "no model description"),
        ({"backbone_style": ["released"]}, "no model description"),
    ],
    ids=str,
)
def test_a_description_names_nothing_outside_of_its_folder(
    folder: Path, tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    broken = Path(shutil.copytree(folder, tmp_path / "model"))
    description = json.loads((broken / "model.json").read_text())
    description["architecture"].update(changes)
    (broken / "model.json").write_text(json.dumps(description))
    with pytest.raises(ValueError, match=reason) as caught:
        load_model(broken, device="cpu")
    assert "\n" not in str(caught.value)


def test_weights_that_would_unpack_to_gigabytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"a": torch.zeros(1).half().expand(2**40)}, path)
    with pytest.raises(ValueError, match="fewer values than its shape says"):
        read_state_dict(path)
    torch.save({"a": torch.zeros(10_000)}, path)
    with (
        zipfile.ZipFile(path) as archive,
        zipfile.ZipFile(tmp_path / "b.pth", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in archive.namelist():
            packed.writestr(name, archive.read(name))
    with pytest.raises(ValueError, match="its content is compressed"):
        read_state_dict(tmp_path / "b.pth")
