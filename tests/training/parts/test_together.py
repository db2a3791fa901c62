"""All parts of the loss train together, and go on after a stop as if there had been none."""

from dataclasses import replace

import pytest
import timm
import torch
from data.scenes import CLASSES

from getam.network import Architecture, build_network
from getam.network.build import assemble
from getam.pseudo_label import Labeller
from getam.recipe import NETWORKS, PRESETS, Facts, recipe_for
from getam.recipe.recipe import FURTHER_PARTS
from getam.training import PARTS, Step, Stopped
from getam.training.label_sources import source_maker
from getam.training.prepare import prepare
from getam.training.train_photos import write_train_photos

from ..conftest import RECIPE, losses, same_weights
from ..test_trainer import stopping

ALL = dict.fromkeys(FURTHER_PARTS, 0.1)


def nano():
    torch.manual_seed(0)
    return build_network(
        "getam_vit_nano", len(CLASSES), pretrained=False, decoder_width=8, class_tokens=True
    )


def four_blocks():
    """A plain timm ViT of another depth, width and number of prefix tokens."""
    torch.manual_seed(0)
    sizes = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 4, "num_heads": 2}
    model = timm.create_model(
        "vit_tiny_patch16_224", num_classes=0, dynamic_img_size=True, reg_tokens=2, **sizes
    )
    architecture = Architecture(
        *("vit_tiny_patch16_224", len(CLASSES), "class_token", 8, 4),
        [0.5] * 3,
        [0.5] * 3,
        class_tokens=True,
    )
    return assemble(model, architecture)


def test_every_part_has_its_word_in_the_recipe():
    own = {"classification", "segmentation", "saliency", "saliency_released", "energy"}
    assert set(PARTS) - own == set(FURTHER_PARTS)


def fitted(network, source, folder, recipe, *, resume=False):
    """Train without the judging at a run's end."""
    ready = prepare(
        network, source, folder, recipe=recipe, val=None, device="cpu", devices=1, workers=0,
        strict=False, resume=resume, config=None,
    )  # fmt: skip
    if not resume:
        ready.trainer.run.begin()
        write_train_photos(folder, ready.source)
    ready.trainer.fit(resume=resume, on_epoch_end=lambda *_: None)
    return ready.trainer.step, losses(folder)


@pytest.mark.parametrize("network", [nano, four_blocks])
def test_all_parts_train_and_resume_bit_by_bit(network, source, tmp_path):
    recipe = replace(RECIPE, parts=ALL, label_source="afa", saliency_weight=0.0, epochs=1)
    whole, figures = fitted(network(), source, tmp_path / "whole", recipe)
    assert set(figures[-1]) >= {*ALL, "total"}
    prototypes = whole.parts["region_prototypes"]
    assert prototypes.prepared
    assert prototypes.positive.any()
    with pytest.raises(Stopped):
        fitted(stopping(network(), 60), source, tmp_path / "cut", recipe)
    again, others = fitted(network(), source, tmp_path / "cut", recipe, resume=True)
    assert same_weights(again, whole)
    assert others == figures


def test_what_no_part_reads_is_not_kept(new_network, batch):
    step = Step(new_network(), Labeller(first_block=3), {"classification": 1.0})
    kept = []
    step.parts = {"classification": lambda seen: kept.append(seen) or seen.class_logits.sum()}
    step(batch, joint=False)
    step(batch, joint=True)
    assert [seen.attention for seen in kept] == [{}, {}]
    assert [len(seen.features.outputs) for seen in kept] == [0, 0]


def test_a_part_begins_when_it_is_told(new_network, batch):
    weights = {"classification": 1.0, "mirror_consistency": 1.0, "deep_attention": 1.0}
    step = Step(
        new_network(),
        Labeller(first_block=3, iterations=1),
        weights,
        begins={"deep_attention": 0.7, "mirror_consistency": 0.2},
    )

    def parts(joint, elapsed):
        return set(step(batch, joint=joint, elapsed=elapsed).losses) - {"total"}

    assert parts(False, 0.1) == {"classification"}
    assert parts(False, 0.3) == {"classification", "mirror_consistency"}
    assert parts(True, 0.5) == {"classification", "mirror_consistency"}
    assert parts(True, 0.7) == set(weights)


def test_half_precision_changes_little(batch):
    network = nano()
    weights = {"classification": 1.0, "segmentation": 1.0, **ALL}
    weights.pop("deep_attention_by_entropy")  # the entropies of random blocks are nearly equal
    source = source_maker("afa", Labeller(first_block=3, iterations=1), corrected=False)
    step = Step(network, source, weights)
    torch.manual_seed(0)  # crop_contrast draws views, which must be the same in both formats
    whole = step(batch, joint=True, elapsed=1.0).losses
    torch.manual_seed(0)
    with torch.autocast("cpu", torch.bfloat16):
        half = step(batch, joint=True, elapsed=1.0).losses
    for name, loss in whole.items():
        assert half[name].item() == pytest.approx(loss.item(), rel=0.1, abs=0.02), name


@pytest.mark.parametrize("preset", sorted(PRESETS.keys() - {"default", "paper", "released"}))
def test_the_preset_of_a_method_trains_ten_steps(preset, source, tmp_path):
    facts = Facts(depth=6, width=128, photos=5, has_saliency=False)
    small = {"epochs": 2, "batch_size": 1, "joint_from": 0.5, "crop": 32, "precision": "32-true"}
    recipe = recipe_for(facts, preset, **small)
    torch.manual_seed(0)
    options = {**NETWORKS[preset], "decoder_width": 8}
    network = build_network("getam_vit_nano", len(CLASSES), pretrained=False, **options)
    _, figures = fitted(network, source, tmp_path, recipe)
    assert figures[-1]["step"] == 10
    assert {"segmentation", *recipe.parts} <= figures[-1].keys()
