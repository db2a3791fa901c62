"""Every label source labels, and says in one line what it lacks."""

import pytest
import torch
from data.scenes import CLASSES

from getam.network import build_network
from getam.pseudo_label import Labeller
from getam.recipe import CHOICES
from getam.training import Step
from getam.training.label_sources import LABEL_SOURCES, source_maker


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build_network(
        "getam_vit_nano", len(CLASSES), pretrained=False, decoder_width=8, class_tokens=True
    )


def test_every_source_has_its_word_in_the_recipe():
    assert set(CHOICES["label_source"]) == set(LABEL_SOURCES)


@pytest.mark.parametrize("name", LABEL_SOURCES)
@pytest.mark.parametrize("corrected", [False, True])
def test_every_label_source_labels(name, corrected, network, batch):
    labeller = Labeller(first_block=3, iterations=1, affinity=1)
    weights = {"classification": 1.0, "segmentation": 1.0, "affinity": 0.1, "patch_maps": 0.1}
    step = Step(network, source_maker(name, labeller, corrected=corrected), weights)
    for elapsed in (0.0, 1.0):
        output = step(batch, joint=True, elapsed=elapsed)
        assert set(output.pseudo.label.unique().tolist()) <= {0, *range(1, len(CLASSES) + 1), 255}
        assert output.pseudo.activation_maps.amax() <= 1
        assert torch.isfinite(output.losses["total"])


@pytest.mark.parametrize(("joint_from", "walks_from"), [(0.1, 0.3), (0.4, 0.4 + 0.6 * 2 / 9)])
def test_labels_walk_after_the_affinity_has_learnt(joint_from, walks_from, new_network):
    made = source_maker("afa", Labeller(), corrected=False, joint_from=joint_from)
    step = Step(new_network(), made, {"affinity": 0.1})
    assert step.label_source.change == pytest.approx(walks_from)


@pytest.mark.parametrize(
    ("source", "weights", "message"),
    [
        ("afa", {"segmentation": 1.0}, 'needs the part "affinity"'),
        ("mctformer", {"segmentation": 1.0}, 'needs the part "patch_maps"'),
        ("tags", {"foreground_contrast": 1.0}, 'needs the part "patch_maps"'),
        ("mctformer", {"patch_maps": 1.0}, "the network has no class tokens"),
        ("tags", {"class_tokens": 1.0}, "the network has no class tokens"),
        ("tags", {"class_token_contrast": 1.0}, "the network has no class tokens"),
    ],
)
def test_what_is_missing_is_said_in_one_line(source, weights, message, new_network):
    with pytest.raises(ValueError, match=message):
        Step(new_network(), source_maker(source, Labeller(), corrected=False), weights)


def test_labels_of_afa_walk_from_its_iteration_6000_of_20000(network):
    weights = {"segmentation": 1.0, "affinity": 0.1}
    source = source_maker("afa", Labeller(first_block=3), corrected=False, joint_from=0.1)
    assert Step(network, source, weights).label_source.change == pytest.approx(0.3)
