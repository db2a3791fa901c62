"""Tags weigh the masks by their probability."""

import torch

from getam.network import weigh_by_tags


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
