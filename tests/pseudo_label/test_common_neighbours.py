"""Common neighbours and diffusion equal plain loops and mean what they say."""

import math

import torch

from getam.pseudo_label.common_neighbours import diffuse, refine_by_common_neighbours


def drawn(patches=6):
    generator = torch.Generator().manual_seed(0)
    attention = (2 * torch.randn(2, patches, patches, generator=generator)).softmax(-1)
    return attention, torch.rand(2, 3, 2, patches // 2, generator=generator)


def slowly(maps, attention, steps, stays):
    """One image: maps as lists of patches, attention as rows."""
    count = len(attention)
    refined = []
    for i in range(count):
        row = []
        for j in range(count):
            shared = sum(math.sqrt(attention[i][k] * attention[j][k]) for k in range(count))
            row.append(attention[i][j] * shared)
        refined.append([value / sum(row) for value in row])
    results = []
    for own in maps:
        values = own
        for _ in range(steps):
            received = [sum(refined[i][j] * values[j] for j in range(count)) for i in range(count)]
            values = [stays * o + (1 - stays) * r for o, r in zip(own, received, strict=True)]
        results.append(values)
    return results


def test_equals_plain_loops():
    attention, maps = drawn()
    ours = diffuse(maps, refine_by_common_neighbours(attention), steps=3, stays=0.3)
    for image in range(2):
        slow = slowly(maps[image].flatten(1).tolist(), attention[image].tolist(), 3, 0.3)
        torch.testing.assert_close(ours[image].flatten(1), torch.tensor(slow))


def test_patches_with_other_neighbours_are_kept_apart():
    # Patch 1 attends to patch 0 but, besides, only to what patch 0 never looks at.
    attention = torch.tensor([[[0.5, 0.5, 0, 0], [0.1, 0, 0.9, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]])
    refined = refine_by_common_neighbours(attention)
    torch.testing.assert_close(refined.sum(-1), torch.ones(1, 4))
    assert refined[0, 0, 1] < attention[0, 0, 1]
    assert refined[0, 1, 2] > attention[0, 1, 2]


def test_a_flat_map_stays_flat_and_no_step_changes_nothing():
    attention, maps = drawn()
    refined = refine_by_common_neighbours(attention)
    torch.testing.assert_close(diffuse(torch.ones_like(maps), refined), torch.ones_like(maps))
    assert torch.equal(diffuse(maps, refined, steps=0), maps)
