"""The presets train and predict on any data, and differ where they say."""

import json
from dataclasses import fields
from pathlib import Path

import pytest
import torch
import yaml
from data.scenes import CLASSES, write_voc
from PIL import Image
from torchvision.transforms.v2 import functional

from getam.cli.main import main
from getam.inference import Predictor
from getam.model import View, load_model
from getam.model.view import RESIZES
from getam.recipe import CHOICES, NETWORKS, PRESETS, REPAIRS, Facts, Recipe, recipe_for
from getam.training.saliency_target import SALIENCY_TARGETS
from getam.training.step import PADDING

FACTS = Facts(depth=12, width=192, photos=700, has_saliency=True)
TINY = [
    *("--backbone", "getam_vit_nano", "--no-pretrained", "--decoder-width", "8", "--epochs", "2"),
    *("--crop", "32", "--long-side", "32", "--workers", "0", "--device", "cpu"),
]


@pytest.fixture(scope="module")
def voc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_voc(tmp_path_factory.mktemp("presets") / "voc")


def train(voc: Path, out: Path, *options: str) -> int:
    return main(["train", "--data", str(voc), "--out", str(out), *TINY, *options])


def test_paper_is_released_with_every_repair_and_nothing_else() -> None:
    released, paper = PRESETS["released"](FACTS), PRESETS["paper"](FACTS)
    changed = {name for name in released if paper[name] != released[name]}
    assert paper.keys() == released.keys()
    assert changed == {name for repair in REPAIRS.values() for name in repair}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_sets_every_setting_but_the_seed(preset: str) -> None:
    assert {field.name for field in fields(Recipe)} - {"seed"} == PRESETS[preset](FACTS).keys()


def test_the_default_follows_the_backbone_and_the_amount_of_data() -> None:
    base = recipe_for(Facts(depth=12, width=768, photos=10_000, has_saliency=False))
    deep = recipe_for(Facts(depth=24, width=1024, photos=10_000, has_saliency=True))
    assert (base.frozen_blocks, base.first_block) == (4, 8)
    assert (deep.frozen_blocks, deep.first_block) == (8, 16)
    assert (base.rule, deep.rule) == ("thresholds", "paper")
    assert base.learning_rate == pytest.approx(1.5e-4 / 2)
    assert deep.learning_rate < base.learning_rate
    few = recipe_for(Facts(depth=12, width=192, photos=30, has_saliency=False))
    assert few.epochs * 30 >= 500 * few.batch_size
    assert recipe_for(FACTS, epochs=2).epochs == 2


def test_a_given_rule_brings_no_settings_of_another() -> None:
    assert recipe_for(FACTS, rule="released").rule_settings == {}
    assert recipe_for(FACTS, rule="paper").rule_settings == {"opening": 5}


def test_the_words_of_a_setting_are_the_names_of_its_functions() -> None:
    assert set(CHOICES["saliency_target"]) == set(SALIENCY_TARGETS)
    assert set(CHOICES["padding"]) == set(PADDING)
    assert set(CHOICES["test_resize"]) == set(RESIZES)


def test_the_documentation_lists_every_setting_that_differs() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "fidelity.md"
    cells = [
        line.split("|")[1:5] for line in page.read_text().splitlines() if line.startswith("| `")
    ]
    listed = {row[0].strip(" `"): [cell.strip() for cell in row[1:]] for row in cells}
    presets = [
        {**NETWORKS[name], **PRESETS[name](FACTS)} for name in ("released", "paper", "default")
    ]
    for name in presets[0]:
        values = [shown(preset[name]) for preset in presets]
        assert listed.pop(name, [values[0]] * 3) == values, name
    assert not listed


@pytest.mark.parametrize("preset", ["released", "paper"])
def test_a_preset_trains_and_its_model_remembers_the_test(
    preset: str, voc: Path, tmp_path: Path
) -> None:
    run, masks = tmp_path / "run", tmp_path / "masks"
    assert train(voc, run, "--preset", preset, "--saliency", str(voc / "saliency")) == 0
    config = yaml.safe_load((run / "config.yaml").read_text())
    given = {"crop", "epochs", "long_side"}
    expected = PRESETS[preset](Facts(depth=6, width=128, photos=5, has_saliency=True))
    for name in expected.keys() - given:
        wanted = expected[name]
        assert config[name] == (list(wanted) if isinstance(wanted, tuple) else wanted), name
    description = json.loads((run / "model.json").read_text())
    assert description["architecture"]["classifier"] == "stride32"
    options = ["--model", str(run), "--images", str(voc / "JPEGImages"), "--device", "cpu"]
    assert main(["predict", *options, "--out", str(masks)]) == 0
    model = load_model(run, device="cpu")
    squares = "square" if preset == "released" else "aspect"
    test = Predictor(model, View(32, scales=(0.8, 1.0, 1.5), resize=squares, crf=True))
    assert written(masks) == {photo.stem: test(photo).mask.tolist() for photo in photos(voc)}
    plain = ["--scales", "1", "--resize", "aspect", "--no-crf", "--out", str(tmp_path / "plain")]
    assert main(["predict", *options, *plain]) == 0
    once = Predictor(model, View(32))
    assert written(tmp_path / "plain") == {p.stem: once(p).mask.tolist() for p in photos(voc)}


@pytest.mark.parametrize("preset", ["released", "paper"])
def test_a_preset_without_saliency(
    preset: str, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert train(voc, run, "--preset", preset) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "or train without (--saliency-weight 0 --rule thresholds)" in said
    assert not run.exists()
    tags_alone = ["--saliency-weight", "0", "--rule", "thresholds", "--epochs", "1"]
    assert train(voc, run, "--preset", preset, *tags_alone) == 0
    assert (run / "model.json").is_file()


def test_released_on_a_real_transformer_of_the_cpu(voc: Path, tmp_path: Path) -> None:
    options = ["--saliency", str(voc / "saliency"), "--backbone", "vit_tiny_patch16_224"]
    assert train(voc, tmp_path / "run", "--preset", "released", *options, "--epochs", "2") == 0
    losses = [
        json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()
    ]
    assert {"segmentation", "saliency_released", "energy"} <= losses[-1].keys()
    names = Predictor.load(tmp_path / "run", device="cpu").classes
    assert tuple(names) == CLASSES


@pytest.mark.parametrize(
    ("option", "wrong", "known"),
    [
        ("--saliency-target", "relesed", "paper, released"),
        ("--padding", "none", "ignored, background"),
        ("--test-resize", "sqare", "aspect, square"),
        ("--test-scales", "[0.5, -1]", "scales must be above 0"),
    ],
)
def test_a_wrong_variant_stops_before_the_run(
    option: str, wrong: str, known: str, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert train(voc, tmp_path / "run", option, wrong) == 1
    assert known in capsys.readouterr().err.strip().splitlines()[-1]
    assert not (tmp_path / "run").exists()


def shown(value: object) -> str:
    """A setting as the documentation writes it."""
    if isinstance(value, tuple):
        return ", ".join(map(shown, value))
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}" if number else str(value)


def photos(voc: Path) -> list[Path]:
    return sorted((voc / "JPEGImages").iterdir())


def written(folder: Path) -> dict[str, list[list[int]]]:
    """Values of the mask files by stem; the test classes are numbered as in training."""
    masks = {}
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as image:
            masks[path.stem] = functional.pil_to_tensor(image)[0].to(torch.uint8).tolist()
    return masks


@pytest.mark.parametrize("preset", ["afa", "toco"])
def test_a_mean_of_two_mask_losses_is_half_of_their_sum(preset: str) -> None:
    """Both authors weigh the mean of the losses of background and foreground by 0.1."""
    assert recipe_for(FACTS, preset).segmentation_weight == pytest.approx(0.05)
