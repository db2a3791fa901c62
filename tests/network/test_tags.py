"""Tags weigh the masks by their probability, or limit them."""

import torch

from getam.network import keep_tagged, weigh_by_tags


def test_tags_weigh_probabilities():
    torch.manual_seed(0)
    mask_logits, class_logits = torch.randn(2, 4, 3, 3), torch.randn(2, 3)
    before = mask_logits.clone()
    likely = mask_logits.softmax(1)
    tags = torch.cat([torch.ones(2, 1), class_logits.sigmoid()], 1)[:, :, None, None]
    expected = likely * tags**0.7
    expected = expected / expected.sum(1, keepdim=True)
    torch.testing.assert_close(weigh_by_tags(mask_logits, class_logits, 0.7).softmax(1), expected)
    assert torch.equal(weigh_by_tags(mask_logits, class_logits, 0), before)
    assert torch.equal(mask_logits, before)


def test_untagged_classes_have_no_pixel():
    torch.manual_seed(0)
    mask_logits = torch.randn(1, 4, 5, 5)
    before = mask_logits.clone()
    likely = keep_tagged(mask_logits, [2]).softmax(1)
    assert torch.equal(likely[:, 1:3], torch.zeros(1, 2, 5, 5))
    torch.testing.assert_close(likely[:, [0, 3]], mask_logits[:, [0, 3]].softmax(1))
    assert torch.equal(keep_tagged(mask_logits, []).argmax(1), torch.zeros(1, 5, 5).long())
    assert torch.equal(mask_logits, before)
