"""A data set is opened with the classes of a model, and labelled by a rule that fits it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from getam.cli.splits import open_for, open_photos, with_rule
from getam.model import Model
from getam.outputs import MANIFEST


def test_the_classes_are_those_of_the_model(
    model: Model, voc: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reversed_classes = dict(reversed(model.classes.items()))
    settings = {"data": voc, "split": "train", "strict": False, "json": None}
    source = open_for(replace(model, classes=reversed_classes), settings)
    assert list(source.classes) == list(reversed_classes)
    assert [record.id for record in source.records] == list("abcd")
    assert not caplog.messages


def test_photos_without_tags_are_refused(model: Model, voc: Path) -> None:
    settings = {"data": voc / "JPEGImages", "strict": False}
    with pytest.raises(ValueError, match="JPEGImages names no tags; .* or --labels FILE$"):
        open_for(model, settings)


@pytest.mark.parametrize(
    ("trained", "has_saliency", "used"),
    [
        ("thresholds", False, "thresholds"),
        ("thresholds", True, None),  # the labeller's own choice for data with saliency
        ("paper", True, "paper"),
        ("paper", False, None),
        (None, True, None),
    ],
)
def test_a_rule_stays_where_it_fits_the_data(
    model: Model, trained: str | None, has_saliency: bool, used: str | None
) -> None:
    settings = {} if trained != "thresholds" else {"high": 0.6}
    model = replace(model, labeller=replace(model.labeller, rule=trained, settings=settings))
    labeller = with_rule(model, None, has_saliency=has_saliency, crf=False).labeller
    assert labeller.rule == used
    assert labeller.settings == (settings if used == trained else {})


def test_a_rule_that_is_asked_for_brings_no_settings_of_another(model: Model) -> None:
    own = replace(model.labeller, rule="thresholds", settings={"high": 0.6}, crf=True)
    asked = with_rule(replace(model, labeller=own), "paper", has_saliency=True, crf=False).labeller
    assert (asked.rule, asked.settings, asked.crf) == ("paper", {}, True)


def test_photos_that_are_all_outputs(voc: Path, tmp_path: Path) -> None:
    out = shutil.copytree(voc / "JPEGImages", tmp_path / "out")
    assert len(open_photos(out, out)) == 5  # no command began this folder
    (out / MANIFEST).write_text('{"command": {"verb": "predict"}}\n')
    with pytest.raises(ValueError, match="every photo of .* is an output of an earlier run"):
        open_photos(out, out)
