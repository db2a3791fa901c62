"""The backbone is a vision transformer with a class token, for any size."""

import pytest

from getam.network.backbone import tap_blocks


@pytest.mark.parametrize(("depth", "taps"), [(12, [2, 5, 8, 11]), (24, [5, 11, 17, 23])])
def test_taps_are_evenly_spaced(depth, taps):
    assert tap_blocks(depth) == taps
