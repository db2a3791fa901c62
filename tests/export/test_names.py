"""Values, names and regions of masks."""

import numpy as np
import pytest

from getam.export.names import names_of_values, regions


def test_every_value_but_background_has_a_name() -> None:
    assert names_of_values({"cat": 4, "dog": 2}) == {4: "cat", 2: "dog", 255: "undecided"}


def test_no_class_may_be_called_undecided() -> None:
    with pytest.raises(ValueError, match="rename the class"):
        names_of_values({"undecided": 1})


def test_regions_are_those_of_values_in_the_mask() -> None:
    mask = np.array([[0, 1], [255, 1]], np.uint8)
    found = regions(mask, names_of_values({"cat": 1, "dog": 2}))
    assert {value: region.tolist() for value, region in found.items()} == {
        1: [[False, True], [False, True]],
        255: [[False, False], [True, False]],
    }
