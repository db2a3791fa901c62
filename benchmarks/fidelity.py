"""Released, paper and default presets on the same photos: python benchmarks/presets.py --out DIR.

Every run takes data, network and number format from ``--config``; the default preset its recipe
too. A run that is there already is not repeated, and one that was stopped goes on.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
import yaml
from seeds import minutes, spread

from getam.cli.main import main as getam
from getam.data import open_source
from getam.evaluation import ConfusionMatrix
from getam.files import whole_file
from getam.inference import Predictor
from getam.recipe import PRESETS, REPAIRS

CONFIG = Path("configs/voc_animals_vit_tiny.yaml")
DATA = ("data", "labels", "split", "val", "classes", "saliency", "strict", "workers")
NETWORK = ("backbone", "weights", "pretrained", "decoder_width", "precision")
VARIANTS = {
    **{name: settings for name, settings in PRESETS.items() if name != "default"},
    **{f"released + {name}": PRESETS["released"] | repair for name, repair in REPAIRS.items()},
}
COLUMNS = ("prediction", "prediction, one scale, no CRF", "pseudo label", "minutes")


def main() -> None:
    """Train and score seed after seed, and write the table after every run."""
    options = parse()
    options.out.mkdir(parents=True, exist_ok=True)
    config = yaml.safe_load(options.config.read_text())
    results: dict[str, dict[int, dict[str, float]]] = {name: {} for name in options.only}
    for seed in options.seeds:
        for name in options.only:
            settings = settings_of(name, config, options.epochs)
            run = train(settings, seed, options.out / folder_of(name))
            results[name][seed] = scores_of(run, settings)
            write(results, options)
    print(table(results))


def parse() -> argparse.Namespace:
    """The command line."""
    known = ["default", *VARIANTS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="runs and table go here")
    parser.add_argument("--epochs", type=int, help="of every run; default that of --config")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--only", nargs="+", choices=known, default=["released", "paper", "default"]
    )
    parser.add_argument("--config", type=Path, default=CONFIG, help="data, network and default")
    return parser.parse_args()


def settings_of(name: str, config: dict[str, Any], epochs: int | None) -> dict[str, Any]:
    """Every setting of a variant but seed and folder."""
    common = {key: config[key] for key in (*DATA, *NETWORK) if key in config}
    settings = config if name == "default" else {**VARIANTS[name], **common}
    settings = {**settings, "epochs": epochs or config["epochs"]}
    return json.loads(json.dumps(settings))  # tuples as YAML knows them


def folder_of(name: str) -> str:
    """Where a variant is trained: together with what differs from it at the test alone."""
    if name == "default":
        return name
    same = (other for other in VARIANTS if training(other) == training(name))
    return next(same).replace(" ", "_")


def training(name: str) -> dict[str, Any]:
    """What of a variant matters while it trains."""
    return {key: value for key, value in VARIANTS[name].items() if not key.startswith("test_")}


def train(settings: dict[str, Any], seed: int, folder: Path) -> Path:
    """Train a variant with a seed, unless it was done before."""
    run = folder.with_name(f"{folder.name}_{seed}")
    if (run / "scores.json").exists():
        return run
    file = folder.with_suffix(".yaml")
    file.write_text(yaml.safe_dump(settings, sort_keys=False))
    options = ["--config", str(file), "--out", str(run), "--seed", str(seed)]
    if (run / "checkpoint.pt").exists():
        options = ["--out", str(run), "--resume"]
    if status := getam(["train", *options]):
        raise SystemExit(status)
    return run


def scores_of(run: Path, settings: dict[str, Any]) -> dict[str, float]:
    """mIoU of pseudo labels, of one plain pass, and of the test that belongs to the variant."""
    stages = json.loads((run / "scores.json").read_text())["stages"]
    tested = own_test(run, settings)
    plain, label = stages["prediction"]["miou"], stages["pseudo label"]["miou"]
    return dict(zip(COLUMNS, (tested, plain, label, minutes(run)), strict=True))


def own_test(run: Path, settings: dict[str, Any]) -> float:
    """mIoU of the prediction with the variant's sizes and CRF."""
    scales, resize = settings.get("test_scales", [1.0]), settings.get("test_resize", "aspect")
    crf = settings.get("test_crf", False)
    file = run / f"test_{resize}_{len(scales)}{'_crf' if crf else ''}.json"
    if not file.exists():
        predictor = Predictor.load(run, scales=scales, resize=resize, crf=crf)
        scores = {"miou": score(predictor, settings)}
        with whole_file(file) as path:
            path.write_text(json.dumps(scores) + "\n")
    return float(json.loads(file.read_text())["miou"])


def score(predictor: Predictor, settings: dict[str, Any]) -> float:
    """mIoU on the validation split, at the photo's own size."""
    source = open_source(
        Path(settings["data"]), split=settings["val"], classes=list(predictor.classes)
    )
    names = ["background", *source.classes]
    matrix = ConfusionMatrix(len(names))
    for record in source.records:
        matrix.update(torch.from_numpy(source.read_truth(record)), predictor(record.image).mask)
    return float(matrix.scores(names).miou)


def write(results: dict[str, dict[int, dict[str, float]]], options: argparse.Namespace) -> None:
    """What is known so far, as JSON and as a table."""
    content = {"epochs": options.epochs, "config": str(options.config), "results": results}
    with whole_file(options.out / "presets.json") as path:
        path.write_text(json.dumps(content, indent=2) + "\n")
    with whole_file(options.out / "presets.md") as path:
        path.write_text(table(results) + "\n")


def table(results: dict[str, dict[int, dict[str, float]]]) -> str:
    """Mean (least to greatest) over the seeds, in Markdown."""
    rows = [f"| preset | seeds | {' | '.join(COLUMNS)} |", "| --- " * (len(COLUMNS) + 2) + "|"]
    for name, runs in results.items():
        cells = [spread([run[column] for run in runs.values()]) for column in COLUMNS if runs]
        rows += [f"| {name} | {len(runs)} | {' | '.join(cells)} |"] if runs else []
    return "\n".join(rows)


if __name__ == "__main__":
    main()
