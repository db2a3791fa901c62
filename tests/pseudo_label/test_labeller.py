"""The labeller computes present classes only, and gets what all classes would give."""

import pytest
import torch

from getam.activation import activation_maps, divide_as_released
from getam.data import Batch, classes_of
from getam.network import build_network
from getam.pseudo_label import Labeller, complete_labels, refine
from getam.pseudo_label.labeller import sharpen

LABELS = torch.tensor([[0.0, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]])


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build_network("getam_vit_nano", 4, pretrained=False, decoder_width=8).eval()


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(0, 256, (3, 3, 40, 48), generator=generator, dtype=torch.uint8)
    saliency = torch.rand(3, 10, 12, generator=generator)
    saliency = torch.nn.functional.interpolate(saliency[:, None], (40, 48), mode="bilinear")[:, 0]
    return image, saliency


def label(labeller, network, image, labels=LABELS, *, saliency=None, valid=None, known=None):
    valid = torch.ones(len(image), *image.shape[2:], dtype=torch.bool) if valid is None else valid
    batch = Batch(
        ids=[str(index) for index in range(len(image))],
        image=image,
        labels=labels,
        classes=[classes_of(own) for own in labels],
        known=torch.ones_like(labels, dtype=torch.bool) if known is None else known,
        saliency=saliency,
        valid=valid,
        sizes=[tuple(image.shape[2:])] * len(image),
    )
    with labeller.recorder() as recorder:
        features = network.forward_features(network.normalise(image))
        class_logits = network.classify(features)
    return labeller(recorder, class_logits, batch, grid=features.grid, labelled=valid)


@pytest.mark.parametrize("rule", ["paper", "released", "thresholds"])
def test_slots_equal_the_dense_computation(rule, network, batch):
    image, saliency = batch
    pseudo = label(Labeller(first_block=3, rule=rule), network, image, saliency=saliency)
    everything = activation_maps(
        network, network.normalise(image), classes=[range(4)] * 3, first_block=3, normalise=True
    )
    refined = divide_as_released(refine(torch.stack(everything), image))
    dense = complete_labels(refined, LABELS, saliency, rule=rule)
    assert pseudo.classes == [[1, 3], [], [0]]
    assert torch.equal(pseudo.label, dense)
    torch.testing.assert_close(pseudo.refined_maps[0], refined[0, [1, 3]])
    torch.testing.assert_close(pseudo.refined_maps[2, 0], refined[2, 0])
    assert (pseudo.refined_maps[2, 1] == 0).all()
    assert (pseudo.activation_maps[1] == 0).all()
    assert (pseudo.label[1] == 0).all()


def test_padding_is_ignored(network, batch):
    image, saliency = batch
    valid = torch.ones(3, 40, 48, dtype=torch.bool)
    valid[:, 30:] = False
    labeller = Labeller(first_block=3)
    plain = label(labeller, network, image, saliency=saliency).label
    padded = label(labeller, network, image, saliency=saliency, valid=valid).label
    assert (padded[~valid] == 255).all()
    assert torch.equal(padded[valid], plain[valid])


def test_maps_keep_their_height_however_small_the_gradients(network, batch):
    image, _ = batch
    small = label(Labeller(first_block=3), scaled_head(network, 1e-3), image)
    usual = label(Labeller(first_block=3), network, image)
    assert small.refined_maps[0].amax((1, 2)).min() > 0.999
    torch.testing.assert_close(small.refined_maps, usual.refined_maps, rtol=0, atol=1e-3)


def scaled_head(network, factor):
    other = build_network("getam_vit_nano", 4, pretrained=False, decoder_width=8).eval()
    other.load_state_dict(network.state_dict())
    other.class_head.weight.data *= factor
    return other


@pytest.mark.parametrize("options", [{}, {"scale": 0.5}, {"affinity": 2}, {"crf": True}])
def test_a_batch_without_any_class(options, network, batch):
    image, saliency = batch
    labels = torch.zeros(3, 4)
    pseudo = label(Labeller(first_block=3, **options), network, image, labels, saliency=saliency)
    assert pseudo.classes == [[], [], []]
    assert pseudo.refined_maps.shape == (3, 0, 40, 48)
    assert (pseudo.label == 0).all()


def test_half_the_size_is_brought_back(network, batch):
    image, _ = batch
    pseudo = label(Labeller(first_block=3, scale=0.5), network, image)
    assert pseudo.refined_maps.shape == (3, 2, 40, 48)
    assert torch.equal(pseudo.label[:, ::2, ::2], pseudo.label[:, 1::2, 1::2])


@pytest.mark.parametrize("frozen", [4, 6])
def test_maps_where_the_backbone_is_frozen(frozen, network, batch):
    """The first blocks that count are frozen, so nothing below them asks for a gradient."""
    image, _ = batch
    expected = label(Labeller(first_block=3), network, image)
    still = scaled_head(network, 1.0)
    for part in (still.backbone.patch_embed, *still.backbone.blocks[:frozen]):
        part.requires_grad_(False)
    still.backbone.cls_token.requires_grad_(False)
    still.backbone.pos_embed.requires_grad_(False)
    torch.testing.assert_close(label(Labeller(first_block=3), still, image).refined_maps,
                               expected.refined_maps)  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "getm"}, "method must be one of getam"),
        ({"method": "hgi"}, "method .hgi. needs windowed attention"),
        ({"rule": "papr"}, "rule must be one of"),
        ({"rule": "paper", "settings": {"low": 0.1}}, "settings of rule paper are .*got low"),
    ],
)
def test_wrong_settings_stop_before_any_work(options, message):
    with pytest.raises(ValueError, match=message):
        Labeller(**options)


def test_a_rule_is_checked_against_the_data():
    Labeller(settings={"low": 0.1}).check(has_saliency=False)
    with pytest.raises(ValueError, match="settings of rule paper"):
        Labeller(settings={"low": 0.1}).check(has_saliency=True)
    with pytest.raises(ValueError, match='"released" needs saliency maps'):
        Labeller(rule="released").check(has_saliency=False)


def test_the_crf_moves_a_label_to_the_edge_and_leaves_nothing_undecided():
    truth = torch.zeros(2, 24, 32, dtype=torch.int64)
    truth[:, :, 16:] = 1
    image = (truth * 255)[:, None].expand(-1, 3, -1, -1).float()
    label = truth.clone()
    label[:, :, 14:19] = 255
    label[:, 5, 25] = 0
    label[:, 9, 4] = 1
    present = torch.tensor([[True, False], [True, True]])
    assert torch.equal(sharpen(label, present, image), truth)


def test_affinity_is_a_count():
    with pytest.raises(ValueError, match="affinity must be in 0..1000, got -1"):
        Labeller(affinity=-1)


def test_background_is_undecided_where_a_class_is_unknown(network, batch):
    image, _ = batch
    settings = {"low": 0.7, "high": 0.9}
    labeller = Labeller(first_block=3, iterations=1, rule="thresholds", settings=settings)
    known = torch.ones_like(LABELS, dtype=torch.bool)
    known[0, LABELS[0].argmin()] = False
    told = label(labeller, network, image).label
    unsure = label(labeller, network, image, known=known).label
    assert (told[0] == 0).any()
    assert torch.equal(unsure[0], told[0].masked_fill(told[0] == 0, 255))
    assert torch.equal(unsure[1:], told[1:])
