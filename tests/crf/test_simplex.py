"""Points lie between the corners of their simplex."""

import torch

from getam.crf.simplex import enclosing_simplices


def test_barycentric_weights_are_a_partition():
    weights = enclosing_simplices(torch.randn(5, 500) * 10).barycentric
    assert weights.min() > -1e-4
    assert torch.allclose(weights.sum(0), torch.ones(500), atol=1e-4)
