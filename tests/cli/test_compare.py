"""``getam compare`` by the command line."""

import json
from pathlib import Path

import pytest
import torch
from data.scenes import CLASSES, write_voc

from getam.cli.compare import evenly_spaced
from getam.cli.main import main
from getam.data import open_source
from getam.model import Model, View, save_model
from getam.network import build_network
from getam.pseudo_label import Labeller


@pytest.fixture(scope="module")
def voc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_voc(tmp_path_factory.mktemp("compare") / "voc")


@pytest.fixture(scope="module")
def run(voc: Path) -> Path:
    torch.manual_seed(0)
    network = build_network("getam_vit_nano", len(CLASSES), pretrained=False, decoder_width=8)
    classes = {name: value for value, name in enumerate(CLASSES, start=1)}
    save_model(Model(network, classes, View(32), Labeller(iterations=1)), voc.parent / "run")
    return voc.parent / "run"


def test_table_json_and_picture(
    run: Path, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, file = tmp_path / "out", tmp_path / "scores.json"
    options = ["--model", str(run), "--data", str(voc), "--out", str(out), "--workers", "0"]
    options += ["--methods", "getam,grad", "--first-blocks", "5", "--device", "cpu"]
    assert main(["compare", *options, "--limit", "2", "--json", str(file)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 1 + 2 * (2 + 2)  # two methods and two controls, refined or not
    assert {path.name for path in out.iterdir()} == {"table.md", "compare.json", "compare.svg"}
    assert file.read_text() == (out / "compare.json").read_text()
    content = json.loads(file.read_text())
    assert content["photos"] == 2
    assert [row["seed"]["images"] for row in content["rows"]] == [2] * 4
    table = (out / "table.md").read_text()
    assert table.startswith(f"    getam compare --model {run} --data")
    assert [line.split()[1] for line in table.splitlines()[-8:]] == [
        line.split()[0] for line in printed[1:]
    ]
    assert main(["compare", *options]) == 1
    assert "is not empty" in capsys.readouterr().err.splitlines()[-1]
    again = [*options, "--limit", "1", "--overwrite", "--no-refine"]
    assert main(["compare", *again]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + 2 + 2


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--first-blocks", "0,six"], "first_blocks must be numbers"),
        (["--limit", "0"], "limit must be 1 or more"),
        (["--methods", "getan"], "method must be one of"),
        (["--methods", "getam", "--first-blocks", "77"], "first_block must lie in 0..5"),
    ],
)
def test_mistakes(
    options: list[str],
    expected: str,
    run: Path,
    voc: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["--model", str(run), "--data", str(voc), "--out", str(tmp_path / "out"), *options]
    assert main(["compare", *given, "--workers", "0"]) == 1
    assert expected in capsys.readouterr().err.splitlines()[-1]


def test_a_stopped_comparison_goes_on(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getam.explain.kept_counts.SHARE", 0)
    voc, out = write_voc(tmp_path / "voc"), tmp_path / "out"
    options = ["--model", str(run), "--data", str(voc), "--out", str(out), "--workers", "0"]
    options += ["--methods", "grad", "--first-blocks", "5", "--device", "cpu"]
    last = sorted((voc / "SegmentationClass").iterdir())[-1]
    mask = last.read_bytes()
    last.write_bytes(b"not a mask")
    assert main(["compare", *options]) == 1
    assert [path.name for path in out.iterdir()] == ["compare-counts.pt"]
    assert main(["compare", *options, "--no-refine"]) == 1
    assert "(not the same: refine)" in capsys.readouterr().err.splitlines()[-1]
    last.write_bytes(mask)
    for name in ("table.md", "compare.json"):
        assert main(["compare", *options, "--json", str(out / name)]) == 1
        assert "the command itself writes" in capsys.readouterr().err
    assert main(["compare", *options, "--overwrite", "--first-blocks", "x"]) == 1
    assert [path.name for path in out.iterdir()] == ["compare-counts.pt"]  # a slip costs nothing
    assert main(["compare", *options]) == 0
    assert "photos: 1 done" in capsys.readouterr().err
    assert {path.name for path in out.iterdir()} == {"table.md", "compare.json", "compare.svg"}
    assert json.loads((out / "compare.json").read_text())["photos"] == 5


def test_evenly_spaced_photos(voc: Path) -> None:
    source = open_source(voc)
    ids = [record.id for record in source.records]
    assert [record.id for record in evenly_spaced(source, 3).records] == ids[::2]
    assert evenly_spaced(source, 99).records == source.records
