"""The features of a frozen backbone are computed once, and again if an input has changed."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from data.scenes import CLASSES, write_mask, write_photo
from safetensors import safe_open
from safetensors.torch import save_file

from getam.data import SquareViews, collate, open_source, with_corrected
from getam.network import tensors_of
from getam.training.frozen import FeatureCache, holds_features
from getam.training.frozen.cache import CUT_SHORT, hash_of

SIDE = 32


@pytest.fixture
def photos(voc, tmp_path):
    """Photos that a test may change, with saliency and one corrected mask."""
    copy = shutil.copytree(voc, tmp_path / "photos")
    source = open_source(copy, split="train", saliency=copy / "saliency")
    write_mask(tmp_path / "corrected" / "b.png", np.full((21, 34), 2))
    return with_corrected(source, tmp_path / "corrected", values=source.classes)


@pytest.fixture
def network(new_network):
    return new_network().eval()


@pytest.fixture
def cache_of(photos, tmp_path):
    def make(folder="cache", **options):
        options = {"side": SIDE, "number_format": "float32", **options}
        return FeatureCache(tmp_path / folder, photos, **options)

    return make


def same(left, right):
    """Say whether two samples have the same content, but for features."""
    for name, value in vars(left).items():
        other = getattr(right, name)
        if name == "features":
            continue
        if isinstance(value, torch.Tensor):
            assert torch.equal(value.long(), other.long()) or torch.equal(value, other), name
        else:
            assert value == other, name


def test_a_view_is_the_square_with_what_the_backbone_makes_of_it(cache_of, photos, network):
    cache, squares = cache_of(), SquareViews(photos, SIDE)
    assert cache.fill(network, workers=0) == len(photos) == len(cache)
    for photo in range(len(photos)):
        for mirrored in (False, True):
            found, expected = (v.view(photo, mirrored=mirrored) for v in (cache, squares))
            same(found, expected)
            image = collate([expected]).image
            with torch.no_grad():
                features = tensors_of(network.forward_features(network.normalise(image)))
            assert found.features.keys() == features.keys()
            assert all(torch.equal(each, features[n][0]) for n, each in found.features.items())
    assert cache.view(1, mirrored=True).corrected.unique().tolist() == [2, 255]


def test_float16_halves_the_file_and_rounds(cache_of, network):
    whole, half = cache_of("whole"), cache_of("half", number_format="float16")
    for cache in (whole, half):
        cache.fill(network, workers=0)
    exact, rounded = (cache.view(0, mirrored=False).features for cache in (whole, half))
    for name, values in exact.items():
        assert rounded[name].dtype == torch.float16
        torch.testing.assert_close(rounded[name].float(), values, rtol=1e-3, atol=1e-3)


def test_a_value_beyond_float16_stays_in_float32(cache_of):
    cache = cache_of(number_format="float16")
    assert cache.rounded(torch.tensor([1.0, 2.0])).dtype == torch.float16
    large = torch.tensor([1.0, 70_000.0])
    assert torch.equal(cache.rounded(large), large)


def test_nothing_is_computed_twice_and_another_run_shares_it(cache_of, network):
    assert cache_of().fill(network, workers=0) == 4
    again = cache_of()
    assert again.fill(network, workers=0) == 0
    assert again.view(2, mirrored=True).id == "c"


def test_runs_with_other_maps_masks_or_classes_share_a_folder(photos, network, tmp_path):
    """Each has files of its own, so none reads what another one wrote meanwhile."""

    def files(source):
        cache = FeatureCache(tmp_path / "cache", source, side=SIDE)
        cache.fill(network, workers=0)
        return {cache.file_of(photo) for photo in range(len(cache))}

    def with_all(**changes):
        return replace(photos, records=tuple(replace(r, **changes) for r in photos.records))

    turned = dict(reversed(photos.classes.items()))
    kinds = [photos, with_all(saliency=None), with_all(corrected=None)]
    found = [files(kind) for kind in (*kinds, replace(photos, classes=turned))]
    assert not found[0] & found[1]
    assert len(found[0] & found[2]) == len(photos) - 1  # one photo has a corrected mask
    assert not found[0] & found[3]
    first, second, *_ = photos.records
    swapped = replace(photos, records=(replace(first, image=second.image), second))
    assert len(files(swapped) & found[0]) == 1
    renamed = replace(photos, records=(replace(first, id="other"), second))
    assert len(files(renamed) & found[0]) == 1


def test_an_interrupted_run_goes_on(cache_of, network):
    calls = []

    def interrupt(*_):
        calls.append(1)
        if len(calls) == 4:  # the twin of the second photo
            raise KeyboardInterrupt

    handle = network.backbone.norm.register_forward_hook(interrupt)
    cache = cache_of()
    with pytest.raises(KeyboardInterrupt):
        cache.fill(network, workers=0)
    handle.remove()
    assert [path.name for path in cache.path.iterdir()] == [cache.file_of(0).name]
    assert cache_of().fill(network, workers=0) == 3


@pytest.mark.parametrize("change", ["photo", "saliency", "corrected"])
def test_a_changed_input_is_noticed(change, cache_of, photos, network):
    cache_of().fill(network, workers=0)
    record = photos.records[1]
    if change == "photo":
        write_photo(record.image, (21, 34), seed=99)
    else:
        os.utime(getattr(record, "saliency" if change == "saliency" else "corrected"), (1, 1))
    cache = cache_of()
    assert cache.fill(network, workers=0) > 0
    same(cache.view(1, mirrored=False), SquareViews(photos, SIDE).view(1, mirrored=False))
    assert len(list(cache.path.iterdir())) == len(photos)  # in place of the old one
    assert cache_of().fill(network, workers=0) == 0


def test_other_weights_sizes_and_formats_have_their_own_features(cache_of, network):
    first = cache_of()
    first.fill(network, workers=0)
    with torch.no_grad():
        network.backbone.norm.bias += 1
    second = cache_of()
    assert second.fill(network, workers=0) == 4
    assert second.path != first.path
    assert cache_of(side=48).fill(network, workers=0) == 4
    assert cache_of(number_format="float16").fill(network, workers=0) == 4
    assert cache_of(mirrored=False).fill(network, workers=0) == 4
    assert cache_of().fill(network, precision="bf16-mixed", workers=0) == 4
    assert cache_of().fill(network, workers=0) == 0
    assert len(list(first.folder.iterdir())) == 6


def test_head_and_decoder_do_not_count_as_weights(cache_of, network):
    before = hash_of(network.backbone)
    with torch.no_grad():
        network.class_head.bias += 1
    assert hash_of(network.backbone) == before
    assert cache_of().mark_with(network, precision="32-true")


def test_damaged_features_are_made_anew_and_missing_ones_named(cache_of, network):
    cache = cache_of()
    cache.fill(network, workers=0)
    file = cache.file_of(0)
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(ValueError, match=r"cache: .* is gone or damaged .*--resume makes it anew"):
        cache.view(0, mirrored=False)
    assert cache.fill(network, workers=0) == 1
    file.unlink()
    with pytest.raises(ValueError, match="is gone or damaged"):
        cache.view(0, mirrored=True)


def test_half_written_files_of_killed_runs_go(cache_of, network):
    cache = cache_of()
    cache.fill(network, workers=0)
    old, new = (cache.path / f".{name}.1.safetensors" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (old.stat().st_mtime - 2 * CUT_SHORT,) * 2)
    cache.fill(network, workers=0)
    assert (old.exists(), new.exists()) == (False, True)


def test_only_a_folder_of_features_counts_as_one(cache_of, network, tmp_path):
    cache = cache_of()
    cache.fill(network, workers=0)
    assert holds_features(cache.folder)
    (cache.folder / "mine").mkdir()
    assert not holds_features(cache.folder)
    assert not holds_features(tmp_path / "missing")


def test_random_numbers_of_training_do_not_depend_on_it(cache_of, network):
    before = torch.get_rng_state()
    cache_of().fill(network, workers=0)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_file_of_somebody_else_is_no_feature(cache_of, network):
    cache = cache_of()
    cache.fill(network, workers=0)
    save_file({"a": torch.ones(1)}, cache.file_of(0))
    assert not cache.is_current(0)
    with safe_open(cache.file_of(1), framework="pt") as file:
        assert {"image", "inside", "size", "saliency"} <= set(file.keys())


def test_classes_count_where_a_mask_was_corrected(cache_of, photos, tmp_path: Path):
    fewer = photos.choose(list(CLASSES)[1:])
    other = FeatureCache(tmp_path / "cache", replace(fewer), side=SIDE)
    assert other.key_of(1) != cache_of().key_of(1)
