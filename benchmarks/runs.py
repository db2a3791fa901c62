"""Train the rows of runs.yaml and keep their scores: python benchmarks/runs.py ROW [ROW ...].

A row is trained once per seed with ``getam train --seeds``, which goes on with a run that was
stopped. Each finished run leaves its scores, its resolved settings and its environment in
``results/runs/ROW/seedN.json``, from which the tables of the documentation are written
(``python benchmarks/tables.py``). A seed whose file is there is not run again.
"""

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import yaml

from getam.cli.main import main as getam
from getam.files import whole_file

HERE = Path(__file__).parent
ROWS = HERE / "runs.yaml"
RESULTS = HERE / "results" / "runs"


def main() -> None:
    """Train what is missing of the rows asked for."""
    rows = yaml.safe_load(ROWS.read_text())
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rows", nargs="+", choices=list(rows), metavar="ROW")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of the runs")
    parser.add_argument("--seeds", type=int, nargs="+", help="only these of the row's seeds")
    options = parser.parse_args()
    for name in options.rows:
        for seed in rows[name]["seeds"]:
            if options.seeds is None or seed in options.seeds:
                run_row(name, rows[name], seed, options.out)


def run_row(name: str, row: dict[str, Any], seed: int, out: Path) -> None:
    """Train one seed of a row and keep what it came to."""
    kept = result_file(name, seed)
    if kept.exists():
        print(f"{name}, seed {seed}: done before")
        return
    runs = out / kept.parent.name
    settings = {key: value for key, value in row.items() if key != "seeds"}
    arguments = [f"--{key}={as_option(value)}" for key, value in settings.items()]
    arguments += [f"--seeds={seed}", f"--out={runs}"]
    began = time.process_time()
    if status := getam(["train", *arguments]):
        raise SystemExit(status)
    minutes = (time.process_time() - began) / 60  # a busy machine makes these no longer
    keep(runs / f"seed{seed}", kept, processor_minutes=round(minutes, 1))


def as_option(value: Any) -> str:
    """Write a value of the YAML file as the command line takes it."""
    return value if isinstance(value, str) else json.dumps(value)


def result_file(name: str, seed: int) -> Path:
    """Return where the scores of a row are kept."""
    folder = "".join(c if c.isalnum() else "-" for c in name.lower())
    return RESULTS / "-".join(filter(None, folder.split("-"))) / f"seed{seed}.json"


def keep(run: Path, file: Path, *, processor_minutes: float) -> None:
    """Write the scores, settings, environment and processor time of a run into one file.

    The time is that of this process alone, without the ones that read photos.
    """
    content = {
        "scores": json.loads((run / "scores.json").read_text()),
        "settings": {
            name: from_here(value)
            for name, value in yaml.safe_load((run / "config.yaml").read_text()).items()
        },
        "environment": json.loads((run / "env.json").read_text()),
        "processor_minutes": processor_minutes,
    }
    with whole_file(file) as path:
        path.write_text(json.dumps(content, indent=1) + "\n")


def from_here(value: Any) -> Any:
    """Return a setting; an absolute path, as a run records it, becomes relative again."""
    is_path = isinstance(value, str) and Path(value).is_absolute()
    return Path(os.path.relpath(value)).as_posix() if is_path else value


if __name__ == "__main__":
    main()
