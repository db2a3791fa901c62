"""Large photos are decided strip by strip, and no pixel is decided differently."""

import pytest
import torch
from torch.nn.functional import interpolate

from getam.inference import likeliest as module
from getam.inference.likeliest import enlarged_rows, likeliest


@pytest.mark.parametrize(
    ("small", "size"), [((5, 7), (43, 61)), ((9, 4), (9, 4)), ((8, 8), (5, 3)), ((1, 1), (6, 2))]
)
def test_strips_decide_as_the_whole_does(
    small: tuple[int, int], size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = torch.randn(4, *small, generator=torch.Generator().manual_seed(0))
    whole = interpolate(scores[None], size, mode="bilinear", align_corners=False)[0]
    expected = whole.max(0).indices.byte()
    assert torch.equal(likeliest(scores, size), expected)
    monkeypatch.setattr(module, "AT_ONCE", 0)
    for strip in (0, 4 * size[1] * 2, 4 * size[1] * 4):  # one, two and four rows
        monkeypatch.setattr(module, "STRIP", strip)
        assert torch.equal(likeliest(scores, size), expected)


def test_rows_of_a_larger_image() -> None:
    scores = torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(1))
    whole = interpolate(scores[None], (50, 31), mode="bilinear", align_corners=False)[0]
    rows = enlarged_rows(scores, (50, 31), 13, 20)
    torch.testing.assert_close(rows, whole[:, 13:20])
