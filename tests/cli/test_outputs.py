"""Nothing of the user's is ever harmed: every verb that writes files, on every bad idea."""

import json
import logging
from pathlib import Path

import pytest
import torch
from data.scenes import write_photo

from getam.cli.main import main
from getam.data.class_list import read_class_list
from getam.model import Model, View, load_model, save_model
from getam.network import build_network
from getam.outputs import MANIFEST
from getam.pseudo_label import Labeller

CLASSES = ("x/../../evil", "car/truck", "car.truck")
QUICK = ["--device", "cpu", "--workers", "0"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    network = build_network("getam_vit_nano", len(CLASSES), pretrained=False, decoder_width=8)
    values = {name: value for value, name in enumerate(CLASSES, start=1)}
    folder = tmp_path_factory.mktemp("model")
    save_model(Model(network, values, View(32), Labeller(first_block=3, iterations=1)), folder)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Photos of equal names in two folders, and lists of them in a third."""
    for number, name in enumerate(("a/1.png", "b/1.png", "b/2.png")):
        write_photo(tmp_path / "photos" / name, seed=number)
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "list.txt").write_text("../photos/a/1.png\n../photos/b/1.png\n../photos/b/2.png\n")
    (lists / "tags.csv").write_text(
        "image,labels\n../photos/a/1.png,car/truck\n../photos/b/1.png,x/../../evil;car.truck\n"
    )
    return tmp_path


def write_coco(root: Path) -> Path:
    """Write a COCO root whose photos lie outside its folder of photos."""
    (root / "annotations").mkdir(parents=True)
    (root / "train").mkdir()
    names = ("../../photos/a/1.png", "../../photos/b/1.png")
    images = [{"id": i, "file_name": n, "height": 24, "width": 32} for i, n in enumerate(names)]
    content = {
        "images": images,
        "annotations": [{"id": i, "image_id": i, "category_id": i} for i in range(len(names))],
        "categories": [{"id": i, "name": name} for i, name in enumerate(CLASSES)],
    }
    (root / "annotations" / "instances_train.json").write_text(json.dumps(content))
    return root


def contents(folder: Path, *, without: Path | None = None) -> dict[Path, bytes]:
    """Every file below a folder, but not those of the output folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {p: p.read_bytes() for p in files if without is None or not p.is_relative_to(without)}


def below(folder: Path) -> set[str]:
    """Return the paths of all files below a folder, the manifest aside."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {MANIFEST}


def run(verb: str, model: Path, images: Path, out: Path, *options: str) -> int:
    """Run a verb."""
    data = "--data" if verb in ("label", "compare") else "--images"
    needs_block = verb in ("explain", "maps") and "--first-block" not in options
    usual = ["--first-block", "3"] if needs_block else []
    given = ["--model", str(model), data, str(images), "--out", str(out), *QUICK, *options]
    return main([verb, *given, *usual])


def entries(manifest: bytes) -> list[dict[str, object]]:
    """Return what a manifest says, how long it took aside."""
    lines = map(json.loads, manifest.splitlines())
    return [{name: v for name, v in line.items() if name != "seconds"} for line in lines]


OVERLAYS = {"x_evil", "car_truck-2", "car_truck"}


def test_predict_a_list_that_leaves_its_folder(home: Path, model: Path) -> None:
    out, before = home / "out", contents(home)
    assert run("predict", model, home / "lists" / "list.txt", out, "--overlays") == 0
    assert contents(home, without=out) == before
    ids = ("a/1", "b/1", "b/2")
    pictures = {f"{name}.{end}" for name in ids for end in ("png", "overlay.jpg")}
    assert below(out) == {"classes.txt", *pictures}
    assert read_class_list(out / "classes.txt") == load_model(model).classes


def test_label_a_table_that_leaves_its_folder(home: Path, model: Path) -> None:
    out, before = home / "out", contents(home)
    assert run("label", model, home / "lists" / "tags.csv", out) == 0
    assert contents(home, without=out) == before
    assert below(out) == {"classes.txt", "a/1.png", "b/1.png"}


def test_label_coco_that_leaves_its_folder(home: Path, model: Path) -> None:
    coco, out = write_coco(home / "coco"), home / "out"
    before = contents(home)
    assert run("label", model, coco, out) == 0
    assert contents(home, without=out) == before
    assert below(out) == {"classes.txt", "photos/a/1.png", "photos/b/1.png"}


def test_maps_and_explain_with_classes_that_look_like_paths(home: Path, model: Path) -> None:
    before, photo = contents(home), home / "photos" / "a" / "1.png"
    assert run("maps", model, photo, home / "maps", "--classes", ",".join(CLASSES)) == 0
    assert below(home / "maps") == {"1.npz", *(f"1.{name}.jpg" for name in OVERLAYS)}
    assert run("explain", model, photo, home / "why", "--methods", "getam,grad") == 0
    methods = {f"1.{name}.{method}.jpg" for name in OVERLAYS for method in ("getam", "grad")}
    assert below(home / "why") == {"1.npz", "1.png", *methods}
    after = contents(home)
    assert {path: after[path] for path in before} == before
    outside = {p.relative_to(home).parts[0] for p in after.keys() - before.keys()}
    assert outside == {"maps", "why"}


@pytest.mark.parametrize("verb", ["predict", "maps", "explain", "label"])
def test_the_photos_own_folder_is_refused(
    verb: str, home: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = home / "photos" / "tags.csv"
    table.write_text("image,labels\na/1.png,car/truck\nb/1.png,car.truck\n")
    images = table if verb == "label" else home / "photos"
    (home / "link").symlink_to(home / "photos")
    before = contents(home)
    for out in (home / "photos", home / "link", home / "Photos"):
        assert run(verb, model, images, out, "--overwrite") == 1
        assert "would meet the input" in capsys.readouterr().err.splitlines()[-1]
    assert run(verb, model, images, home / "link") == 1
    assert contents(home) == before
    assert not (home / "Photos").exists()


def test_the_same_command_goes_on_where_it_was_stopped(
    home: Path, model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    out, images = home / "out", home / "photos"
    assert run("predict", model, images, out) == 0
    whole = contents(out)
    lines = whole[out / MANIFEST].splitlines(keepends=True)
    (out / MANIFEST).write_bytes(b"".join(lines[:2]) + lines[2][:30])  # killed while it wrote
    first, second = (json.loads(line)["outputs"][0] for line in lines[1:3])
    written = (out / first).stat().st_mtime_ns
    (out / second).unlink()
    caplog.clear()
    assert run("predict", model, images, out, "--workers", "1") == 0
    assert "1 of 3 photos were done before" in caplog.text
    assert (out / first).stat().st_mtime_ns == written
    assert (out / second).read_bytes() == whole[out / second]
    assert run("predict", model, images, out) == 0
    assert "3 of 3 photos were done before" in caplog.text
    assert run("predict", model, images, out, "--overwrite") == 0
    assert below(out) == {"classes.txt", "a/1.png", "b/1.png", "b/2.png"}
    assert {p: b for p, b in contents(out).items() if p.suffix == ".png"} == {
        p: b for p, b in whole.items() if p.suffix == ".png"
    }


@pytest.mark.parametrize("verb", ["maps", "explain", "label"])
def test_every_verb_goes_on(
    verb: str, home: Path, model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    images = home / "lists" / ("tags.csv" if verb == "label" else "list.txt")
    assert run(verb, model, images, home / "out") == 0
    whole = contents(home / "out")
    lines = whole[home / "out" / MANIFEST].splitlines(keepends=True)
    (home / "out" / MANIFEST).write_bytes(b"".join(lines[:-1]))
    assert run(verb, model, images, home / "out") == 0
    assert f"{len(lines) - 2} of {len(lines) - 1} photos were done before" in caplog.text
    again = contents(home / "out")
    assert entries(again.pop(home / "out" / MANIFEST)) == entries(
        whole.pop(home / "out" / MANIFEST)
    )
    assert again == whole


def test_another_command_in_the_same_folder_is_refused(
    home: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, images = home / "out", home / "photos"
    assert run("predict", model, images, out) == 0
    before = contents(out)
    assert run("predict", model, images, out, "--flip") == 1
    assert "(not the same: flip)" in capsys.readouterr().err.splitlines()[-1]
    assert run("maps", model, images, out) == 1
    assert "--overwrite" in capsys.readouterr().err.splitlines()[-1]
    assert contents(out) == before
    assert run("predict", model, images, out, "--flip", "--overwrite") == 0


@pytest.mark.parametrize(
    ("verb", "wrong", "right"),
    [
        ("explain", ["--first-block", "99"], ["--first-block", "3"]),
        ("maps", ["--first-block", "99"], ["--first-block", "3"]),
    ],
)
def test_settings_that_fail_on_every_photo_leave_the_folder_free(
    verb: str,
    wrong: list[str],
    right: list[str],
    home: Path,
    model: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, images = home / "out", home / "photos"
    assert run(verb, model, images, out, *wrong) == 1
    assert "first_block must lie in 0..5, got 99" in capsys.readouterr().err.splitlines()[-1]
    assert not below(out)
    assert not (out / MANIFEST).exists()
    assert run(verb, model, images, out, *right) == 0
    before = contents(out)
    assert run(verb, model, images, out, *wrong, "--overwrite") == 1
    kept = {path: data for path, data in contents(out).items() if path.name != MANIFEST}
    assert kept == {path: data for path, data in before.items() if path.name != MANIFEST}


def test_a_model_or_tags_written_again_are_another_command(
    home: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tags, out = home / "lists" / "tags.csv", home / "out"
    assert run("label", model, tags, out) == 0
    tags.write_text(tags.read_text().replace(",car/truck", ",car.truck"))
    assert run("label", model, tags, out) == 1
    assert "not the same: data written" in capsys.readouterr().err.splitlines()[-1]


def test_outputs_among_the_photos_do_not_become_photos(
    home: Path, model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.chdir(home / "photos")
    assert run("predict", model, Path(), Path("masks")) == 0
    before = contents(home)
    assert run("predict", model, Path(), Path("masks")) == 0
    assert "3 pictures in masks are outputs of an earlier run: left out" in caplog.text
    assert "3 of 3 photos were done before" in caplog.text
    assert contents(home) == before
    assert run("predict", model, Path("masks"), Path("masks"), "--overwrite") == 1
    assert contents(home) == before


def test_files_for_scores_are_no_inputs_either(
    home: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lists, photos = home / "lists", home / "photos"
    tags = lists / "tags.json"
    tags.write_text(json.dumps({"a/1": "car/truck", "b/1": "car.truck"}))
    before = contents(home)
    labels = ["--labels", str(tags), "--json", str(tags)]
    assert run("label", model, photos, home / "out", *labels) == 1
    assert "would meet the input" in capsys.readouterr().err.splitlines()[-1]
    assert main(["stages", "--model", str(model), "--data", str(photos), *labels]) == 1
    masks = ["--predictions", str(photos), "--truth", str(photos)]
    assert main(["score", *masks, "--classes", str(tags), "--json", str(tags)]) == 1
    assert "would meet the input" in capsys.readouterr().err.splitlines()[-1]
    assert contents(home) == before


def test_compare_and_convert_do_not_replace_what_they_read(
    home: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tags = home / "lists" / "compare.json"
    tags.write_text(json.dumps({"a/1": "car/truck"}))
    checkpoint = home / "lists" / "model.safetensors"
    checkpoint.write_bytes(b"weights")
    before = contents(home)
    options = ["--labels", str(tags), "--overwrite"]
    assert run("compare", model, home / "photos", home / "lists", *options) == 1
    assert "would meet the input" in capsys.readouterr().err.splitlines()[-1]
    given = [str(checkpoint), "--backbone", "deit", "--out", str(home / "lists"), "--overwrite"]
    assert main(["convert", *given]) == 1
    assert contents(home) == before
