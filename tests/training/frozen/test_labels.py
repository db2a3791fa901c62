"""A frozen run: equal with and without the cache, resumed, and labelled once."""

import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from data.scenes import write_mask

from getam.data import Batch, SquareViews, collate, with_corrected
from getam.inference import Predictor
from getam.model import label
from getam.pseudo_label import Labeller
from getam.training import Step, Stopped
from getam.training.checkpoint import load_checkpoint
from getam.training.frozen import LABELS, FeatureCache, KeptLabels, keep_labels
from getam.training.label_sources import Changing
from training.conftest import losses, same_weights
from training.test_trainer import falling, stopping

from .conftest import FROZEN

SIDE = 32


def test_with_and_without_the_cache_the_run_is_the_same_in_every_bit(frozen_run, new_network):
    network, folder = frozen_run("cached")
    other, none = frozen_run("live", feature_cache="none")
    assert losses(folder) == losses(none)
    assert same_weights(network, other)
    assert {"segmentation", "saliency"} <= losses(folder)[-1].keys()
    assert (folder / "features").exists() and not (none / "features").exists()
    assert np.array_equal(np.load(folder / LABELS), np.load(none / LABELS))
    start = new_network().backbone.state_dict()
    assert all(torch.equal(v, start[n]) for n, v in network.backbone.state_dict().items())
    assert not torch.equal(network.class_head.weight, new_network().class_head.weight)


def test_float16_only_rounds(kept, source, tmp_path):
    labels, views, network, _ = kept
    step = Step(network, labels, {"classification": 1.0, "segmentation": 1.0, "saliency": 0.5})
    cache = FeatureCache(tmp_path / "cache", source, side=SIDE)
    cache.fill(network, workers=0)
    found = []
    for seen in (views, cache):
        batch = collate([seen.view(photo, mirrored=photo == 1) for photo in range(3)])
        torch.manual_seed(0)
        output = step(batch, joint=True)
        output.losses["total"].backward()
        gradient = network.class_head.weight.grad.clone()
        network.zero_grad()
        found.append((torch.stack(list(output.losses.values())).detach(), gradient))
    for live, cached in zip(*found, strict=True):
        torch.testing.assert_close(cached, live, rtol=2e-3, atol=2e-4)


def test_no_block_runs_in_a_step_with_features(kept, source, tmp_path):
    labels, _, network, _ = kept
    cache = FeatureCache(tmp_path / "cache", source, side=SIDE)
    cache.fill(network, workers=0)
    batch: Batch = collate([cache.view(photo, mirrored=False) for photo in range(2)])
    given(labels, batch)  # labels run it
    network.backbone.forward = network.backbone.forward_intermediates = None
    step = Step(network, labels, {"classification": 1.0, "segmentation": 1.0})
    step(batch, joint=False)
    step(batch, joint=True)


def test_a_run_goes_on_to_the_same_weights_wherever_it_ended(frozen_run, new_network):
    """The program builds a resumed network without pretrained weights."""
    expected, folder = frozen_run("whole")
    ends = {
        "phase one": (Stopped, stopping(new_network(), 2)),
        "labelling": (MemoryError, falling(new_network(), 7)),
        "phase two": (Stopped, stopping(new_network(), 10)),
    }
    for name, (error, network) in ends.items():
        with pytest.raises(error):
            frozen_run(name, network=network)
        labels = [path.name for path in (folder.parent / name).glob("*labels*")]
        assert labels == ([LABELS] if name == "phase two" else [])  # whole or not at all
        other = new_network()
        with torch.no_grad():
            other.backbone.norm.bias.normal_()
        resumed, again = frozen_run(name, network=other, resume=True)
        assert losses(again) == losses(folder)
        assert same_weights(resumed, expected)
        assert len(list((again / "features").iterdir())) == 1


def test_a_signal_while_photos_are_labelled_stops_at_once_and_loses_nothing(
    frozen_run, monkeypatch
):
    options = {"joint_from": 3 / 8}  # within an epoch of four steps
    expected, folder = frozen_run("whole", **options)
    whole = KeptLabels.each

    def asked_to_stop(self, device):
        for number, made in enumerate(whole(self, device)):
            if number == 1:
                os.kill(os.getpid(), signal.SIGTERM)
            assert number <= 1  # nothing is labelled after that
            yield made

    monkeypatch.setattr(KeptLabels, "each", asked_to_stop)
    with pytest.raises(Stopped, match="stopped at step 3 of 8, all saved"):
        frozen_run("cut", **options)
    monkeypatch.undo()
    assert load_checkpoint(folder.parent / "cut")["done"] == 3
    resumed, again = frozen_run("cut", resume=True, **options)
    assert losses(again) == losses(folder)
    assert same_weights(resumed, expected)


def test_a_whole_run_leaves_a_model_and_begins_anew_where_it_was_killed_early(run, new_network):
    options = {"recipe": FROZEN, "epochs": 1}
    with pytest.raises(MemoryError):
        run(network=falling(new_network(), 2), **options)
    network, folder, _ = run(resume=True, **options)
    assert {"features", LABELS, "model.safetensors", "samples"} <= {
        path.name for path in folder.iterdir()
    }
    assert same_weights(Predictor.load(folder, device="cpu").network.backbone, network.backbone)


@pytest.fixture
def kept(source, new_network, tmp_path):
    network, labeller = new_network().eval(), Labeller(first_block=3, iterations=1, rule="paper")
    views = SquareViews(source, SIDE)
    make = keep_labels(lambda *_: labeller, views, tmp_path / LABELS, workers=0)
    return make(network, {}), views, network, labeller


def given(kept, batch, *, labelled=None):
    with kept.recorder() as recorder:
        pass
    labelled = batch.valid if labelled is None else labelled
    return kept(recorder, torch.zeros(len(batch.ids), 3), batch, grid=(2, 2), labelled=labelled)


def test_each_photo_has_the_label_of_its_square_and_the_twin_the_mirrored_one(kept):
    source, views, network, labeller = kept
    both = [views.view(1, mirrored=mirrored) for mirrored in (False, True)]
    found = given(source, collate(both))
    alone = collate(both[:1])
    with torch.no_grad():
        expected = label(network, labeller, alone)[1].label
    assert torch.equal(found.label[:1], expected)
    assert torch.equal(found.label[1], expected[0].flip(-1))
    assert found.label.unique().numel() > 2
    assert found.refined_maps.shape == (2, 0, SIDE, SIDE)
    assert found.classes == [[], []]


def test_padding_is_learnt_if_the_step_asks_for_it(kept):
    source, views, _, _ = kept
    batch = collate([views.view(0, mirrored=False)])
    assert (given(source, batch).label[~batch.valid] == 255).all()
    everywhere = given(source, batch, labelled=torch.ones_like(batch.valid))
    assert (everywhere.label[~batch.valid] != 255).any()


def test_labels_are_made_once_and_a_checkpoint_knows_them(kept, tmp_path):
    source, views, network, _ = kept
    batch = collate([views.view(0, mirrored=False)])
    before = given(source, batch).label
    state = source.state_dict()
    with torch.no_grad():
        network.class_head.weight.normal_()
    assert torch.equal(given(source, batch).label, before)
    source.labels = None  # as in a run that goes on
    source.load_state_dict(state)
    assert torch.equal(given(source, batch).label, before)
    labels = np.load(tmp_path / LABELS)
    np.save(tmp_path / LABELS, labels[::-1])
    source.labels = None
    with pytest.raises(ValueError, match="gone or was changed, and the checkpoint was trained"):
        given(source, batch)
    (tmp_path / LABELS).unlink()
    with pytest.raises(ValueError, match="restore it, or begin a new run"):
        given(source, batch)


def test_the_order_of_the_photos_does_not_count(kept, source, tmp_path):
    labels, views, network, labeller = kept
    batch = collate([views.view(photo, mirrored=False) for photo in range(len(views))])
    before = dict(zip(batch.ids, given(labels, batch).label, strict=True))
    turned = SquareViews(replace(source, records=source.records[::-1]), SIDE)
    make = keep_labels(lambda *_: labeller, turned, tmp_path / LABELS, workers=0)
    again = make(network, {})
    again.load_state_dict(labels.state_dict())
    batch = collate([turned.view(photo, mirrored=False) for photo in range(len(turned))])
    fresh = keep_labels(lambda *_: labeller, turned, tmp_path / "fresh.npy", workers=0)
    for kept_labels in (again, fresh(network, {})):
        for name, one in zip(batch.ids, given(kept_labels, batch).label, strict=True):
            assert torch.equal(one, before[name])
    assert not torch.equal(before["a"], before["b"])


def test_random_numbers_of_training_do_not_depend_on_it(kept):
    source, views, _, _ = kept
    before = torch.get_rng_state()
    given(source, collate([views.view(0, mirrored=False)]))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_source_that_changes_is_refused(source, new_network, tmp_path):
    labeller = Labeller()
    changing = Changing(labeller, labeller, 0.5)
    make = keep_labels(lambda *_: changing, SquareViews(source, SIDE), tmp_path / LABELS)
    with pytest.raises(ValueError, match="frozen: this label_source changes within a run"):
        make(new_network(), {})


def test_corrected_masks_teach_a_frozen_run_too(frozen_run, source, tmp_path):
    write_mask(tmp_path / "corrected" / "c.png", np.full((22, 32), 2))
    shown = replace(source, records=tuple(r for r in source.records if r.labels))
    data = with_corrected(shown, tmp_path / "corrected", values=source.classes)
    _, folder = frozen_run(data=data, epochs=1)
    row = [record.id for record in shown.records].index("c")
    assert (np.load(folder / LABELS)[row][:22, :32] == 2).all()


def test_another_label_source_can_be_kept(frozen_run):
    _, folder = frozen_run(label_source="class_maps", epochs=1, feature_cache="none")
    assert np.load(folder / LABELS).shape == (4, SIDE, SIDE)
