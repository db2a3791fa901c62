"""A setting says how maps are made: the attribution method and the first block that counts."""

from typing import NamedTuple


class Setting(NamedTuple):
    """The setting of :func:`getam.activation_maps` that says which maps are made."""

    method: str
    first_block: int
