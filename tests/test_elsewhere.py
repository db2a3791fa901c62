"""Photos, lists and outputs at an address: in the memory of fsspec, and on a local S3 server."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from data.scenes import CLASSES, write_photo

from getam.cli.main import main
from getam.data import list_photos, open_source
from getam.elsewhere import Elsewhere, located, named_in, whole_name


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three photos in the folders of their classes."""
    for number, name in enumerate(CLASSES):
        write_photo(tmp_path / "photos" / name / "1.png", seed=number)
    return tmp_path / "photos"


@pytest.fixture
def root(photos: Path, request: pytest.FixtureRequest) -> Elsewhere:
    """The same photos at an address that no other test has."""
    store = fsspec.filesystem("memory")
    store.put(str(photos), f"/{request.node.name}", recursive=True)
    return located(f"memory://{request.node.name}")


def content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*g")}


def test_an_address_is_a_path(root):
    photo = root / "cat" / "1.png"
    assert str(photo) == f"memory://{root.name}/cat/1.png"
    assert located(Path(str(photo))) == photo  # a path has made one slash of two
    assert pickle.loads(pickle.dumps(photo)) == photo
    assert isinstance(pickle.loads(pickle.dumps(photo)), Elsewhere)
    assert (photo.is_file(), photo.is_dir(), photo.exists()) == (True, False, True)
    assert (root.is_file(), root.is_dir(), root.exists()) == (False, True, True)
    assert not (root / "no").exists()
    assert photo.stat().st_size == len(photo.read_bytes()) > 0
    assert photo.stat().st_mtime_ns > 0
    assert [path.name for path in root.iterdir()] == sorted(CLASSES)
    assert sorted(root.rglob("*.png")) == sorted(root.glob("*/*"))
    assert str((root / "cat" / ".." / "dog").resolve()) == f"{root}/dog"
    assert str((root / "../../../..").resolve()) == "memory:"  # never above it


def test_what_is_no_address_is_a_path_of_the_disk():
    for text in ("photos/1.jpg", "C:/photos", "strange://photos", "a b://c"):
        assert located(text) == Path(text)
        assert not isinstance(located(text), Elsewhere)
    assert located("file:///photos/1.jpg") == Path("/photos/1.jpg")
    assert named_in(Path("lists"), "memory://a/1.jpg") == located("memory://a/1.jpg")
    assert named_in(Path("lists"), "1.jpg") == Path("lists/1.jpg")
    assert whole_name(located("memory://a/1.jpg")) == "memory://a/1.jpg"
    assert whole_name(Path("a/../1.jpg")) == f"{Path.cwd()}/1.jpg"


def test_what_is_not_there_is_named_by_its_address(root):
    with pytest.raises(FileNotFoundError) as caught:
        (root / "no.csv").read_text()
    assert caught.value.filename == f"{root}/no.csv"
    with pytest.raises(OSError, match="cannot be opened to write"):
        (root / "new.csv").open("w")


@pytest.mark.parametrize("kind", ["ssh", "smb", "http", "reference", "filecache::s3"])
def test_a_list_may_not_name_any_machine(kind, tmp_path):
    line = rf"a list names '{kind}://evil/1.jpg', and it may only name files on a disk"
    for file, text in (
        ("l.txt", "{}\n"),
        ("t.csv", "image,labels\n{},cat\n"),
        ("d.yaml", "path: {}"),
    ):
        (tmp_path / file).write_text(text.format(f"{kind}://evil/1.jpg"))
        with pytest.raises(ValueError, match=line):
            list_photos(tmp_path / file) if file == "l.txt" else open_source(tmp_path / file)
    beside = located(f"{kind}://evil")  # whoever names the list there has asked for it
    assert str(named_in(beside, f"{kind}://evil/1.jpg")) == f"{kind}://evil/1.jpg"


def test_an_address_never_becomes_a_file_of_this_machine(root, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    fsspec.filesystem("memory").pipe(f"/{root.name}/{tmp_path}/secret.png", b"mine")
    listed = root._listed(f"/{tmp_path}/secret.png", {"type": "file", "size": 4})
    assert str(listed) == f"{root}{tmp_path}/secret.png"  # as a bucket lists a key with two slashes
    assert not (root / str(tmp_path) / "secret.png").exists()
    with pytest.raises(FileNotFoundError):
        (root / str(tmp_path) / "secret.png").read_bytes()
    named = named_in(root, f"{tmp_path}/secret.png")  # a list says so, as it may
    assert not isinstance(named, Elsewhere) and named == tmp_path / "secret.png"
    assert named_in(root, f"file://{tmp_path}/secret.png") == named


def test_a_store_without_its_package_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(ValueError, match=r'^gs://b/1 needs a package: pip install "getam\[remote'):
        located("gs://b/1").exists()


def labels_of(source) -> dict:
    return {record.id: record.labels for record in source.records}


def test_folders_tables_and_lists_are_opened_at_an_address(root, photos, tmp_path):
    assert labels_of(open_source(str(root))) == labels_of(open_source(photos))
    assert [r.id for r in list_photos(root).records] == [r.id for r in list_photos(photos).records]
    store, rows = fsspec.filesystem("memory"), "image,labels\ncat/1.png,cat\ndog/1,dog\n"
    store.pipe(f"/{root.name}/table.csv", rows.encode())
    table = open_source(root / "table.csv")
    assert labels_of(table) == {"cat/1": ("cat",), "dog/1": ("dog",)}
    assert str(table.records[1].image) == f"{root}/dog/1.png"
    here = tmp_path / "list.txt"
    here.write_text(f"{root}/cat/1.png\nphotos/dog/1.png\n")
    assert {str(r.image) for r in list_photos(here).records} == {
        f"{root}/cat/1.png",
        f"{photos}/dog/1.png",
    }


def predict(model: Path, images: object, out: object, *options: str) -> int:
    given = ["--model", str(model), "--images", str(images), "--out", str(out)]
    return main(["predict", *given, "--device", "cpu", "--workers", "0", *options])


def entries(out: Path) -> list[dict]:
    lines = [line for file in out.glob("manifest*.jsonl") for line in file.read_text().split("\n")]
    return [entry for line in lines if line and "id" in (entry := json.loads(line))]


def test_outputs_at_an_address_are_those_of_a_folder(folder, root, photos, tmp_path, caplog):
    out, store = root.parent / f"{root.name}-out", fsspec.filesystem("memory")
    store.pipe(f"/{root.name}/cow/bad.png", b"no photo")
    assert predict(folder, root, out, "--shard", "1/2") in (0, 4)
    assert predict(folder, root, out, "--shard", "2/2") in (0, 4)
    assert predict(folder, photos, tmp_path / "out") == 0
    assert content(out) == content(tmp_path / "out")
    assert {entry["id"]: entry["status"] for entry in entries(out)} == {
        **{f"{name}/1": "done" for name in CLASSES},
        "cow/bad": "failed",
    }
    assert {e["photo"] for e in entries(out)} >= {f"{root}/cat/1.png"}
    assert {tuple(e["checksum"]) for e in entries(out) if e["status"] == "done"} == {
        tuple(e["checksum"]) for e in entries(tmp_path / "out")
    }
    store.rm(f"/{out.name}/dog/1.png")
    store.rm(f"/{root.name}/cow/bad.png")
    caplog.set_level("INFO")
    assert predict(folder, root, out) == 0
    assert "2 of 3 photos were done before" in caplog.messages
    assert content(out) == content(tmp_path / "out")
    assert len(entries(out)) == 5


def test_what_cannot_lie_elsewhere_is_refused_in_one_line(root, capsys):
    with pytest.raises(SystemExit):
        predict(root / "model", root, "out")
    assert f"model must lie on a disk, got {root}/model: copy it there first" in (
        capsys.readouterr().err
    )
    with pytest.raises(SystemExit):
        main(["train", "--data", str(root), "--out", f"{root}/run"])
    assert "out must lie on a disk" in capsys.readouterr().err


@pytest.fixture
def bucket(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    """A bucket of the test's own with the photos, on an S3 server of this machine."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    given = {
        "ENDPOINT_URL": f"http://{host}:{port}",
        "ACCESS_KEY_ID": "a",
        "DEFAULT_REGION": "us-east-1",
    }
    for name, value in {**given, "SECRET_ACCESS_KEY": "a", "EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    store = fsspec.filesystem("s3", skip_instance_cache=True)
    name = tmp_path.name.replace("_", "-")  # moto remembers the others for the whole process
    store.makedirs(name)
    store.put(str(photos), f"{name}/photos", recursive=True)
    yield located(f"s3://{name}")
    server.stop()
    type(store).clear_instance_cache()  # another server has another port


@pytest.mark.slow
def test_a_bucket_is_read_and_written(bucket, folder, photos, tmp_path, capfd):
    """As a program, since its reading processes ask the server too."""
    out = bucket / "masks"
    command = [sys.executable, "-m", "getam", "predict", "--model", str(folder), "--device", "cpu"]
    given = ["--images", str(bucket / "photos"), "--out", str(out), "--workers", "2"]
    subprocess.run([*command, *given], check=True, env=os.environ)
    assert predict(folder, photos, tmp_path / "out") == 0
    assert content(out) == content(tmp_path / "out")
    assert len(entries(out)) == len(CLASSES)
    (out / "dog" / "1.png").unlink()
    capfd.readouterr()
    subprocess.run([*command, *given], check=True, env=os.environ)
    assert "2 of 3 photos were done before" in capfd.readouterr().err
    assert content(located(f"{bucket}/masks")) == content(tmp_path / "out")


@pytest.mark.slow
def test_a_bucket_is_trained_on(bucket, tmp_path):
    data, out = bucket / "photos", tmp_path / "run"
    size = ["--backbone", "getam_vit_nano", "--no-pretrained", "--decoder-width", "8"]
    steps = ["--crop", "32", "--long-side", "32", "--epochs", "1", "--batch-size", "2"]
    where = ["--data", str(data), "--out", str(out), "--no-held-out", "--device", "cpu"]
    given = [*where, *size, *steps, "--workers", "1"]
    subprocess.run([sys.executable, "-m", "getam", "train", *given], check=True, env=os.environ)
    assert (out / "model.json").is_file()
