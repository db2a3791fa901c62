"""The kept runs and trials were made with the settings that their rows claim."""

import json
import runpy
from dataclasses import asdict, fields
from inspect import signature
from math import ceil
from pathlib import Path
from typing import Any

import pytest
import yaml

from getam.cli.train import NOT_OF_THE_RUN, train_from_tags
from getam.recipe import Facts, Recipe, recipe_for

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = runpy.run_path(str(ROOT / "benchmarks" / "runs.py"))
ROWS: dict[str, dict[str, Any]] = yaml.safe_load(SCRIPT["ROWS"].read_text(encoding="utf-8"))
RECORDS = {file: row for row in ROWS for file in SCRIPT["result_file"](row, 0).parent.glob("*")}

PHOTOS = {
    "../shared/data/voc2012_animals": 700,
    "../shared/data/msrc_v2": 233,
    "runs/sets/animals_30/tags.csv": 30,
    "runs/sets/animals_100/tags.csv": 100,
    "runs/sets/animals_200/tags.csv": 200,
    "runs/sets/animals_all/tags.csv": 474,
    "runs/sets/animals_few_cows/tags.csv": 607,
    "runs/sets/tiles/tags.csv": 293,
    "runs/sets/tiles_one_class/tags.csv": 293,
}
"""How many photos of each data set train, on which the number of epochs depends."""

OPTIONS = {
    name: option.default
    for name, option in signature(train_from_tags).parameters.items()
    if name not in (*NOT_OF_THE_RUN, "out")
}
"""The options of ``getam train`` beside the recipe, with their defaults."""

LATER: dict[str, Any] = {
    "parts": {},
    "parts_from": {},
    "label_source": "tags",
    "drop_path": 0.0,
    "frozen": False,
    "feature_cache": "float16",
}
"""Settings of the recipe that came after the first records, as all runs had them until then."""


def claimed(row: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return every setting that a row claims for one of its seeds, as a record writes it."""
    own = {name: value for name, value in row.items() if name not in ("seeds", "config")}
    if "config" in row:
        own = {**yaml.safe_load((ROOT / row["config"]).read_text(encoding="utf-8")), **own}
    facts = Facts(depth=12, width=192, photos=PHOTOS[own["data"]], has_saliency="saliency" in own)
    options = {name: own.pop(name, default) for name, default in OPTIONS.items()}
    recipe = asdict(recipe_for(facts, options["preset"], seed=seed, **own))
    if options["corrected"] is None:  # no photo has a mask that could be drawn more often
        del recipe["corrected_factor"]
    del recipe["activation_checkpointing"]  # it changes no result, and came later
    if "precision" not in own:  # `auto` took the fastest of the machine
        del recipe["precision"]
    settings: dict[str, Any] = json.loads(json.dumps({**options, **recipe}))
    return settings


def differences(settings: dict[str, Any], wanted: dict[str, Any]) -> dict[str, str]:
    """Return the settings that a row claims and its record lacks or has otherwise."""
    if settings.get("balance") is True:  # so the oldest records write 0.5, the only power then
        settings = {**settings, "balance": 0.5}
    return {
        name: f"recorded {settings.get(name)}, claimed {value}"
        for name, value in wanted.items()
        if settings.get(name) != value
    }


def test_every_record_belongs_to_a_row_and_one_of_its_seeds() -> None:
    asked_for = {
        SCRIPT["result_file"](row, seed)
        for row, content in ROWS.items()
        for seed in content["seeds"]
    }
    assert set(SCRIPT["RESULTS"].rglob("*.json")) <= asked_for


@pytest.mark.parametrize(
    "file", sorted(RECORDS), ids=lambda file: f"{file.parent.name}/{file.name}"
)
def test_a_record_has_the_settings_that_its_row_claims(file: Path) -> None:
    settings = json.loads(file.read_text(encoding="utf-8"))["settings"]
    seed = int(file.stem.removeprefix("seed"))
    # An option that a record does not name came later, and had its default until then.
    known = {**OPTIONS, **LATER, **settings}
    assert differences(known, claimed(ROWS[RECORDS[file]], seed)) == {}


def test_differences_are_named() -> None:
    wanted = {"balance": 0.0, "crop": 224, "ema": 0.1}
    assert differences({**wanted, "data": "here"}, wanted) == {}
    assert differences({"balance": 1.0, "crop": 224, "data": "here"}, wanted) == {
        "balance": "recorded 1.0, claimed 0.0",
        "ema": "recorded None, claimed 0.1",
    }


@pytest.mark.parametrize("name", ["field", "trials"])
def test_a_trial_keeps_every_setting_of_its_recipe_with_the_changes_and_the_seed(name: str) -> None:
    file = ROOT / "benchmarks" / "results" / f"{name}.json"
    # The oldest rows lack what the recipe had not yet.
    later = {*LATER, "activation_checkpointing", "corrected_factor", "flip"}
    since_the_first = {each.name for each in fields(Recipe)} - later
    for key, row in json.loads(file.read_text(encoding="utf-8")).items():
        seed = int(key.partition("(seed ")[2].rstrip(")") or 0)
        wanted = {"seed": seed, **row["changes"]}
        if "(whole)" in key and "epochs" in wanted:
            wanted["epochs"] = ceil(1.5 * wanted["epochs"])
        assert differences(row["settings"], wanted) == {}, key
        assert since_the_first <= set(row["settings"]), key
