"""Large photos are decided band by band, and only ties are decided differently."""

import pytest
import torch
from torch.nn.functional import interpolate

from getam.inference import likeliest as module
from getam.inference.likeliest import bands, likeliest, neighbours, numbers_of_greatest


def decided_at_once(scores: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    whole = interpolate(scores[None], size, mode="bilinear", align_corners=False)[0]
    return whole.max(0).indices.byte()


@pytest.mark.parametrize(
    ("small", "size"),
    [((5, 7), (43, 61)), ((9, 4), (9, 4)), ((8, 8), (5, 3)), ((1, 1), (6, 2)), ((3, 1), (7, 9))],
)
def test_bands_decide_as_the_whole_does(
    small: tuple[int, int], size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = torch.randn(4, *small, generator=torch.Generator().manual_seed(0))
    expected = decided_at_once(scores, size)
    assert torch.equal(likeliest(scores, size), expected)
    monkeypatch.setattr(module, "AT_ONCE", 0)
    for band in (0, 4 * size[1] * 2, 4 * size[1] * 1000):  # one row, two rows, and all that fit
        monkeypatch.setattr(module, "BAND", band)
        assert torch.equal(likeliest(scores, size), expected)


def test_classes_that_fill_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 0)
    drawn = torch.randn(6, 4, 5, generator=torch.Generator().manual_seed(1))
    smooth = interpolate(drawn[None], (40, 50), mode="bicubic")[0]
    expected = decided_at_once(smooth, (311, 407))
    assert len(expected.unique()) > 3
    assert torch.equal(likeliest(smooth, (311, 407)), expected)


def test_large_scores_differ_by_rounding_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 0)
    scores = 1000 + torch.randn(5, 28, 28, generator=torch.Generator().manual_seed(3))
    size = (901, 901)
    whole = interpolate(scores[None], size, mode="bilinear", align_corners=False)[0]
    found = whole.gather(0, likeliest(scores, size)[None].long())[0]
    assert (whole.amax(0) - found).max() < 1e-6 * 1000


def test_half_precision_is_decided_as_single_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 0)
    scores = torch.randn(3, 6, 7, generator=torch.Generator().manual_seed(4)).half()
    assert torch.equal(likeliest(scores, (50, 60)), likeliest(scores.float(), (50, 60)))


def test_little_is_enlarged_of_regions_and_never_more_than_a_band(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []

    def counted(scores: torch.Tensor) -> torch.Tensor:
        sizes.append(scores.numel())
        return numbers_of_greatest(scores)

    monkeypatch.setattr(module, "numbers_of_greatest", counted)
    monkeypatch.setattr(module, "BAND", 4 * 10_000 * 3)
    scores = torch.zeros(4, 20, 20)
    scores[1, :, :10] = 1  # two halves, which meet in one column of cells
    likeliest(scores, (1000, 10_000))
    assert 0 < sum(sizes[1:]) < 0.1 * 4 * 1000 * 10_000
    sizes.clear()
    likeliest(torch.randn(4, 20, 20, generator=torch.Generator().manual_seed(5)), (1000, 10_000))
    assert max(sizes[1:]) <= 4 * 10_000 * 3


def test_pixels_lie_where_interpolation_sees_them() -> None:
    values = torch.randn(6, generator=torch.Generator().manual_seed(2))
    before, after, share = neighbours(6, 50, device=torch.device("cpu"))
    expected = interpolate(values[None, None], 50, mode="linear", align_corners=False)[0, 0]
    torch.testing.assert_close(torch.lerp(values[before], values[after], share), expected)


def test_bands_have_one_row_above_and_are_not_too_tall() -> None:
    found = list(bands([0, 0, 0, 0, 0, 1, 2, 2], most=3))
    assert found == [slice(0, 3), slice(3, 5), slice(5, 6), slice(6, 8)]
