"""Phases and learning rates."""

import pytest

from getam.recipe import Facts, recipe_for
from getam.training.schedule import Schedule


def test_rate_rises_decays_and_drops():
    schedule = Schedule(steps=100, joint_from=50, warmup=4, joint_factor=0.1)
    rates = [schedule.factor(step) for step in range(100)]
    assert rates[0] == pytest.approx(1 / 5)
    assert rates[3] == pytest.approx(4 / 5 * 0.97**0.9)
    assert rates[4] == pytest.approx(0.96**0.9)
    assert rates[49] == pytest.approx(0.51**0.9)
    assert rates[50] == pytest.approx(0.1 * 0.5**0.9)
    assert rates[99] == pytest.approx(0.1 * 0.01**0.9)
    assert [schedule.is_joint(step) for step in (0, 49, 50, 99)] == [False, False, True, True]


FACTS = Facts(depth=12, width=192, photos=700, has_saliency=False)


@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"accumulate": 0}, {"joint_from": 1.5}, {"ema": -1}]
)
def test_senseless_recipes(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must"):
        recipe_for(FACTS, **wrong)
