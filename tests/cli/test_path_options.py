import json
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from getam.cli.path_options import looked_up, missing

REFUSED_AT_ONCE = """
import sys
from getam.cli.main import main
assert main(sys.argv[1:]) == 1
assert "torch" not in sys.modules, "torch was imported"
"""


def refuse(reason: str) -> NoReturn:
    raise ValueError(reason)


def test_the_missing_part_of_a_path_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos" / "animals").mkdir(parents=True)
    (tmp_path / "list.txt").touch()
    monkeypatch.chdir(tmp_path)
    photos = tmp_path / "photos"
    assert missing(photos / "x.csv") == f"there is no {photos / 'x.csv'}"
    assert missing(photos / "anmials").endswith("anmials; did you mean animals?")
    assert missing(Path("phtos/animals")) == (
        f"there is no phtos/animals: {tmp_path} holds no phtos; did you mean photos?"
    )
    assert (
        missing(Path("list.txt/a")) == f"there is no list.txt/a: {tmp_path / 'list.txt'} holds no a"
    )
    assert missing(Path("x")) == f"there is no x: {tmp_path} holds no x"


def test_what_is_read_must_be_there_and_what_is_made_need_not(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for name in ("model", "data", "truth", "weights"):
        with pytest.raises(FileNotFoundError, match=f"^{name}: there is no "):
            looked_up(name, gone, verb="train", refuse=refuse)
    for name in ("out", "json", "cache"):
        assert looked_up(name, gone, verb="train", refuse=refuse) == gone
    shards = tmp_path / "{000..007}.tar"
    assert looked_up("data", shards, verb="train", refuse=refuse) == shards
    assert looked_up("classes", "gone", verb="predict", refuse=refuse) == "gone"


def test_a_check_lists_what_a_data_set_lacks_itself(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert looked_up("truth", gone, verb="check", refuse=refuse) == gone
    with pytest.raises(FileNotFoundError, match="data: there is no"):
        looked_up("data", gone, verb="check", refuse=refuse)


def test_an_address_is_no_path_on_this_disk() -> None:
    photos = Path("s3://bucket/photos")
    assert str(looked_up("images", photos, verb="predict", refuse=refuse)) == "s3://bucket/photos"
    with pytest.raises(ValueError, match="model must lie on a disk, got s3://bucket/photos"):
        looked_up("model", photos, verb="predict", refuse=refuse)


@pytest.mark.parametrize("verb", ["predict", "maps", "label", "explain"])
def test_a_folder_of_another_command_is_refused_before_torch_is_imported(
    verb: str, tmp_path: Path
) -> None:
    model, photos, out = tmp_path / "model", tmp_path / "photos", tmp_path / "out"
    for folder in (model, photos, out):
        folder.mkdir()
    (out / "manifest.jsonl").write_text(json.dumps({"command": {"verb": "other"}}) + "\n")
    images = "--data" if verb == "label" else "--images"
    options = [f"--model={model}", f"{images}={photos}", f"--out={out}"]
    command = [sys.executable, "-c", REFUSED_AT_ONCE, verb, *options]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "holds the outputs of another command (not the same: verb" in run.stderr
    assert run.stderr.count("\n") == 1


def test_a_wrong_path_is_refused_before_torch_is_imported(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    command = [sys.executable, "-c", REFUSED_AT_ONCE, "train", f"--data={gone}", "--out=out"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stderr == f"getam: data: there is no {gone}\n"
