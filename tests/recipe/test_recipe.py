"""A recipe with a setting that makes no sense is refused, with the setting's name."""

from dataclasses import fields, replace

import pytest

from getam.recipe import CHOICES, Facts, Recipe, recipe_for
from getam.recipe.recipe import RANGES

RECIPE = recipe_for(Facts(depth=12, width=192, photos=700, has_saliency=True))
RANGE_OF = {name: range_ for range_, (_, names) in RANGES.items() for name in names}


def test_every_number_has_one_range() -> None:
    numbers = {field.name for field in fields(Recipe) if field.type in (int, float)}
    assert RANGE_OF.keys() == numbers
    assert sum(len(names) for _, names in RANGES.values()) == len(numbers)


@pytest.mark.parametrize("name", RANGE_OF)
@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf")])
def test_a_number_out_of_its_range(name: str, wrong: float) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be {RANGE_OF[name]}, got {wrong}$"):
        replace(RECIPE, **{name: wrong})


@pytest.mark.parametrize(
    ("name", "edge", "beyond"),
    [
        ("epochs", 1, 0),
        ("batch_size", 100_000, 10**9),
        ("crop", 16_384, 10**9),
        ("refine_scale", 1, 1e9),
        ("jitter", 1, 1e9),
        ("seed", 2**63 - 1, 2**63),
        ("learning_rate", 1e-9, 0),
        ("weight_decay", 0, -1e-9),
        ("joint_from", 0, -0.1),
        ("joint_from", 1, 1.1),
    ],
)
def test_the_edge_of_a_range_belongs_to_it_or_not(name: str, edge: float, beyond: float) -> None:
    assert getattr(replace(RECIPE, **{name: edge}), name) == edge
    with pytest.raises(ValueError, match=f"^{name} must be "):
        replace(RECIPE, **{name: beyond})


@pytest.mark.parametrize("scale", [(0, 1), (1.2, 1.1), (0.5, 16.1), (float("nan"), 1)])
def test_a_scale_that_is_no_interval(scale: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="^scale must be 0 < least <= greatest <= 16, got "):
        replace(RECIPE, scale=scale)
    assert replace(RECIPE, scale=(0.7, 0.7)).scale == (0.7, 0.7)


@pytest.mark.parametrize("name", CHOICES)
def test_a_word_must_be_one_that_is_known(name: str) -> None:
    for word in CHOICES[name]:
        assert getattr(replace(RECIPE, **{name: word}), name) == word
    with pytest.raises(ValueError, match=f"^{name} must be one of {CHOICES[name][0]}, .*'wrong'$"):
        replace(RECIPE, **{name: "wrong"})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"parts": {"afinity": 0.1}}, "got 'afinity'; nearest: affinity"),
        ({"parts": {"affinity": -1}}, "weight of affinity must be in 0..1000, got -1"),
        ({"parts": {"affinity": float("nan")}}, "weight of affinity must be in 0..1000, got nan"),
        ({"parts_from": {"affinity": 0.5}}, "parts_from names affinity, which has no weight"),
        ({"parts": {"affinity": 1}, "parts_from": {"affinity": 2}}, "must begin in 0..1, got 2"),
        ({"label_source": "AFA"}, "label_source must be one of tags, .*, got 'AFA'"),
    ],
)
def test_parts_that_make_no_sense(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(RECIPE, **settings)
