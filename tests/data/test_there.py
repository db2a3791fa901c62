"""A name that no file system can hold leads to no file, whoever asks."""

import json
from pathlib import Path

import pytest

from getam.data import list_photos, open_source
from getam.data.coco import open_coco
from getam.data.finding import Finding
from getam.data.there import exists, is_file

from .scenes import write_photo

LONG = "a" * 5000


@pytest.fixture(params=[f"{LONG}.png", f"{LONG}/1.png", f"é{LONG}.png", LONG])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_files_and_folders(tmp_path: Path, name: str) -> None:
    photo = write_photo(tmp_path / "1.png")
    assert (is_file(photo), exists(photo)) == (True, True)
    assert (is_file(tmp_path), exists(tmp_path)) == (False, True)
    assert (is_file(tmp_path / name), exists(tmp_path / name)) == (False, False)
    (tmp_path / "loop").symlink_to("loop")
    assert not is_file(tmp_path / "loop")


def test_a_table_and_a_list(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    write_photo(tmp_path / "1.png")
    (tmp_path / "tags.csv").write_text(f"image,labels\n1.png,cat\n{name},dog\n", encoding="utf-8")
    assert len(open_source(tmp_path / "tags.csv")) == 1
    (line,) = caplog.messages
    assert line.startswith(f"1 photos of {tmp_path / 'tags.csv'} are not there: ")
    assert line.endswith("; add them, correct their names, or remove them from the list")
    assert len(line) < 600
    (tmp_path / "list.txt").write_text(f"1.png\n{name}\n", encoding="utf-8")
    with pytest.raises(
        FileNotFoundError, match=r"^1 photos of .*list.txt are not there: "
    ) as error:
        list_photos(tmp_path / "list.txt")
    assert len(str(error.value)) < 600


def test_instances(tmp_path: Path, name: str) -> None:
    write_photo(tmp_path / "1.png")
    content = {
        "images": [
            {"id": number, "file_name": file, "height": 24, "width": 32}
            for number, file in enumerate(("1.png", name))
        ],
        "annotations": [{"image_id": 0, "category_id": 1}],
        "categories": [{"id": 1, "name": "cat"}],
    }
    (tmp_path / "instances.json").write_text(json.dumps(content), encoding="utf-8")
    found: list[Finding] = []
    source = open_coco(tmp_path, tmp_path / "instances.json", notice=found.append)
    assert [record.image.name for record in source.records] == ["1.png"]
    assert [finding.topic for finding in found] == ["missing photos"]
