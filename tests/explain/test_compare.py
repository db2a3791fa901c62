"""Comparing methods: one shared pass against each method alone, scores against a loop."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from getam.activation import (
    METHODS,
    Setting,
    activation_maps,
    enlarge_aligning_edges,
    maps_of_settings,
)
from getam.data import open_source, photo_loader
from getam.evaluation import PointingGame, SeedCurve
from getam.explain import compare_methods
from getam.explain.classifier import TagClassifier
from getam.explain.controls import CONTROLS
from getam.explain.map_maker import MapMaker
from getam.explain.tally import LOW_THRESHOLDS, Tally
from getam.model import photos_for
from getam.pseudo_label import refine

FITTING = [name for name, method in METHODS.items() if method.reads != "windows"]


@pytest.mark.parametrize("affinity", [0, 2])
def test_a_shared_pass_gives_what_each_method_gives_alone(model, affinity):
    torch.manual_seed(3)
    classifier = TagClassifier(model.network).eval()
    image = torch.randn(1, 3, 32, 48)
    settings = [Setting(method, start) for method in FITTING for start in (4, 1)]
    together = maps_of_settings(
        classifier, image, classes=[[2, 0]], settings=settings, affinity=affinity
    )
    for (maps,), setting in zip(together, settings, strict=True):
        options = {"classes": [[2, 0]], **setting._asdict()}
        (plain,) = activation_maps(classifier, image, **options)
        (alone,) = activation_maps(classifier, image, **options, affinity=affinity)
        # Spreading takes the minimum off, which leaves only rounding of a map that is nearly flat.
        assert torch.allclose(maps, alone, rtol=1e-4, atol=1e-6 * plain.abs().max().item())


def slow_scores(model, source, setting, *, refined):
    """Seed mIoU and pointing of one setting, photo by photo and class by class."""
    names = ["background", *source.classes]
    curve = SeedCurve(names, thresholds=Tally.of_classes(names).curve.thresholds)
    game = PointingGame(names)
    for batch, record in zip(
        photo_loader(source, long_side=48, multiple=8, workers=0), source.records, strict=True
    ):
        truth = torch.from_numpy(source.read_truth(record))
        classes, shown = batch.classes[0], []
        for index in classes:
            ((given,),) = activation_maps(
                TagClassifier(model.network).eval(),
                model.network.normalise(batch.image),
                classes=[[index]],
                **setting._asdict(),
            )
            given = (given - given.min()) / (given.max() - given.min())
            iterations = model.labeller.iterations if refined else 0
            given = refine(given[None, None], batch.image, iterations=iterations)[0]
            given = given / (given.max() + 1e-5) if refined else given
            shown.append(enlarge_aligning_edges(given, truth.shape)[0])
        maps = torch.stack(shown) if shown else torch.zeros(0, *truth.shape)
        curve.update(maps, classes, truth)
        game.update(maps, classes, truth)
    return curve.scores(), game.accuracy()


def test_rows_hold_what_a_loop_over_photos_finds(model, source):
    comparison = compare_methods(
        model, source, methods=["grad_cam", "attention"], first_blocks=[3], workers=0
    )
    assert comparison.photos == 5
    assert len(comparison.rows) == 4
    for row in comparison.rows:
        seed, pointing = slow_scores(
            model, source, Setting(row.method, row.first_block), refined=row.refined
        )
        assert row.seed.best.miou == pytest.approx(seed.best.miou, abs=1e-3)
        assert row.seed.best.images == 5
        assert np.allclose(list(row.pointing.values()), list(pointing.values()))
        assert row.cost.seconds > 0
        assert row.cost.mebibytes > 0
        assert row.deletion is None


def test_faithfulness_is_measured_on_the_classifiers_own_probability(model, source):
    few = replace(source, records=source.records[:1])  # a cat
    (row,) = compare_methods(
        model, few, methods=["getam"], first_blocks=[3], refined=False, faithfulness=True, workers=0
    ).rows
    maker = MapMaker(model)
    (batch,) = photos_for(model, few, workers=0)
    with torch.no_grad():
        whole = maker.classifier(maker.image(batch)).sigmoid()[0, 0].item()
        nothing = maker.classifier(torch.zeros_like(maker.image(batch))).sigmoid()[0, 0].item()
    assert row.deletion[0] == row.insertion[-1] == pytest.approx(whole, rel=1e-4)
    assert row.deletion[-1] == pytest.approx(nothing, rel=1e-4)
    assert set(row.areas()) == {"insertion", "deletion"}


def test_controls_are_scored_like_maps_of_a_method(model, source):
    comparison = compare_methods(model, source, methods=["grad_cam"], first_blocks=[3], workers=0)
    kinds = [(row.method, row.refined) for row in comparison.controls]
    assert kinds == [(name, stage) for stage in (False, True) for name in CONTROLS]
    names = ["background", *source.classes]
    by_hand = {name: Tally.of_classes(names) for name in CONTROLS}
    for batch, record in zip(photos_for(model, source, workers=0), source.records, strict=True):
        truth = torch.from_numpy(source.read_truth(record))
        grid = tuple(side // 8 for side in batch.image.shape[-2:])
        for name, control in CONTROLS.items():
            drawn = control(batch.ids[0], len(batch.classes[0]), grid)[None]
            (maps,) = MapMaker(model).unrefined(batch, drawn)
            by_hand[name].update(maps, batch.classes[0], truth)
    for row in comparison.controls[:2]:
        assert row.seed.best.miou == by_hand[row.method].curve.scores().best.miou
        assert len(row.overlaps) == len(comparison.rows[0].overlaps) == 5


def test_all_fitting_methods_when_none_is_named(model, source):
    few = replace(source, records=source.records[:1])
    comparison = compare_methods(model, few, first_blocks=[5], refined=False, workers=0)
    assert [row.method for row in comparison.rows] == FITTING
    assert min(comparison.rows[0].seed.curve) == LOW_THRESHOLDS[0]


def test_what_cannot_be_compared(model, source, voc):
    bare = replace(source, records=tuple(replace(record, mask=None) for record in source.records))
    with pytest.raises(ValueError, match="has no masks to score with"):
        compare_methods(model, bare)
    unlabelled = replace(source, records=source.records[3:4])
    with pytest.raises(ValueError, match="has a label to make a map of"):
        compare_methods(model, unlabelled, methods=["getam"])
    with pytest.raises(ValueError, match="method must be one of"):
        compare_methods(model, open_source(voc), methods=["getan"])
    with pytest.raises(
        ValueError, match="no method fits the model; .*first_block must lie in 0..5"
    ):
        compare_methods(model, source, first_blocks=[9])
