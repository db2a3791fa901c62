"""The random walk equals the authors' values."""

import pytest
import torch
from reference.peers import Peer, tags

from getam.activation import enlarge_aligning_edges
from getam.pseudo_label.random_walk import (
    random_walk,
    refine_at_half,
    walk_against_backgrounds,
    walk_with_background,
    within_radius,
)


@pytest.fixture(scope="module")
def afa(shared_reference):
    return Peer("afa", shared_reference)


@pytest.fixture(scope="module")
def walked(afa):
    """Maps, present classes and affinity of the walk."""
    return afa.coarse("cams", (2, 4, 5, 6), 2), tags([[0, 3], [1]], 4), afa["affinity"]


@pytest.mark.parametrize(("grid", "radius"), [((4, 5), 1), ((6, 6), 2)])
def test_the_radius(grid, radius, afa):
    ours = within_radius(grid, radius)
    assert torch.equal(ours, afa[f"radius_mask_{grid[0]}_{grid[1]}_{radius}"].bool())


@pytest.mark.parametrize("background", [0.35, 0.55])
def test_the_walk_with_a_background(background, afa, walked):
    ours = walk_with_background(*walked, background=background, radius=2)
    afa.check(ours, f"walk_background_{background}")


def test_the_walk_without_a_background(afa, walked):
    maps, _, affinity = walked
    afa.check(random_walk(maps, affinity, radius=2), "walk_without_background")


def test_what_is_refined_afterwards(afa):
    maps = enlarge_aligning_edges(afa["walk_background_0.35"], (80, 96))
    image = afa.picture("image", (2, 3, 80, 96))
    refined = torch.zeros_like(maps)
    for i, (top, bottom, left, right) in enumerate([[0, 80, 0, 96], [8, 64, 16, 96]]):
        inside = (slice(i, i + 1), slice(None), slice(top, bottom), slice(left, right))
        refined[inside] = refine_at_half(maps[inside], image[inside])
    afa.check(refined[:, :, ::4, ::4], "refined_walk_every_4th")


def test_a_walk_stays_inside_the_radius():
    maps = torch.zeros(1, 1, 1, 9)
    maps[..., 4] = 1
    affinity = torch.ones(1, 9, 9)
    ours = random_walk(maps, affinity, radius=2) > 1e-3
    assert ours[0, 0, 0].tolist() == [2 <= place <= 6 for place in range(9)]


def test_both_backgrounds_walk_and_are_refined(afa, walked):
    image = afa.picture("image", (2, 3, 80, 96))
    strict, lenient = walk_against_backgrounds(*walked, image, low=0.35, high=0.55, radius=2)
    for ours, background in ((strict, 0.55), (lenient, 0.35)):
        maps = enlarge_aligning_edges(afa[f"walk_background_{background}"], (80, 96))
        torch.testing.assert_close(ours, refine_at_half(maps, image))
