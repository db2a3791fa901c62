"""Wrong usage and bad input: one clear line, a non-zero status, nothing written."""

import multiprocessing
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from data.scenes import write_voc

from getam.cli.main import VERBS, call, main
from getam.training.run_folder import RunFolder

TINY = ["--backbone", "getam_vit_nano", "--no-pretrained", "--workers", "0", "--device", "cpu"]


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """The last line on standard error."""
    return capsys.readouterr().err.strip().splitlines()[-1]


def status(arguments: list[str]) -> int:
    """Exit status of a command line; the option parser leaves by SystemExit."""
    try:
        return main(arguments)
    except SystemExit as leaving:
        return int(leaving.code or 0)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["trian"], "did you mean 'train'"),
        (["train", "--epoch", "3"], "did you mean --epochs?"),
        (["train", "--data", "x"], "out"),
        (["predict", "--modle", "x"], "did you mean --model?"),
        (["train", "--epochs", "many", "--data", "x", "--out", "y"], "epochs"),
    ],
)
def test_wrong_usage(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(arguments) == 2
    assert expected in complaint(capsys)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--data", "missing"], "data: there is no missing: "),
        (["--data", "VOC", "--split", "tarin"], "did you mean 'train'"),
        (["--data", "VOC", "--classes", "dgo"], "unknown class 'dgo'"),
        (["--data", "VOC", "--backbone", "vit_tiny_patch16_225"], "nearest: vit_tiny_patch16_224"),
        (["--data", "VOC", "--method", "getan"], "method must be one of getam"),
        (["--data", "VOC", "--rule", "none"], "rule must be one of"),
        (["--data", "VOC", "--rule", "paper", "--epochs", "1"], "saliency"),
        (["--data", "VOC", "--optimiser", "adam"], "optimiser must be one of"),
        (["--data", "VOC", "--frozen_blocks", "99"], "frozen_blocks must lie in"),
        (
            ["--data", "VOC", "--device", "gpu"],
            "device must be one of auto, cpu",
        ),
        (["--data", "VOC", "--workers", "-1"], "workers must be in 0.."),
        (["--data", "VOC", "--first-block", "99", "--epochs", "1"], "first_block must lie in"),
        (["--data", "VOC", "--preset", "papre"], "did you mean 'paper'"),
        (["--data", "VOC", "--config", "no.yaml"], "no.yaml"),
        (["--data", "VOC", "--weights", "no.pth"], "no.pth"),
        (["--data", "VOC", "--save-minutes", "-1"], "save_minutes must be 0 or more"),
        (["--data", "VOC", "--resume"], "out: there is no "),
        (["--data", "VOC", "--resume=true"], "out: there is no "),
    ],
)
def test_bad_settings_of_train(
    options: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    voc = write_voc(tmp_path / "voc")
    options = [str(voc) if option == "VOC" else option for option in options]
    out = tmp_path / "out"
    assert status(["train", *TINY, *options, "--out", str(out)]) != 0
    assert expected in complaint(capsys)
    RunFolder(out, {})  # still new, so the mended command may have it


def test_an_output_folder_in_use_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    voc, out = write_voc(tmp_path / "voc"), tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("precious")
    assert main(["train", "--data", str(voc), "--out", str(out), *TINY]) == 1
    assert "is not empty" in complaint(capsys)
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_predict_without_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--images", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main(["predict", "--model", str(tmp_path / "none"), *options]) == 1
    assert f"model: there is no {tmp_path / 'none'}" in complaint(capsys)
    assert not (tmp_path / "out").exists()


def test_help_lists_every_verb_and_imports_nothing_heavy() -> None:
    code = "import sys; from getam.cli.main import main; main(['--help']);"
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(f"  {verb} " in done.stdout for verb in VERBS)
    assert done.stdout.splitlines()[-1] == "False"


def test_errors_of_torch_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def run(_options: list[str]) -> None:
        raise RuntimeError("No CUDA GPUs are available\nC++ trace")

    assert call(run, []) == 1
    assert complaint(capsys) == "getam: No CUDA GPUs are available (--debug shows the trace)"
    with pytest.raises(RuntimeError):
        call(run, [], debug=True)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory.\nC"), MemoryError()])
def test_short_memory_says_what_to_lower(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_options: list[str]) -> None:
        raise error

    assert call(run, []) == 1
    reason = str(error).partition("\n")[0] or "MemoryError"
    assert complaint(capsys) == (
        f"getam: out of memory: make the photos smaller, or give fewer --workers ({reason})"
    )


def train_in_little_memory(*options: str) -> None:
    """Train in a process that may have 200 megabytes more than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + 200 * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    os._exit(main(["train", *TINY, *options]))


def test_a_crop_that_does_not_fit_the_memory(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    voc = write_voc(tmp_path / "voc")
    given = ["--data", str(voc), "--out", str(tmp_path / "run"), "--crop", "16384"]
    process = multiprocessing.get_context("fork").Process(
        target=train_in_little_memory, args=[*given, "--precision", "32-true"]
    )
    process.start()
    process.join()
    assert process.exitcode == 1
    said = capfd.readouterr().err.splitlines()
    assert said[-1].startswith(
        "getam: out of memory: begin a new run with a smaller --batch-size (and a larger "
        "--accumulate) or --crop ("
    )
    assert not any(line.startswith("Traceback") for line in said)


@pytest.mark.parametrize("place", [0, 1, 3])
def test_debug_shows_the_trace_wherever_it_stands(tmp_path: Path, place: int) -> None:
    words = ["predict", "--model", str(tmp_path / "no"), "--images", "x", "--out", "y"]
    with pytest.raises(FileNotFoundError):
        main([*words[:place], "--debug", *words[place:]])
