"""Everything that a run needs is checked and put together before anything is written."""

from dataclasses import replace
from pathlib import Path

import pytest

from getam.training.prepare import prepare
from training.conftest import RECIPE

REST = {
    "device": "cpu",
    "devices": 1,
    "workers": 0,
    "strict": False,
    "resume": False,
    "config": None,
}


def test_a_prepared_run_has_written_nothing(source, new_network, tmp_path: Path) -> None:
    out = tmp_path / "run"
    ready = prepare(new_network(), source, out, recipe=RECIPE, val=source, **REST)
    assert not out.exists()
    assert ready.trainer.schedule.steps == RECIPE.epochs * len(source)
    assert ready.model().view.long_side == RECIPE.long_side
    assert not [line for line in ready.advice if "no mask can be scored" in line]
    ready = prepare(new_network(), source, out, recipe=RECIPE, val=None, **REST)
    assert [line for line in ready.advice if "no mask can be scored" in line]


def test_what_cannot_be_trained_is_refused_before(source, new_network, tmp_path: Path) -> None:
    fewer = source.choose(list(source.classes)[:1])
    with pytest.raises(ValueError, match="network must have the 1 classes"):
        prepare(new_network(), fewer, tmp_path / "a", recipe=RECIPE, val=None, **REST)
    bare = replace(source, records=tuple(replace(r, saliency=None) for r in source.records))
    with pytest.raises(ValueError, match="saliency_weight needs saliency maps"):
        prepare(new_network(), bare, tmp_path / "b", recipe=RECIPE, val=None, **REST)
    with pytest.raises(ValueError, match="needs saliency maps"):
        prepare(new_network(), source, tmp_path / "c", recipe=RECIPE, val=bare, **REST)


def test_photos_of_a_step_that_cannot_be_shared_start_no_process(
    source, new_network, tmp_path: Path
) -> None:
    three = {**REST, "devices": 3}
    with pytest.raises(ValueError, match="4 photos of a step cannot be shared evenly by 3"):
        recipe = replace(RECIPE, batch_size=4)
        prepare(new_network(), source, tmp_path / "a", recipe=recipe, val=None, **three)
