"""Completion equals loops over pixels and, as released, the authors' label images."""

import numpy as np
import pytest
import torch
from reference.completion import quantile_cut, slow_paper, slow_thresholds

from getam.pseudo_label import complete_labels, refine
from getam.pseudo_label.complete import check_rule, top_of_class

SIZE = (30, 36)


def blob(centre, radius):
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.exp(-((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / radius**2)


def photo():
    """Three classes, two present and claiming each other's pixels; a salient disc; a speck."""
    rng = np.random.default_rng(0)
    maps = np.stack([blob((12, 12), 9), blob((14, 20), 9), np.ones(SIZE)])
    maps = (maps * (1 + 0.1 * rng.random(maps.shape))).astype(np.float32)
    maps /= maps.max((1, 2), keepdims=True)
    saliency = (blob((16, 8), 8) > 0.4).astype(np.float32)
    saliency[2:5, 30:33] = 1
    return maps, np.array([True, True, False]), saliency


def completed(maps, present, saliency=None, **options):
    return complete_labels(
        torch.from_numpy(maps)[None],
        torch.from_numpy(present)[None].float(),
        None if saliency is None else torch.from_numpy(saliency)[None],
        **options,
    )[0]


@pytest.mark.parametrize("case", range(3))
def test_released_rule_equals_the_released_code(case, shared_reference):
    stored = np.load(shared_reference / "refine_and_label.npz")
    values = {name: torch.from_numpy(stored[f"case{case}_{name}"]) for name in (
        "image", "saliency", "classes", "coarse_maps", "refined", "label"
    )}  # fmt: skip
    ours = refine(values["coarse_maps"][None], values["image"].movedim(-1, 0)[None])
    for refined in (values["refined"][None], ours):
        maps = torch.zeros(1, 20, *refined.shape[2:])
        maps[:, values["classes"]] = refined / (refined.amax((2, 3), keepdim=True) + 1e-5)
        labels = torch.zeros(1, 20)
        labels[:, values["classes"]] = 1
        label = complete_labels(maps, labels, values["saliency"][None], rule="released")
        assert torch.equal(label[0], values["label"].long())


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
@pytest.mark.parametrize("values", [3, 20, 10**6])  # many ties, some, almost none
def test_the_top_of_a_class_exceeds_a_rank_that_is_cut(values, share):
    rng = np.random.default_rng(values)
    for size in [(1, 1), (3, 7), (20, 31)]:
        maps = rng.integers(0, values, (4, 5, *size)).astype(np.float32) / values
        maps *= rng.random(maps.shape) < rng.random((4, 5, 1, 1))  # zeros, from none to nearly all
        maps[0, 0] = 0
        maps[1, 1] = 0.5
        ours = top_of_class(torch.from_numpy(maps), share)
        for found, own in zip(ours.flatten(0, 1), maps.reshape(20, *size), strict=True):
            np.testing.assert_array_equal(found, own > quantile_cut(own, share))


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_the_rank_is_that_of_the_released_code_for_every_number_of_values(share):
    pixels = 2000
    maps = torch.arange(1.0, pixels + 1).expand(pixels, pixels).tril(-1)  # map n: n positive values
    expected = [n - 1 - int((1 - share) * n) if n else 0 for n in range(pixels)]
    assert top_of_class(maps[:, None, None], share).sum((1, 2, 3)).tolist() == expected


@pytest.mark.parametrize("opening", [1, 3, 4, 10])
@pytest.mark.parametrize("top", [0.1, 0.3])
def test_paper_rule_equals_loops(opening, top):
    maps, present, saliency = photo()
    slow = slow_paper(maps, present, saliency, opening=opening, top=top)
    ours = completed(maps, present, saliency, rule="paper", opening=opening, top=top)
    np.testing.assert_array_equal(ours, slow)
    if opening == 3 and top == 0.3:
        assert set(np.unique(slow)) == {0, 1, 2, 255}


def test_a_pixel_claimed_by_two_classes_is_ignored():
    maps = np.zeros((2, 6, 10), np.float32)
    maps[0, :, :6] = np.linspace(0.1, 1, 36).reshape(6, 6)
    maps[1] = maps[0]
    nothing_salient = np.zeros((6, 10), np.float32)
    options = {"top": 0.3, "opening": 1}
    both = np.array([True, True])
    paper = completed(maps, both, nothing_salient, rule="paper", **options)
    released = completed(maps, both, nothing_salient, rule="released", **options)
    assert set(paper.unique().tolist()) == {0, 255}
    assert set(released.unique().tolist()) == {0, 1}
    assert torch.equal(paper == 255, released == 1)


@pytest.mark.parametrize("bounds", [{}, {"low": 0.1, "high": 0.9}, {"low": 0.4, "high": 0.4}])
def test_thresholds_equal_loops(bounds):
    maps, present, _ = photo()
    slow = slow_thresholds(maps, present, **bounds)
    np.testing.assert_array_equal(completed(maps, present, **bounds), slow)


def test_default_rule_depends_on_saliency():
    maps, present, saliency = photo()
    expected = completed(maps, present, rule="thresholds")
    assert torch.equal(completed(maps, present), expected)
    expected = completed(maps, present, saliency, rule="paper")
    assert torch.equal(completed(maps, present, saliency), expected)


@pytest.mark.parametrize("rule", ["paper", "released", "thresholds"])
def test_photos_of_a_batch_are_independent_and_one_without_class_is_background(rule):
    maps, present, saliency = photo()
    maps = torch.from_numpy(np.stack([maps, maps[::-1].copy(), maps]))
    labels = torch.tensor([[1.0, 1, 0], [0, 0, 0], [0, 1, 0]])
    salient = torch.from_numpy(np.stack([saliency] * 3))
    before = maps.clone(), salient.clone()
    together = complete_labels(maps, labels, salient, rule=rule)
    for i in range(3):
        alone = complete_labels(maps[i, None], labels[i, None], salient[i, None], rule=rule)
        assert torch.equal(together[i], alone[0])
    assert together.dtype == torch.int64
    assert (together[1] == 0).all()
    assert set(together[2].unique().tolist()) <= {0, 2, 255}
    assert torch.equal(maps, before[0])
    assert torch.equal(salient, before[1])


@pytest.mark.parametrize("rule", ["paper", "released", "thresholds"])
def test_no_classes_at_all(rule):
    label = complete_labels(
        torch.zeros(2, 0, 4, 5), torch.zeros(2, 0), torch.ones(2, 4, 5), rule=rule
    )
    assert torch.equal(label, torch.zeros(2, 4, 5, dtype=torch.int64))


def test_flips():
    maps, present, saliency = photo()
    mirrored = completed(maps[..., ::-1].copy(), present, saliency[:, ::-1].copy(), opening=3)
    assert torch.equal(mirrored.flip(-1), completed(maps, present, saliency, opening=3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "papr"}, "rule must be one of released, paper, thresholds, got 'papr'"),
        ({"rule": "paper"}, 'rule "paper" needs saliency'),
        ({"rule": "thresholds", "hihg": 0.3}, "are high, low, got hihg"),
        ({"rule": "paper", "saliency": torch.zeros(1, 4, 5)}, r"saliency must be \[1, 4, 4\]"),
        ({"labels": torch.zeros(1, 3)}, r"maps \[B, C, H, W\] and labels \[B, C\], got"),
    ],
)
def test_wrong_arguments(options, message):
    arguments = {"labels": torch.ones(1, 2), **options}
    with pytest.raises(ValueError, match=message) as error:
        complete_labels(torch.zeros(1, 2, 4, 4), **arguments)
    assert "\n" not in str(error.value)


def test_settings_of_a_rule_not_yet_chosen():
    check_rule(None, {"low": 0.1, "top": 0.2})
    with pytest.raises(ValueError, match="paper or thresholds are .*got lowest"):
        check_rule(None, {"lowest": 0.1})
