"""Output folders: begun, continued, refused; inputs are never written to."""

import json
import logging
import multiprocessing
import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from getam import outputs as outputs_module
from getam.elsewhere import located
from getam.files import move
from getam.outputs import (
    MANIFEST,
    Outcomes,
    OutputFolder,
    checksum,
    is_output_folder,
    new_folder,
    refuse_inputs,
)
from getam.places import places
from getam.shard import Shard

COMMAND = {"verb": "predict", "scales": [1, 1.5]}


def written(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> dict[str, Path]:
    names = ("a/1", "b/1", "2")
    return {name: written(tmp_path / "photos" / f"{name}.jpg", name) for name in names}


def finish(folder: OutputFolder, *ids: str) -> None:
    with folder.writing():
        for name in ids:
            record(folder, name)


def record(folder: OutputFolder, name: str) -> None:
    outputs = [written(folder.file(name, ".png")), written(folder.file(name, ".x.jpg"))]
    folder.record(name, {path: checksum(path) for path in outputs}, seconds=0.25)


def test_a_new_folder_is_begun_and_continued(tmp_path, photos, caplog) -> None:
    caplog.set_level(logging.INFO)
    out = tmp_path / "deep" / "out"
    first = OutputFolder(out, COMMAND, photos=photos)
    assert first.done == set()
    finish(first, "a/1", "2")
    assert caplog.text == ""
    second = OutputFolder(out, dict(reversed(COMMAND.items())), photos=photos)
    assert second.done == {"a/1", "2"}
    assert caplog.messages == ["2 of 3 photos were done before"]
    (out / "2.x.jpg").unlink()
    assert OutputFolder(out, COMMAND, photos=photos).done == {"a/1"}


def test_the_manifest_says_what_was_made_of_what(tmp_path, photos) -> None:
    folder = OutputFolder(tmp_path / "out", COMMAND, photos=photos)
    finish(folder, "a/1")
    with folder.writing():
        folder.record_failure("2", "it is no photo", seconds=1 / 3)
    assert (folder.done, folder.failed) == ({"a/1"}, {"2": "it is no photo"})
    lines = (tmp_path / "out" / MANIFEST).read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"command": COMMAND},
        {
            "id": "a/1",
            "photo": str(photos["a/1"]),
            "status": "done",
            "seconds": 0.25,
            "outputs": ["a/1.png", "a/1.x.jpg"],
            "checksum": [f"{zlib.crc32(b'x'):08x}"] * 2,
        },
        {
            "id": "2",
            "photo": str(photos["2"]),
            "status": "failed",
            "seconds": 0.333,
            "error": "it is no photo",
        },
    ]
    assert OutputFolder(tmp_path / "out", COMMAND, photos=photos).done == {"a/1"}


@pytest.mark.parametrize("content", [b"", b"y", b"xx"], ids=["empty", "damaged", "longer"])
def test_an_output_that_is_not_as_it_was_written_is_done_again(tmp_path, photos, content) -> None:
    finish(OutputFolder(tmp_path / "out", COMMAND, photos=photos), *photos)
    (tmp_path / "out" / "2.x.jpg").write_bytes(content)
    assert OutputFolder(tmp_path / "out", COMMAND, photos=photos).done == {"a/1", "b/1"}


def test_a_folder_is_left_as_it_was_found(tmp_path, photos) -> None:
    out = tmp_path / "out"
    names, scores = out / "classes.txt", written(tmp_path / "scores.json")
    begin = partial(OutputFolder, out, COMMAND, photos=photos, files=[names, scores])
    first = begin(shard=Shard.parse("1/2"))
    written(names)
    second = begin(shard=Shard.parse("2/2"))
    second.leave()
    assert names.exists()  # the other shard needs it
    assert not second.manifest.exists()
    first.leave()
    assert not any(out.iterdir())
    assert scores.exists()  # it was there before
    OutputFolder(out, {"verb": "maps"}, photos=photos)


def test_shards_share_a_folder_and_what_any_of_them_did_is_done(tmp_path, photos) -> None:
    out = tmp_path / "out"
    shards = [OutputFolder(out, COMMAND, photos=photos, shard=Shard(n, 2)) for n in (1, 2)]
    assert [folder.own for folder in shards] == [{"2", "b/1"}, {"a/1"}]
    with shards[0].writing(), shards[1].writing():  # both at the same time
        record(shards[1], "a/1")
        record(shards[0], "b/1")
    assert {path.name for path in out.glob("*.jsonl")} == {
        *("manifest-1-of-2.jsonl", "manifest-2-of-2.jsonl")
    }
    assert is_output_folder(out)
    again = OutputFolder(out, COMMAND, photos=photos, shard=Shard(1, 2))
    assert again.done == {"b/1"}
    assert OutputFolder(out, COMMAND, photos=photos, shard=Shard(2, 3)).done == {"a/1"}
    whole = OutputFolder(out, COMMAND, photos=photos)
    assert whole.done == {"a/1", "b/1"}
    finish(whole, "2")
    assert OutputFolder(out, COMMAND, photos=photos, shard=Shard(1, 2)).done == {"2", "b/1"}


def test_a_shard_of_another_command_and_one_that_overwrites_are_refused(tmp_path, photos) -> None:
    out, other = tmp_path / "out", COMMAND | {"scales": [1]}
    OutputFolder(out, COMMAND, photos=photos, shard=Shard(1, 2))
    for shard in (Shard(2, 2), Shard(1, 2), Shard()):
        with pytest.raises(FileExistsError, match=r"another command \(not the same: scales\)"):
            OutputFolder(out, other, photos=photos, shard=shard)
    with pytest.raises(ValueError, match="overwrite: a shard that starts again"):
        OutputFolder(out, other, photos=photos, shard=Shard(2, 2), overwrite=True)
    assert [path.name for path in out.iterdir()] == ["manifest-1-of-2.jsonl"]
    OutputFolder(out, other, photos=photos, overwrite=True)
    assert [path.name for path in out.iterdir()] == [MANIFEST]


def test_another_command_that_begins_at_the_same_time_is_seen(
    tmp_path, photos, monkeypatch
) -> None:
    out, begin = tmp_path / "out", OutputFolder._begin

    def begin_late(self, command):
        if command["verb"] == COMMAND["verb"]:
            OutputFolder(out, {"verb": "maps"}, photos=photos, shard=Shard(2, 2))
        begin(self, command)

    monkeypatch.setattr(OutputFolder, "_begin", begin_late)
    with pytest.raises(FileExistsError, match="another command"):
        OutputFolder(out, COMMAND, photos=photos, shard=Shard(1, 2))
    assert [path.name for path in out.iterdir()] == ["manifest-2-of-2.jsonl"]


def test_a_shard_that_is_just_beginning_is_no_strange_file(tmp_path, photos) -> None:
    written(tmp_path / "out" / ".manifest-1-of-2.4711.jsonl")
    OutputFolder(tmp_path / "out", COMMAND, photos=photos, shard=Shard(2, 2))
    written(tmp_path / "mine" / ".hidden")
    with pytest.raises(FileExistsError, match="is not empty"):
        OutputFolder(tmp_path / "mine", COMMAND, photos=photos)


def write_in_another_process(out: Path, photos: dict[str, Path], ready: Any, leave: Any) -> None:
    with OutputFolder(out, COMMAND, photos=photos).writing() as part:
        written(part / "half.png")
        ready.set()
        leave.wait(60)


def test_one_process_at_a_time_writes_and_what_it_left_unfinished_is_removed(
    tmp_path, photos
) -> None:
    folder = OutputFolder(tmp_path / "out", COMMAND, photos=photos)
    fork = multiprocessing.get_context("fork")
    ready, leave = fork.Event(), fork.Event()
    other = fork.Process(
        target=write_in_another_process, args=(tmp_path / "out", photos, ready, leave)
    )
    other.start()
    assert ready.wait(60)
    with pytest.raises(FileExistsError, match="another process is writing to"), folder.writing():
        pass
    other.kill()
    other.join()
    (half,) = (tmp_path / "out").rglob("half.png")
    with folder.writing() as part:
        assert half.parent == part
        assert not half.exists()
    assert [path.name for path in (tmp_path / "out").iterdir()] == [MANIFEST]


def test_a_line_that_was_cut_off_counts_for_nothing(tmp_path, photos) -> None:
    out = tmp_path / "out"
    finish(OutputFolder(out, COMMAND, photos=photos), *photos)
    whole = (out / MANIFEST).read_bytes()
    last = whole.rindex(b"{")
    for length in range(last, len(whole) - 1):
        (out / MANIFEST).write_bytes(whole[:length])
        again = OutputFolder(out, COMMAND, photos=photos)
        assert again.done == {"a/1", "b/1"}
    finish(again, "2")
    assert OutputFolder(out, COMMAND, photos=photos).done == set(photos)


def test_an_id_that_went_to_another_photo_is_done_again(tmp_path, photos) -> None:
    out = tmp_path / "out"
    before, after = {"1": photos["a/1"]}, {"1": photos["b/1"]}
    finish(OutputFolder(out, COMMAND, photos=before), "1")
    changed = OutputFolder(out, COMMAND, photos=after)
    assert changed.done == set()
    finish(changed, "1")
    assert OutputFolder(out, COMMAND, photos=before).done == set()


def test_another_command_and_a_strange_folder_are_refused(tmp_path, photos) -> None:
    out = tmp_path / "out"
    finish(OutputFolder(out, COMMAND, photos=photos), *photos)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    other = COMMAND | {"scales": [1], "flip": True}
    with pytest.raises(FileExistsError, match=r"\(not the same: scales, flip\).*--overwrite$"):
        OutputFolder(out, other, photos=photos)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert OutputFolder(out, other, photos=photos, overwrite=True).done == set()
    written(tmp_path / "mine" / "thesis.txt")
    with pytest.raises(FileExistsError, match="mine is not empty: .*--overwrite"):
        OutputFolder(tmp_path / "mine", COMMAND, photos=photos)
    written(tmp_path / "mine" / MANIFEST, '["not ours"]\n')
    with pytest.raises(FileExistsError, match="mine is not empty"):
        OutputFolder(tmp_path / "mine", COMMAND, photos=photos)
    with pytest.raises(FileExistsError):
        OutputFolder(tmp_path / "mine" / "thesis.txt", COMMAND, photos=photos, overwrite=True)


def test_overwrite_does_every_photo_again(tmp_path, photos) -> None:
    finish(OutputFolder(tmp_path / "out", COMMAND, photos=photos), *photos)
    assert OutputFolder(tmp_path / "out", COMMAND, photos=photos, overwrite=True).done == set()
    assert OutputFolder(tmp_path / "out", COMMAND, photos=photos).done == set()


def test_threads_write_whole_lines(tmp_path) -> None:
    photos = {str(i): tmp_path / f"{i}.jpg" for i in range(200)}
    folder = OutputFolder(tmp_path / "out", COMMAND, photos=photos)
    with folder.writing(), ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: record(folder, name), photos))
    assert OutputFolder(tmp_path / "out", COMMAND, photos=photos).done == set(photos)


def refused(tmp_path: Path, out: Path, photos: dict[str, Path], **arguments) -> None:
    """See that a folder is refused, also with overwrite, and nothing is changed."""
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match="would meet the input") as caught:
        OutputFolder(out, COMMAND, photos=photos, overwrite=True, **arguments)
    assert "\n" not in str(caught.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_folder_of_the_photos_is_refused(tmp_path, photos) -> None:
    refused(tmp_path, tmp_path / "photos", photos)
    refused(tmp_path, tmp_path / "out" / ".." / "photos", photos)
    refused(tmp_path, tmp_path / "PHOTOS", photos)


def test_links_are_followed(tmp_path, photos) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "photos")
    refused(tmp_path, tmp_path / "link", photos)
    through = {name: tmp_path / "link" / f"{name}.jpg" for name in photos}
    refused(tmp_path, tmp_path / "photos", through)
    (tmp_path / "one.jpg").symlink_to(tmp_path / "photos" / "2.jpg")
    refused(tmp_path, tmp_path / "photos", {"2": tmp_path / "one.jpg"})


def test_a_link_within_the_folder_does_not_lead_out_of_it(tmp_path, photos) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").symlink_to(tmp_path / "photos" / "a")
    with pytest.raises(ValueError, match="is a link that leads out of"):
        OutputFolder(tmp_path / "out", COMMAND, photos=photos, overwrite=True)


def test_other_inputs_and_other_files_count_as_well(tmp_path, photos) -> None:
    saliency = written(tmp_path / "out" / "A" / "1.png")
    refused(tmp_path, tmp_path / "out", photos, inputs=[saliency])
    manifest = written(tmp_path / "out" / MANIFEST)
    refused(tmp_path, tmp_path / "out", {}, inputs=[manifest])
    tags = written(tmp_path / "tags.json")
    refused(tmp_path, tmp_path / "new", photos, inputs=[tags], files=[tmp_path / "Tags.json"])


def test_a_folder_beside_the_photos_or_among_them_is_fine(tmp_path, photos) -> None:
    for out in (tmp_path / "photos" / "masks", tmp_path / "photos2"):
        assert OutputFolder(out, COMMAND, photos=photos, inputs=photos.values()).done == set()
        assert is_output_folder(out)
    assert not is_output_folder(tmp_path / "photos")


def test_ids_made_by_hand_must_be_different_places(tmp_path, photos) -> None:
    with pytest.raises(ValueError, match="differ in nothing but capitals"):
        OutputFolder(tmp_path / "out", COMMAND, photos={"a": photos["2"], "A": photos["a/1"]})
    with pytest.raises(ValueError, match="cannot name a file below"):
        OutputFolder(tmp_path / "out", COMMAND, photos={"../a": photos["2"]})
    assert not (tmp_path / "out").exists()


PARTS = st.sampled_from(["a", "A", "..", "photos", "link", "1", "out"])


@settings(max_examples=150)
@given(
    names=st.lists(st.lists(PARTS, min_size=1, max_size=4), min_size=1, max_size=5),
    out=st.lists(PARTS, max_size=3),
)
def test_no_file_outside_the_folder_is_ever_changed(tmp_path_factory, names, out) -> None:
    base = tmp_path_factory.mktemp("any")
    root = base / "x" / "y" / "z" / "w" / "v"
    root.mkdir(parents=True)
    (root / "photos").mkdir()
    (root / "link").symlink_to(root / "photos")
    photos = []
    for number, parts in enumerate(names):
        path = root.joinpath(*parts[:-1], f"{parts[-1]}.png")
        if not path.exists():
            photos.append(written(path, str(number)))
    before = {path: path.read_text() for path in photos}
    given_names = places([str(path) for path in photos])
    folder = root.joinpath(*out)
    try:
        opened = OutputFolder(
            folder, COMMAND, photos=dict(zip(given_names, photos, strict=True)), overwrite=True
        )
    except (ValueError, FileExistsError):
        return
    finish(opened, *given_names)
    assert {path: path.read_text() for path in photos} == before
    made = [path for path in base.rglob("*") if path.is_file() and path.read_text() == "x"]
    assert all(path.resolve().is_relative_to(folder.resolve()) for path in made)


def test_a_few_files_at_the_end(tmp_path: Path) -> None:
    written(tmp_path / "thesis.txt", "precious")
    with pytest.raises(FileExistsError, match="is not empty: choose another"):
        new_folder(tmp_path)
    with pytest.raises(FileExistsError):
        new_folder(tmp_path / "thesis.txt", overwrite=True)
    assert new_folder(tmp_path, overwrite=True) == tmp_path
    assert new_folder(tmp_path / "a" / "b").is_dir()
    with pytest.raises(ValueError, match="would meet the input"):
        new_folder(
            tmp_path / "c", files=[tmp_path / "THESIS.txt"], inputs=[tmp_path / "thesis.txt"]
        )
    assert not (tmp_path / "c").exists()


def test_endings_of_an_input(tmp_path: Path) -> None:
    inputs = [tmp_path / "a.b.png"]
    refuse_inputs([tmp_path / "a.b.c", tmp_path / "a.bc", tmp_path / "b"], inputs)
    for name in ("a", "a.b", "a.b.png", "A.B"):
        with pytest.raises(ValueError, match="would meet the input"):
            refuse_inputs([tmp_path / name], inputs)


def test_two_shards_of_different_lists_are_refused(tmp_path, photos) -> None:
    out = tmp_path / "out"
    OutputFolder(out, COMMAND, photos=photos, shard=Shard(1, 2))
    fewer = {name: path for name, path in photos.items() if name != "2"}
    with pytest.raises(FileExistsError, match=r"not the same: list of photos"):
        OutputFolder(out, COMMAND, photos=fewer, shard=Shard(2, 2))
    OutputFolder(out, COMMAND, photos=dict(reversed(photos.items())), shard=Shard(2, 2))
    OutputFolder(out, COMMAND, photos=fewer)  # without shards, another list is a longer run


def test_lines_of_a_manifest_that_are_damaged_count_for_nothing(tmp_path, photos) -> None:
    out = tmp_path / "out"
    finish(OutputFolder(out, COMMAND, photos=photos), "a/1", "2")
    with (out / MANIFEST).open("a") as manifest:
        for line in ({"id": "2", "status": "done"}, {"id": ["2"]}, {"id": "2", "outputs": 5}, [1]):
            manifest.write(json.dumps(line) + "\n")
    assert OutputFolder(out, COMMAND, photos=photos).done == {"a/1"}
    (out / MANIFEST).write_text(json.dumps({"command": 5}))
    with pytest.raises(FileExistsError, match="is not empty"):
        OutputFolder(out, COMMAND, photos=photos)


def test_nothing_is_overwritten_that_is_being_written(tmp_path, photos) -> None:
    out = tmp_path / "out"
    folder = OutputFolder(out, COMMAND, photos=photos)
    context = multiprocessing.get_context("fork")
    with folder.writing(), context.Pool(1) as pool:  # the lock counts for other processes
        again = partial(OutputFolder, out, COMMAND, photos=photos, overwrite=True)
        with pytest.raises(FileExistsError, match="another process is writing to"):
            pool.apply(again)
    assert (out / MANIFEST).is_file()


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_the_manifest_of_an_address_comes_in_pieces(photos, monkeypatch) -> None:
    out = located("memory://test_outputs/pieces")
    first = OutputFolder(out, COMMAND, photos=photos)
    with first.writing() as part:
        for name in ("a/1", "2"):
            whole = written(part / "unfinished.png", name)
            outputs = {first.file(name, ".png"): checksum(whole)}
            move(whole, first.file(name, ".png"))
            first.record(name, outputs)
        assert names_in(out) == [
            "1.png",
            "2.png",
            MANIFEST,
        ]  # nothing is sent yet
        assert OutputFolder(out, COMMAND, photos=photos).done == set()
    assert not part.exists()
    pieces = [name for name in names_in(out) if name.startswith("manifest.")]
    assert len(pieces) == 2
    assert all(re.fullmatch(r"manifest(\.[0-9]+)?\.jsonl", name) for name in pieces)
    monkeypatch.setattr(outputs_module, "_SENT_EVERY", 0.0)
    second = OutputFolder(out, COMMAND, photos=photos)
    assert second.done == {"a/1", "2"}
    with second.writing():
        second.record_failure("b/1", "no photo")
        assert len(names_in(out)) == 5
    (out / "2.png").unlink()
    assert OutputFolder(out, COMMAND, photos=photos).done == {"a/1"}
    with pytest.raises(FileExistsError, match=r"memory://test_outputs/pieces holds the outputs of"):
        OutputFolder(out, {"verb": "maps"}, photos=photos)
    assert OutputFolder(out, {"verb": "maps"}, photos=photos, overwrite=True).done == set()
    assert names_in(out) == ["1.png", MANIFEST]


def test_outcomes_are_what_a_manifest_would_hold(tmp_path, photos) -> None:
    folder = OutputFolder(tmp_path / "out", COMMAND, photos=photos)
    outcomes = Outcomes(folder.path, folder.photos)
    outcomes.record("2", {written(outcomes.file("2", ".png")): "00"}, seconds=0.5)
    outcomes.record_failure("a/1", "no photo")
    assert (outcomes.done, outcomes.failed) == ({"2"}, {"a/1": "no photo"})
    with folder.writing():
        for entry in outcomes.entries:
            folder.add(entry)
    assert (folder.done, folder.failed) == ({"2"}, {"a/1": "no photo"})
    lines = folder.manifest.read_text().splitlines()[1:]
    assert [json.loads(line) for line in lines] == outcomes.entries
