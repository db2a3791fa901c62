"""Run lengths, unpacked by Label Studio's own reader."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from getam.export.brush import pack_region

brush = pytest.importorskip(
    "label_studio_converter.brush", reason="it comes with the extra getam[readers]"
)


def unpacked(packed: list[int], shape: tuple[int, int]) -> np.ndarray:
    return brush.decode_rle(packed).reshape(*shape, 4)


@given(arrays.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_every_region_comes_back_in_all_four_channels(region: np.ndarray) -> None:
    values = unpacked(pack_region(region), region.shape)
    assert (values == region[..., None] * 255).all()


def test_the_bytes_are_those_of_label_studio() -> None:
    region = np.zeros((9, 20), bool)
    region[2:5, 3:9] = region[6, 1] = region[8, 10:] = True
    assert pack_region(region) == brush.mask2rle(region.astype(np.uint8) * 255)


def test_a_run_that_is_too_long_for_sixteen_bits_is_divided() -> None:
    region = np.zeros((300, 200), bool)  # 240 000 values
    region[-1, -1] = True
    assert (unpacked(pack_region(region), region.shape)[..., 3] == region * 255).all()
