"""Clicks spread as an obvious version of the same steps does, and no further."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import interpolate

from getam.correction import Click, ClickSpreader, clicks, spread_for
from getam.correction.clicks import taken_by
from getam.correction.random_walk import edges
from getam.crf import DenseCRF
from getam.data import Record
from getam.network import patch_stride
from getam.saliency import patch_features, whole_patches

GRID = (3, 4)
SIZE = (24, 32)


@pytest.fixture(scope="module")
def photo():
    """Two colours, the right one with a little noise."""
    pixels = np.full((*SIZE, 3), 40, np.uint8)
    pixels[:, 16:] = np.random.default_rng(0).integers(180, 190, (24, 16, 3))
    return pixels


@pytest.fixture(scope="module")
def features():
    """Patches of the left half are alike, and so are those of the right half."""
    sides = torch.eye(2).repeat_interleave(2, dim=0).repeat(3, 1)
    return sides + 0.1 * torch.rand(12, 2, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def spread(photo, features):
    return ClickSpreader(photo, features, GRID)


def slow(photo, features, label, click, before):
    """Spread one click with loops over patches and pixels; the CRF alone is the real one."""
    weights = edges(features, GRID, softness=clicks.SOFTNESS)
    known = [*before, click]
    prior, stop = torch.zeros(12).double(), torch.zeros(12).double()
    mean = weights.sum(1).mean()
    for patch in range(12):
        row, column = divmod(patch, 4)
        block = label[8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
        prior[patch] = np.where(block == 255, 0.5, block == click.value).mean()
        down, right = row + 0.5 - (click.y + 0.5) / 8, column + 0.5 - (click.x + 0.5) / 8
        square = (down**2 + right**2) / 4**2
        stop[patch] = clicks.STOP * mean * (1 - np.exp(-square / (2 * clicks.NEAR**2)))
    for each in known:
        patch = each.y // 8 * 4 + each.x // 8
        prior[patch], stop[patch] = each.value == click.value, clicks.SURE
    met = prior.clone()
    for _ in range(4000):
        met = (stop * prior + weights @ met) / (stop + weights.sum(1))
    share = interpolate(met.float().view(1, 1, *GRID), SIZE, mode="bilinear")[0, 0]
    odds = clicks.SHARPNESS * (2 * share - 1)
    for each in known:
        sign = 1 if each.value == click.value else -1
        for y, x in np.ndindex(*SIZE):
            if (y - each.y) ** 2 + (x - each.x) ** 2 <= clicks.DOT**2:
                odds[y, x] = sign * clicks.CERTAIN
    image = torch.from_numpy(photo).movedim(-1, 0)[None].float()
    reach = clicks.SXY * 32 / clicks.LONG_SIDE
    crf = DenseCRF(image, sxy=reach, srgb=clicks.SRGB, compat=clicks.COMPAT)
    refined = crf(torch.stack([-odds, odds]).sigmoid()[None], iterations=clicks.ITERATIONS)
    region = refined[0, 1].numpy() > 0.5
    for each in known:
        region[each.y, each.x] = each.value == click.value
    return grown(label, region | (label == click.value), click, before)


def grown(label, region, click, before):
    """Fill from the click, pixel by pixel."""
    for each in before:
        region[each.y, each.x] &= each.value == click.value
    out, waiting = label.copy(), [(click.y, click.x)]
    seen = set(waiting)
    while waiting:
        y, x = waiting.pop()
        out[y, x] = click.value
        for place in [(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]:
            inside = 0 <= place[0] < label.shape[0] and 0 <= place[1] < label.shape[1]
            if inside and place not in seen and region[place]:
                seen.add(place)
                waiting.append(place)
    return out


@pytest.mark.parametrize("before", [[], [Click(20, 5, 2)], [Click(3, 20, 1), Click(30, 2, 0)]])
def test_clicks_spread_as_the_slow_version_does(photo, features, spread, before):
    label = np.random.default_rng(1).choice(np.array([0, 1, 2, 255], np.uint8), SIZE)
    for click in (Click(25, 12, 1), Click(5, 5, 0)):
        fast = spread(label, [click], before=before)
        assert (fast == slow(photo, features, label, click, before)).all()


def test_a_click_takes_its_half_of_the_photo_and_no_more(spread):
    label = np.zeros(SIZE, np.uint8)
    corrected = spread(label, [Click(24, 12, 2)])
    assert (corrected[:, 18:] == 2).all()
    assert (corrected[:, :14] == 0).all()
    assert not label.any()


def test_every_click_holds_whatever_follows(spread):
    rng = np.random.default_rng(2)
    for _ in range(6):
        label = rng.choice(np.array([0, 1, 2, 255], np.uint8), SIZE)
        places = {(int(rng.integers(32)), int(rng.integers(24))) for _ in range(5)}
        made = [Click(x, y, int(rng.integers(3))) for x, y in places]
        corrected = spread(label, made)
        assert [corrected[c.y, c.x] for c in made] == [c.value for c in made]
        one_by_one = label
        for number, click in enumerate(made):
            one_by_one = spread(one_by_one, [click], before=made[:number])
        assert (one_by_one == corrected).all()


def test_a_second_click_on_a_pixel_replaces_the_first(spread):
    label = np.zeros(SIZE, np.uint8)
    assert spread(label, [Click(24, 12, 2), Click(24, 12, 0)])[12, 24] == 0


def test_a_photo_larger_than_the_crf_sees_keeps_its_size(photo, features):
    large = photo.repeat(16, 0).repeat(16, 1)
    corrected = ClickSpreader(large, features, GRID)(
        np.zeros((384, 512), np.uint8), [Click(400, 200, 1)]
    )
    assert (corrected[:, 288:] == 1).all()
    assert not corrected[:, :224].any()


def test_an_earlier_click_holds_its_place_in_a_large_photo(photo, features):
    large = photo.repeat(16, 0).repeat(16, 1)
    spread = ClickSpreader(large, features, GRID)
    label, before = np.zeros((384, 512), np.uint8), [Click(300, 100, 2)]
    corrected = spread(label, [Click(400, 200, 1)], before=before)
    assert (corrected[99:102, 299:302] == 0).all()
    assert (corrected[138:147, 422:432] == 1).all()  # there it would be without the CRF's scale


def test_a_region_keeps_the_pixels_of_other_clicks():
    label = np.array([[0, 0, 0, 3, 0]], np.uint8)
    region = np.array([[True, True, False, True, True]])
    taken = taken_by(Click(0, 0, 1), label, region, [Click(1, 0, 2)])
    assert taken.tolist() == [[1, 0, 0, 3, 0]]
    assert taken_by(Click(0, 0, 1), label, region, []).tolist() == [[1, 1, 0, 3, 0]]


def test_pixels_that_touch_at_a_corner_are_connected():
    label, region = np.zeros((2, 3), np.uint8), np.array([[True, False, True], [False, True, True]])
    assert taken_by(Click(0, 0, 1), label, region, []).tolist() == [[1, 0, 1], [0, 1, 1]]


def test_wrong_clicks_and_labels_are_refused(spread):
    with pytest.raises(ValueError, match="must lie in the photo"):
        spread(np.zeros(SIZE, np.uint8), [Click(32, 0, 1)])
    with pytest.raises(ValueError, match="photo's size"):
        spread(np.zeros((3, 3), np.uint8), [Click(0, 0, 1)])


def test_a_network_gives_the_features_of_the_photo_as_it_is(model, tmp_path):
    picture = np.full((48, 96, 3), 30, np.uint8)
    picture[:, 64:] = (220, 40, 160)
    Image.fromarray(picture).save(tmp_path / "a.png")
    spread = spread_for(model, Record("a", tmp_path / "a.png"))
    pixels = torch.from_numpy(picture).movedim(-1, 0)
    image = whole_patches(pixels, patch_stride(model.network.backbone))
    features, grid = patch_features(image, model.network)
    expected = ClickSpreader(picture, features, grid)
    assert torch.equal(spread._weights, expected._weights)
    assert spread(np.zeros(spread.size, np.uint8), [Click(2, 3, 1)])[3, 2] == 1
