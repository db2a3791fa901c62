"""``getam train --seeds`` trains once per seed; ``--dry-run`` only says what would come."""

import json
import shutil
import statistics
from pathlib import Path

import numpy as np
import pytest
from data.scenes import LABELS, write_mask, write_photo, write_voc

from getam.cli.main import main
from getam.cli.options import parse
from getam.cli.train import begun_run, open_parts, train_from_tags
from getam.cli.train_options import train_parser
from getam.evaluation import ALL_TRAINED_ON
from getam.training.run_folder import recorded_settings, val_photos_of

TINY = [
    *("--backbone", "getam_vit_nano", "--no-pretrained", "--decoder-width", "8", "--crop", "32"),
    *("--long-side", "48", "--batch-size", "2", "--workers", "0"),
    *("--device", "cpu", "--epochs", "1"),
]


@pytest.fixture(scope="module")
def runs(voc: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of two seeds."""
    out = tmp_path_factory.mktemp("seeds") / "runs"
    assert main(["train", *options(voc, out), "--seeds", "0,1"]) == 0
    return out


def options(voc: Path, out: Path) -> list[str]:
    return ["--data", str(voc), "--split", "train", "--val", "val", "--out", str(out), *TINY]


def scores_of(run: Path) -> float:
    miou: float = json.loads((run / "scores.json").read_text())["miou"]
    return miou


def files(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return the time and the size of every file below a folder."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in paths}


def test_a_finished_seed_is_not_run_again_and_a_stopped_one_goes_on(
    runs: Path, voc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = [(runs / f"seed{seed}" / "model.safetensors").read_bytes() for seed in (0, 1)]
    assert weights[0] != weights[1]
    done = scores_of(runs / "seed1")
    (runs / "seed1" / "scores.json").unlink()  # as if it had been stopped before the score
    before = files(runs / "seed0")
    assert main(["train", *options(voc, runs), "--seeds", "0,1"]) == 0
    assert files(runs / "seed0") == before
    assert scores_of(runs / "seed1") == pytest.approx(done)
    said = capsys.readouterr().out
    assert f"seed 0 was done before: {runs / 'seed0'}" in said
    assert "seed 1 was done before" not in said
    scores = [scores_of(runs / f"seed{seed}") for seed in (0, 1)]
    table = said[said.index("2 runs") :]
    figures = f"{statistics.mean(scores):.3f} ({min(scores):.3f} to {max(scores):.3f})"
    assert any(
        line.startswith("prediction") and figures in line.replace("  ", " ")
        for line in table.splitlines()
    )


def test_other_settings_in_the_same_folder_are_refused(
    runs: Path, voc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(runs)
    given = [*options(voc, runs), "--seeds", "0,1"]
    assert main(["train", *given, "--crop", "48"]) == 1
    assert "crop is 48, but the run in" in capsys.readouterr().err.splitlines()[-1]
    assert files(runs) == before


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--seeds", "1,0,1"], "seeds: one stands twice in 1, 0, 1"),
        (["--seeds", "0,one"], "seeds must be numbers such as 0,1,2"),
        (["--seeds", "0,-1"], "seed must be in 0..9223372036854775807, got -1"),
        (["--seeds", "0,-1", "--dry-run"], "seed must be in 0..9223372036854775807, got -1"),
        (["--seeds", "0", "--val", "null"], "no photos to score with: name some with --val"),
        (["--seeds", "0", "--json", "scores.json"], "leave --json out"),
    ],
)
def test_mistakes(
    more: list[str],
    expected: str,
    voc: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "runs"
    assert main(["train", *options(voc, out), *more]) == 1
    assert expected in capsys.readouterr().err.splitlines()[-1]
    assert not out.exists()


def test_a_dry_run_says_how_long_it_takes_and_writes_nothing(
    voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(["train", *options(voc, out), "--dry-run", "--seeds", "0,1,2"]) == 0
    said = capsys.readouterr().out
    assert "warning: fewer than 10 photos show these classes" in said
    assert "photos               4 to train on, 1 to score" in said
    assert "phase 2, masks too" in said
    assert "3 runs, one per seed: about" in said
    assert not out.exists()
    scores = tmp_path / "scores.json"
    assert main(["train", *options(voc, out), "--dry-run", "--json", str(scores)]) == 1
    assert "a dry run makes no scores" in capsys.readouterr().err.splitlines()[-1]
    out.mkdir()
    (out / "thesis.txt").write_text("precious")
    assert main(["train", *options(voc, out), "--dry-run"]) == 1
    assert "is not empty" in capsys.readouterr().err.splitlines()[-1]
    assert main(["train", *options(voc, out), "--dry-run", "--resume"]) == 1


def test_a_run_goes_on_from_another_folder_with_its_own_photos_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there, run = tmp_path / "here", tmp_path / "there", tmp_path / "run"
    voc, other = write_voc(here / "photos"), write_voc(there / "photos")
    (other / "image_labels.json").write_text(
        json.dumps({**LABELS, "a": ["cat", "dog"], "b": ["cow"]})
    )
    monkeypatch.chdir(here)
    data = ["--data", "photos", "--labels", "photos/image_labels.json", "--split", "train"]
    assert main(["train", *data, "--out", str(run), *TINY]) == 0
    recorded = recorded_settings(run)
    assert recorded["data"] == str(voc)
    assert recorded["labels"] == str(voc / "image_labels.json")
    monkeypatch.chdir(there)
    resume = ["train", "--out", str(run), "--resume"]
    before = files(run)
    assert main([*resume, *data]) == 1
    assert (
        "data: 2 photos or their tags, a among them, differ between photos (train) and"
        in (capsys.readouterr().err.splitlines()[-1])
    )
    assert files(run) == before
    assert main(resume) == 0  # with its own photos
    moved = voc.rename(tmp_path / "moved")
    tags = str(moved / "image_labels.json")
    assert main([*resume, "--data", str(moved), "--labels", tags]) == 0
    assert recorded_settings(run) == {**recorded, "data": str(moved), "labels": tags}


def test_what_a_run_says_at_its_end_and_refuses_at_its_start(
    tmp_path: Path, voc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = ["train", "--data", str(voc), "--out", str(tmp_path / "a"), *TINY]
    assert main(alone) == 0
    said = capsys.readouterr().out
    assert "\nmean quality: cat " in said
    assert ALL_TRAINED_ON in said
    assert main(["train", *options(voc, tmp_path / "b")]) == 0
    said = capsys.readouterr().out
    assert "\nmean quality: cat " in said
    assert ALL_TRAINED_ON not in said
    assert main(alone) == 1
    assert "is not empty: choose another folder, or go on with --resume" in capsys.readouterr().err
    photos = write_photo(tmp_path / "photos" / "cat" / "a.png").parents[1]
    among = ["--frozen", "--cache", str(photos / "features"), "--out", str(tmp_path / "c")]
    assert main(["train", "--data", str(photos), *among, *TINY]) == 1
    assert "cache: " in (said := capsys.readouterr().err)
    assert "lies among the photos" in said


def test_a_run_goes_on_with_saliency_maps_that_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    voc, run = write_voc(tmp_path / "photos"), tmp_path / "run"
    maps = ["--saliency", str(voc / "saliency")]
    assert main(["train", "--data", str(voc), *maps, "--out", str(run), *TINY]) == 0
    moved = (voc / "saliency").rename(tmp_path / "maps")
    assert main(["train", "--out", str(run), "--resume", "--saliency", "maps"]) == 0
    assert recorded_settings(run)["saliency"] == str(moved)


def test_a_run_keeps_what_it_held_out_when_more_masks_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getam.training.judge_run.JUDGED", 2)
    monkeypatch.setattr("getam.training.advice.LOOKED_AT", 2)
    table, truth, run = tmp_path / "tags.csv", tmp_path / "truth", tmp_path / "run"
    names = [f"{number:03d}" for number in range(110)]
    for name in names:
        write_photo(tmp_path / f"{name}.png", (8, 8))
    table.write_text("image,labels\n" + "".join(f"{name}.png,cat\n" for name in names))
    for name in names[40:43]:
        write_mask(truth / f"{name}.png", np.zeros((8, 8)))
    quick = [*TINY, "--batch-size", "32", "--long-side", "32"]
    data = ["--data", str(table), "--truth", str(truth), "--out", str(run), *quick]
    assert main(["train", *data]) == 0
    held_out = [path.stem for path in val_photos_of(run)]
    assert len(held_out) == 11
    assert set(held_out) > set(names[40:43])
    assert json.loads((run / "scores.json").read_text())["stages"]
    for name in names[50:60]:
        write_mask(truth / f"{name}.png", np.zeros((8, 8)))
    assert main(["train", "--out", str(run), "--resume"]) == 0
    assert [path.stem for path in val_photos_of(run)] == held_out
    assert main(["report", str(run), "--photos", "1", "--workers", "0", "--device", "cpu"]) == 0


def test_every_seed_holds_out_what_the_first_one_did(tmp_path: Path) -> None:
    assert begun_run(tmp_path, [0, 1], resume=False) is None
    assert begun_run(tmp_path, [], resume=True) == tmp_path
    (tmp_path / "seed1").mkdir()
    (tmp_path / "seed1" / "checkpoint.pt").touch()
    assert begun_run(tmp_path, [0, 1], resume=False) == tmp_path / "seed1"
    assert begun_run(tmp_path, [], resume=False) is None


def test_corrected_masks_are_opened_for_training_alone(
    voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    masks, out = tmp_path / "corrected", tmp_path / "run"
    masks.mkdir()
    shutil.copy(voc / "SegmentationClass" / "b.png", masks)
    given = [*options(voc, out), "--corrected", str(masks)]
    settings = parse(train_parser(train_from_tags), given)
    source, val = open_parts(settings)
    assert [record.id for record in source.corrected] == ["b"]
    assert val is not None
    assert not val.corrected
    shutil.copy(voc / "SegmentationClass" / "e.png", masks)  # a photo of val
    assert main(["train", *given]) == 1
    assert "1 of 2 corrected masks in" in capsys.readouterr().err.splitlines()[-1]
    assert not out.exists()


def test_a_run_killed_before_its_first_checkpoint_is_started_again(
    voc: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = tmp_path / "run"
    command = ["train", "--data", str(voc), "--split", "train", "--out", str(run), *TINY]
    assert main(command) == 0
    for again in ([*command], ["train", "--out", str(run), "--resume"]):
        for path in run.iterdir():
            if path.name not in ("config.yaml", "env.json", "metrics.jsonl", "train_photos.json"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        caplog.clear()
        assert main(again) == 0
        said = [line for line in caplog.messages if line.endswith("begins anew")]
        assert len(said) == ("--resume" in again)
        steps = [json.loads(line)["step"] for line in (run / "metrics.jsonl").open()]
        assert steps == sorted(set(steps))  # none is of the killed run
    (run / "checkpoint.pt").unlink()  # a finished run without its checkpoint is no new one
    assert main(command) == 1
    assert "is not empty" in capsys.readouterr().err.splitlines()[-1]


def test_numbers_left_over_from_another_program_make_no_run_mute(
    voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("RANK", "LOCAL_RANK"):
        monkeypatch.setenv(variable, "1")
    file = tmp_path / "r.json"
    given = [*options(voc, tmp_path / "run"), "--loggers", "csv", "--json", str(file)]
    assert main(["train", *given]) == 0
    said = capsys.readouterr().out
    assert "model in" in said
    assert said.splitlines()[-1].startswith(f"next: getam report {tmp_path / 'run'}, or")
    assert file.is_file()
    assert next((tmp_path / "run").glob("csv/*/metrics.csv")).read_text()


def test_a_run_among_its_photos_is_refused(tmp_path, capsys):
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
    run = tmp_path / "photos" / "run"
    assert main(["train", "--data", str(tmp_path / "photos"), "--out", str(run)]) == 1
    assert "lies among the photos of" in capsys.readouterr().err
    assert not run.exists()


def test_seeds_of_a_frozen_run_share_its_features(voc: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    small = ["--long-side", "32", "--iterations", "1"]
    assert main(["train", *options(voc, out), *small, "--frozen", "--seeds", "0"]) == 0
    assert len(list((out / "features").rglob("*.safetensors"))) == 4
    assert not (out / "seed0" / "features").exists()
    assert recorded_settings(out / "seed0")["frozen"] is True


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--cache", "features"], "cache: only a frozen backbone has features to keep"),
        (["--frozen", "--dry-run"], "dry_run: leave --frozen out"),
        (["--frozen", "--jitter", "0.1"], "leave out scale and jitter"),
        (["--frozen", "--devices", "2"], "devices: a frozen run needs one process"),
        (["--frozen", "--preset", "acr"], "the part mirror_consistency of the loss reads"),
        (["--frozen", "--class-tokens"], "leave out class_tokens, or --frozen"),
    ],
)
def test_what_does_not_go_with_frozen_is_one_line(
    given: list[str], said: str, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *options(voc, tmp_path / "run"), *given]) == 1
    assert said in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "run").exists()
