"""No N x N matrix is formed: attention is read in bands of rows."""

import pytest
from reference.shapes import Shapes

from getam.activation import activation_maps

from .models import tiny

CLASSES = [[3, 0], [], [1, 0, 2]]


@pytest.mark.parametrize("method", ["getam", "agcam", "rollout", "generic", "cam", "transcam"])
def test_no_matrix_of_all_tokens_is_ever_made(method, monkeypatch):
    monkeypatch.setattr("getam.activation.attention.ROWS", 5)
    model, images, _, (height, width) = tiny()
    sizes = {height * width, height * width + 1}
    with Shapes() as shapes:
        activation_maps(model, images, classes=CLASSES, first_block=0, method=method)
    assert (3, 2, 13, 16) in shapes.seen  # [B, A, N, d]: the mode does see attention
    assert not [s for s in shapes.seen if len(s) > 1 and s[-1] in sizes and s[-2] in sizes]
