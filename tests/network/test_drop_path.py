"""Blocks are left out in training, and the maps of such a pass are still exact."""

import pytest
import torch

from getam.activation import Frame, Setting, class_slot_maps, recorder_for, slot_table
from getam.activation.slots import maps_by_slot
from getam.network import build_network, drop_blocks


def network(rate):
    torch.manual_seed(0)
    made = build_network("getam_vit_nano", 3, pretrained=False, decoder_width=8)
    drop_blocks(made, rate)
    return made


def test_the_share_rises_from_nothing_to_the_rate():
    blocks = network(0.3).backbone.blocks
    shares = [block.drop_path1.drop_prob for block in blocks]
    assert shares == pytest.approx([0.3 * n / (len(blocks) - 1) for n in range(len(blocks))])
    assert shares == [block.drop_path2.drop_prob for block in blocks]


def test_photos_leave_blocks_out_in_training_alone():
    image = torch.randn(8, 3, 64, 64)
    dropped, plain = network(0.9), network(0.0)
    assert torch.equal(dropped.eval()(image).class_logits, plain.eval()(image).class_logits)
    assert not torch.equal(dropped.train()(image).class_logits, plain.train()(image).class_logits)


def test_maps_of_a_pass_that_leaves_blocks_out_are_exact():
    made, image = network(0.5).train(), torch.randn(6, 3, 64, 64)
    setting = Setting("grad_cam", 0)
    with recorder_for([setting]) as recorder:
        features = made.forward_features(image)
        logits = made.classify(features)
    frame = Frame.of(recorder, logits, settings=[setting], grid=features.grid)
    classes = [[0, 1], [1], [2], [0, 2], [1, 2], [0]]
    (made_maps,) = class_slot_maps(frame, classes, keep_graph=True)
    (by_slot,) = maps_by_slot(frame, slot_table(classes), keep_graph=True)
    wanted = by_slot[..., frame.prefix :].unflatten(-1, features.grid)
    torch.testing.assert_close(made_maps, wanted, rtol=1e-4, atol=1e-8)


def test_blocks_without_two_halves_are_refused():
    made = network(0.1)
    del made.backbone.blocks[1].drop_path1
    with pytest.raises(ValueError, match="drop_path: the blocks of getam_vit_nano have no two"):
        drop_blocks(made, 0.2)
