"""Scenes: the same by seed, masks that fit the labels, nothing shared between the splits."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_sample_images

from getam.data import open_source, read_photo
from getam.demo.scenes import (
    CLASSES,
    DIMMED,
    QUARTER,
    draw_scene,
    draw_single,
    material,
    stroke,
    write_scenes,
)

COUNTS = {"single": 4, "train": 6, "val": 5}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    write_scenes(folder, COUNTS, seed=3)
    return folder


def files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_same_seed_same_files_and_another_seed_others(root: Path, tmp_path: Path) -> None:
    write_scenes(tmp_path / "again", COUNTS, seed=3)
    write_scenes(tmp_path / "other", COUNTS, seed=4)
    first, again, other = files(root), files(tmp_path / "again"), files(tmp_path / "other")
    assert first == again
    assert first.keys() == other.keys()
    assert first["JPEGImages/val00000.jpg"] != other["JPEGImages/val00000.jpg"]


def test_scenes_of_a_split_do_not_depend_on_the_other_splits(root: Path, tmp_path: Path) -> None:
    write_scenes(tmp_path, {"val": 5}, seed=3)
    photo = "JPEGImages/val00004.jpg"
    assert files(tmp_path)[photo] == files(root)[photo]


@pytest.mark.parametrize(("split", "count"), COUNTS.items())
def test_source_reads_them_with_labels_that_fit_the_masks(
    root: Path, split: str, count: int
) -> None:
    source = open_source(root, split=split)
    assert list(source.classes) == list(CLASSES)
    assert len(source) == count
    for record in source.records:
        truth = source.read_truth(record)
        side = QUARTER if split == "single" else 2 * QUARTER
        assert truth.shape == (side, side)
        assert set(np.unique(truth)) - {0} == {CLASSES.index(n) + 1 for n in record.labels}
        assert len(record.labels) == 1 if split == "single" else 1 <= len(record.labels) <= 2


def test_mask_is_where_the_light_ink_is(root: Path) -> None:
    source = open_source(root, split="train")
    for record in source.records:
        light = np.asarray(read_photo(record.image)).max(2) > 220
        assert (light == (source.read_truth(record) > 0)).mean() > 0.95


def test_every_digit_lies_in_its_own_quarter() -> None:
    for seed in range(20):
        scene = draw_scene(material("train"), np.random.default_rng(seed))
        halves = [slice(None, QUARTER), slice(QUARTER, None)]
        quarters = [set(np.unique(scene.mask[r, c])) - {0} for r in halves for c in halves]
        assert all(len(quarter) <= 1 for quarter in quarters)
        assert sum(len(quarter) for quarter in quarters) == len(scene.labels)


def test_a_single_shows_every_digit_in_time() -> None:
    rng = np.random.default_rng(0)
    shown = {label for _ in range(100) for label in draw_single(material("train"), rng).labels}
    assert shown == set(CLASSES)


def test_splits_share_neither_digits_nor_pixels() -> None:
    seen, unseen = material("train"), material("val")
    assert len(seen.strokes) + len(unseen.strokes) == len(load_digits().images)
    assert len(unseen.strokes) > 400
    assert not {d.tobytes() for d in seen.strokes} & {d.tobytes() for d in unseen.strokes}
    for whole, left, right in zip(
        load_sample_images().images, seen.photos, unseen.photos, strict=True
    ):
        assert np.array_equal(np.concatenate([left, right], axis=1), whole)


def test_scene_keeps_the_photo_dimmed_behind_the_digits() -> None:
    scene = draw_scene(material("val"), np.random.default_rng(1))
    corner = scene.image[scene.mask == 0]
    assert np.percentile(corner, 95) <= 255 * DIMMED + 60


def test_stroke_is_smooth_and_monotone_in_the_ink() -> None:
    digit = np.tile(np.linspace(0, 1, 8, dtype=np.float32), (8, 1))
    ink = stroke(digit, 32)
    assert ink.shape == (32, 32)
    assert ink.min() == 0
    assert ink.max() == 1
    assert all(a <= b for a, b in pairwise(ink[16].tolist()))
