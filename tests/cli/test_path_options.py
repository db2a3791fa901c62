import json
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from getam.cli import path_options, train
from getam.cli.path_options import checked_path, names_in, what_is_missing

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
    assert what_is_missing(photos / "x.csv") == ""
    assert what_is_missing(photos / "anmials") == "; did you mean animals?"
    assert what_is_missing(Path("photos/anmials")) == "; did you mean animals?"
    assert what_is_missing(Path("../x")) == ""
    here = f": {tmp_path} holds no "
    assert what_is_missing(Path("phtos/animals")) == f"{here}phtos; did you mean photos?"
    assert what_is_missing(Path("x")) == f"{here}x"
    assert what_is_missing(Path("list.txt/a/b")) == ": list.txt holds no a"
    assert what_is_missing(Path("~/photos")) == ": write your home folder out in place of ~"


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("gone")
    (tmp_path / "loop").symlink_to("loop")
    expected = f": {tmp_path / 'link'} is a link to gone, which leads nowhere"
    assert what_is_missing(tmp_path / "link") == expected
    assert "loop is a link to loop" in what_is_missing(tmp_path / "loop" / "x")


def test_a_folder_that_cannot_be_listed_or_is_huge_gives_no_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "animals").mkdir()
    monkeypatch.setattr(path_options, "_SIBLINGS", 0)
    assert what_is_missing(tmp_path / "anmials") == ""
    assert names_in(tmp_path / "no folder") == []


def test_a_name_that_no_disk_can_hold_is_of_an_option() -> None:
    with pytest.raises(OSError, match="^images: File name too long: aaa"):
        checked_path("images", Path("a" * 300), verb="predict", refuse=refuse)


def test_what_a_command_does_not_read_may_be_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone.pth"
    found = checked_path("weights", gone, verb="train", refuse=refuse, unread=["weights"])
    assert found == gone


def test_saliency_is_a_path_if_it_has_folders(tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    with pytest.raises(FileNotFoundError, match="^saliency: there is no "):
        checked_path("saliency", str(maps), verb="train", refuse=refuse)
    assert checked_path("saliency", "auto", verb="train", refuse=refuse) == "auto"
    maps.mkdir()
    assert checked_path("saliency", str(maps), verb="train", refuse=refuse) == str(maps)


def test_what_is_read_must_be_there_and_what_is_made_need_not(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for name in ("model", "data", "truth", "weights"):
        with pytest.raises(FileNotFoundError, match=f"^{name}: there is no "):
            checked_path(name, gone, verb="train", refuse=refuse)
    for name in ("out", "json", "cache"):
        assert checked_path(name, gone, verb="train", refuse=refuse) == gone
    with pytest.raises(FileNotFoundError):
        checked_path("model", tmp_path / "{x}", verb="predict", refuse=refuse)
    shards = tmp_path / "{000..007}.tar"
    assert checked_path("data", shards, verb="train", refuse=refuse) == shards
    assert checked_path("classes", "gone", verb="predict", refuse=refuse) == "gone"


def test_a_check_lists_what_a_data_set_lacks_itself(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for name in ("labels", "truth"):
        assert checked_path(name, gone, verb="check", refuse=refuse) == gone
    assert checked_path("saliency", str(gone), verb="check", refuse=refuse) == str(gone)
    with pytest.raises(FileNotFoundError, match="data: there is no"):
        checked_path("data", gone, verb="check", refuse=refuse)


def test_an_address_is_no_path_on_this_disk() -> None:
    photos = Path("s3://bucket/photos")
    assert (
        str(checked_path("images", photos, verb="predict", refuse=refuse)) == "s3://bucket/photos"
    )
    with pytest.raises(ValueError, match="model must lie on a disk, got s3://bucket/photos"):
        checked_path("model", photos, verb="predict", refuse=refuse)


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


@pytest.mark.parametrize(("name", "other"), [("data", "--out=out"), ("out", "--resume")])
def test_a_wrong_path_is_refused_before_torch_is_imported(
    name: str, other: str, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    command = [sys.executable, "-c", REFUSED_AT_ONCE, "train", f"--{name}={gone}", other]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stderr == f"getam: {name}: there is no {gone}\n"


def test_a_resumed_run_needs_its_first_weights_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text(f"data: {tmp_path}\nweights: {tmp_path / 'gone.pth'}\n")
    begun: list[Path] = []

    def note(*, weights: Path, **_: object) -> None:
        begun.append(weights)

    parser = train.train_parser(train.train_from_tags)
    monkeypatch.setattr(train, "train_parser", lambda _: parser)
    monkeypatch.setattr(train, "train_from_tags", note)
    train.run([f"--out={tmp_path}", "--resume"])
    assert begun == [tmp_path / "gone.pth"]
    for others in ([], ["--resume", "--seeds=0,1"]):  # a new seed begins with them
        with pytest.raises(FileNotFoundError, match="weights: there is no "):
            train.run([f"--out={tmp_path}", f"--config={tmp_path / 'config.yaml'}", *others])
