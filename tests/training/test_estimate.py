"""An estimate makes real steps of both phases, and leaves no trace."""

import copy
from dataclasses import replace

import pytest

from getam.data import open_source
from getam.training import Estimate, estimate

from .conftest import RECIPE, losses, same_weights


@pytest.fixture
def shown(source):
    return replace(source, records=tuple(r for r in source.records if r.labels))  # four photos


def estimated(network, data, out, **options):
    return estimate(network, data, out, recipe=RECIPE, device="cpu", workers=0, **options)


def test_the_steps_are_those_of_the_run(shown, voc, new_network, tmp_path):
    val = open_source(voc, split="val", saliency=voc / "saliency")
    found = estimated(new_network(), shown, tmp_path / "run", val=val)
    assert (found.photos, found.scored, found.judged, found.classes) == (4, 1, 4, 3)
    assert (found.epochs, found.steps) == (3, 12)
    assert found.phase_steps == {"classification": 6, "joint": 6}
    assert all(seconds > 0 for seconds in (*found.step_seconds.values(), found.photo_seconds))
    assert 0.1 < found.memory < 100
    assert any("few" in line or "fewer" in line for line in found.advice)
    assert not (tmp_path / "run").exists()


def test_a_run_of_one_phase(shown, new_network, tmp_path):
    recipe = replace(RECIPE, joint_from=0.0, epochs=1)
    options = {"device": "cpu", "workers": 0}
    found = estimate(new_network(), shown, tmp_path, recipe=recipe, **options)
    assert found.phase_steps == {"joint": 4}  # fewer steps than are timed
    assert found.scored == 0 and found.photo_seconds > 0  # the judged photos are from training


def test_the_network_and_the_run_are_those_without_an_estimate(run, shown, new_network, tmp_path):
    network = new_network()
    before = copy.deepcopy(network)
    estimated(network, shown, tmp_path / "estimated")
    assert same_weights(network, before)
    assert all(p.grad is None and p.requires_grad for p in network.parameters())
    network, folder, _ = run("after", network=network)
    other, without, _ = run("without")
    assert same_weights(network, other)
    assert losses(folder) == losses(without)


def test_what_training_refuses_is_refused(shown, new_network, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(FileExistsError, match="is not empty"):
        estimated(new_network(), shown, tmp_path)
    bare = replace(shown, records=tuple(replace(r, saliency=None) for r in shown.records))
    with pytest.raises(ValueError, match="needs saliency maps"):
        estimated(new_network(), shown, tmp_path / "new", val=bare)
    with pytest.raises(ValueError, match="must have the 2 classes"):
        estimated(new_network(), shown.choose(["cat", "dog"]), tmp_path / "new")


def test_the_sum_and_its_words():
    found = Estimate(
        photos=700,
        scored=100,
        judged=60,
        classes=6,
        epochs=9,
        steps=792,
        phase_steps={"classification": 300, "joint": 492},
        step_seconds={"classification": 0.5, "joint": 1.0},
        photo_seconds=0.3,
        memory=1.25,
    )
    assert found.seconds == 300 * 0.5 + 492 * 1.0 + 160 * 0.3
    text = found.table()
    assert "phase 1, tags alone  300 steps of 0.50 s" in text
    assert "phase 2, masks too   492 steps of 1.00 s" in text
    assert "about 11.5 minutes" in text
