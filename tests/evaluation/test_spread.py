"""Several runs of one command, side by side: the mean, the least and the greatest."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from getam.evaluation import spread, spread_table
from getam.evaluation.spread import minutes


def write_run(folder: Path, *, minutes: float, **scores: Any) -> Path:
    folder.mkdir()
    (folder / "env.json").write_text("{}")
    (folder / "scores.json").write_text(json.dumps(scores))
    os.utime(folder / "env.json", (1000, 1000))
    os.utime(folder / "scores.json", (1000 + 60 * minutes,) * 2)
    return folder


def test_what_is_not_defined_is_left_out() -> None:
    assert spread([0.5, None, 0.7, 0.9]) == "0.700 (0.500 to 0.900)"
    assert spread([0.25]) == "0.250"
    assert spread([None]) == spread([]) == "-"


def test_every_stage_and_class(tmp_path: Path) -> None:
    runs = [
        write_run(
            tmp_path / str(seed),
            minutes=seed,
            stages={
                "pseudo label": {"miou": seed / 10, "ignored_share": 0.5},
                "prediction": {"miou": seed / 5},
            },
            iou={"cat": seed / 4, "yak": None},
            tags={"mean_ap": 1 / seed},
        )
        for seed in (1, 2)
    ]
    lines = [line.split() for line in spread_table(runs).splitlines()]
    table = {" ".join(line[:-4]): " ".join(line[-4:]) for line in lines[1:] if len(line) > 4}
    assert table == {
        "pseudo label": "0.150 (0.100 to 0.200)",
        "prediction": "0.300 (0.200 to 0.400)",
        "pseudo label, share ignored": "0.500 (0.500 to 0.500)",
        "cat": "0.375 (0.250 to 0.500)",
        "tags, mean AP": "0.750 (0.500 to 1.000)",
        "minutes": "1.500 (1.000 to 2.000)",
    }
    assert ["yak", "-"] in lines
    assert lines[0][:2] == ["2", "runs"]


def test_a_run_that_has_tags_alone(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", minutes=3, stages={}, tags={"mean_ap": None})
    assert [line.split()[-1] for line in spread_table([run]).splitlines()[1:]] == ["-", "3.000"]
    assert minutes(run) == 3


def test_a_run_without_scores(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no .*scores\.json: the run is not"):
        spread_table([tmp_path])
