"""A label source is followed by another one."""

from getam.pseudo_label import Labeller
from getam.training.label_sources.changing import Changing, source_at


def test_the_second_source_begins_at_its_share():
    first, then = Labeller(first_block=3), Labeller(first_block=4)
    changing = Changing(first, then, 0.3)
    assert [source_at(changing, done) for done in (0, 0.29, 0.3, 1)] == [first, first, then, then]
    assert source_at(first, 1.0) is first
