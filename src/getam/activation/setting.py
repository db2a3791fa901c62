"""A setting says how maps are made: the attribution method and the first block that counts."""

from typing import NamedTuple


class Setting(NamedTuple):
    """A setting names the two arguments of :func:`getam.activation_maps` that say which maps."""

    method: str
    first_block: int
