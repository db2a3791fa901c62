"""What needs the backbone at every step is refused in one line."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from data.scenes import CLASSES

from getam.elsewhere import located
from getam.network import build_network
from getam.recipe import Facts, recipe_for
from getam.recipe.recipe import FURTHER_PARTS
from getam.training.frozen import check_cache, check_frozen
from getam.training.parts import PARTS

from .conftest import FROZEN

READING = [name for name in FURTHER_PARTS if PARTS[name].reads]


def test_a_plain_run_is_fine(new_network):
    check_frozen(FROZEN, new_network(), processes=1)
    patch_maps = replace(FROZEN, parts={"patch_maps": 1.0, "affinity": 0.0})
    check_frozen(patch_maps, new_network(), processes=1)


@pytest.mark.parametrize("part", READING)
def test_parts_that_read_more_than_features(part, new_network):
    recipe = replace(FROZEN, parts={part: 1.0})
    with pytest.raises(ValueError, match=f"frozen: the part {part} of the loss reads"):
        check_frozen(recipe, new_network(), processes=1)
    assert {"affinity", "mirrored_classification", "auxiliary", "crop_contrast"} <= set(READING)
    assert {"map_correlation", "mirrored_tiles"} <= set(READING)


def test_several_processes(new_network):
    with pytest.raises(ValueError, match="devices: a frozen run needs one process, got 2"):
        check_frozen(FROZEN, new_network(), processes=2)


def test_a_target_that_reads_maps(new_network):
    recipe = replace(FROZEN, saliency_target="released", saliency_weight=1.0)
    with pytest.raises(ValueError, match="choose saliency_target paper"):
        check_frozen(recipe, new_network(), processes=1)
    check_frozen(replace(recipe, saliency_weight=0.0), new_network(), processes=1)


def test_tokens_of_classes():
    torch.manual_seed(0)
    network = build_network(
        "getam_vit_nano", len(CLASSES), pretrained=False, decoder_width=8, class_tokens=True
    )
    with pytest.raises(ValueError, match="leave out class_tokens, or --frozen"):
        check_frozen(FROZEN, network, processes=1)


def test_random_sizes_and_colours_are_no_recipe():
    facts = Facts(depth=6, width=128, photos=4, has_saliency=False)
    recipe = recipe_for(facts, frozen=True)
    assert (recipe.scale, recipe.jitter, recipe.crop) == ((1.0, 1.0), 0.0, recipe.long_side)
    for change in ({"jitter": 0.1}, {"scale": (1.0, 1.5)}):
        with pytest.raises(ValueError, match="frozen: .* leave out scale and jitter"):
            recipe_for(facts, frozen=True, **change)
    assert recipe_for(facts, frozen=True, scale=[1.0, 1.0]).frozen  # as YAML brings it


def test_a_cache_needs_a_frozen_backbone_and_a_disk():
    run = Path("run")
    check_cache(None, frozen=False, run=run)
    check_cache(Path("features"), frozen=True, run=run)
    check_cache(run / "features", frozen=True, run=run)
    with pytest.raises(ValueError, match="cache: only a frozen backbone has features to keep"):
        check_cache(Path("features"), frozen=False, run=run)
    with pytest.raises(ValueError, match="memory://features lies elsewhere, .* name a folder"):
        check_cache(located("memory://features"), frozen=True, run=run)


def test_a_cache_is_a_folder_outside_of_the_run(tmp_path):
    file, link, run = tmp_path / "photo.png", tmp_path / "link", tmp_path / "run"
    file.write_bytes(b"")
    link.symlink_to(tmp_path / "gone")
    faults = {
        file: "photo.png is no folder",
        file / "deeper": "photo.png is no folder",
        link: "is a link to nothing",
        run: "lies in the run folder",
        run / "checkpoint.pt": "lies in the run folder",
    }
    for cache, fault in faults.items():
        with pytest.raises(ValueError, match=f"cache: .*{fault}: name another folder"):
            check_cache(cache, frozen=True, run=run)
