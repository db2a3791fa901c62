"""Train a second network on the pseudo labels of the first: python benchmarks/two_stage.py.

The first network is trained as the row "animals tags" of ``runs.yaml``, and the second one by
``examples/two_stage.py``. ``val`` is scored once per seed, and a row of ``results/two_stage.json``
that is finished is not run again. A row takes some twenty minutes of one core.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from rows import keep_row, read_rows
from trials import ANIMALS, CLASSES, WEIGHTS

from getam import score_folders
from getam.cli.main import main as getam
from getam.evaluation import read_class_names

RESULTS = Path(__file__).with_name("results") / "two_stage.json"
EXAMPLE = Path(__file__).parents[1] / "examples" / "two_stage.py"
CONFIG = "configs/voc_animals_vit_tiny_nosal.yaml"


def main() -> None:
    """Measure the seeds that are missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--out", type=Path, default=Path("runs/two_stage"))
    options = parser.parse_args()
    for seed in options.seeds:
        if f"seed {seed}" not in read_rows(RESULTS):
            keep_row(RESULTS, f"seed {seed}", measured(seed, options.out))


def measured(seed: int, out: Path) -> dict[str, float]:
    """Train both networks, and return their mIoU."""
    first, labels, second = out / f"seed{seed}", out / f"labels{seed}", out / f"second{seed}"
    options = [f"--config={CONFIG}", "--precision=32-true", f"--seeds={seed}", f"--out={out}"]
    of_first = [f"--model={first}", f"--data={ANIMALS}", "--split=train_aug", f"--out={labels}"]
    for arguments in (["train", *options], ["label", *of_first]):
        if status := getam(arguments):
            raise SystemExit(status)
    subprocess.run([sys.executable, EXAMPLE, ANIMALS, labels, WEIGHTS, second], check=True)
    scores = score_folders(
        second,
        ANIMALS / "SegmentationClassAug",
        classes=read_class_names(ANIMALS / "classes.txt"),
        only=CLASSES,
        ids=ANIMALS / "ImageSets/Segmentation/val.txt",
    )
    stages = json.loads((first / "scores.json").read_text())["stages"]
    return {
        "end to end": round(stages["prediction"]["miou"], 4),
        "second network": round(scores.miou, 4),
    }


if __name__ == "__main__":
    main()
