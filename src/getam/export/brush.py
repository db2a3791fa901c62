"""This module packs and unpacks regions in the run lengths of Label Studio's brush (``rle-pack``).

The bits are: 32 for the number of values, 5 for the bits of a value less 1, four times 4 for the
bits of a length less 1, and the runs. A run is: 1, two bits for one of the four sizes, its length
less 1, and its value. After a 0 instead of the 1, every value of the run follows. Label Studio
packs the red, green, blue and alpha of every pixel, row by row.
"""

from collections.abc import Iterable

import numpy as np

VALUE_BITS = 8
LENGTH_BITS = (3, 4, 8, 16)
LONGEST = 2 ** LENGTH_BITS[-1]
CHANNELS = 4


def pack_region(region: np.ndarray) -> list[int]:
    """Return a region, bool [H, W], as the bytes of ``value.rle`` in a brush task."""
    flat = region.ravel()
    starts = np.concatenate([[0], np.flatnonzero(np.diff(flat)) + 1])
    lengths = np.diff(np.append(starts, flat.size)) * CHANNELS
    head = f"{flat.size * CHANNELS:032b}{VALUE_BITS - 1:05b}"
    head += "".join(f"{bits - 1:04b}" for bits in LENGTH_BITS)
    runs = zip(lengths.tolist(), (flat[starts] * 255).tolist(), strict=True)
    bits = head + "".join(_run(length, value) for length, value in runs)
    padded = bits + "0" * (-len(bits) % 8)
    return list(int(padded, 2).to_bytes(len(padded) // 8, "big"))


def unpack_region(packed: Iterable[int], size: tuple[int, int]) -> np.ndarray:
    """Return the region that `pack_region` or Label Studio packed, bool [H, W].

    Parameters
    ----------
    packed
        The bytes of ``value.rle`` in an annotation.
    size
        Height and width of the photo.

    Raises
    ------
    ValueError
        If the bytes end too early or hold another number of pixels.
    """
    read = _BitReader(bytes(packed))
    count, value_bits = read(32), read(5) + 1
    length_bits = [read(4) + 1 for _ in range(len(LENGTH_BITS))]
    if count != size[0] * size[1] * CHANNELS:
        raise ValueError(f"the region has {count // CHANNELS} pixels, not those of {size}")
    values = np.zeros(count, dtype=np.uint8)
    start = 0
    while start < count:
        equal = read(1)
        end = min(count, start + read(length_bits[read(2)]) + 1)
        if equal:
            values[start:end] = read(value_bits)
        else:
            values[start:end] = [read(value_bits) for _ in range(end - start)]
        start = end
    alpha: np.ndarray = values.reshape(*size, CHANNELS)[..., -1] > 0
    return alpha


class _BitReader:
    """This value reads numbers of some bits, one after the other."""

    def __init__(self, content: bytes) -> None:
        self.bits = f"{int.from_bytes(content, 'big'):0{len(content) * 8}b}"
        self.place = 0

    def __call__(self, count: int) -> int:
        taken = self.bits[self.place : self.place + count]
        if len(taken) < count:
            raise ValueError("the run lengths of a region end too early")
        self.place += count
        return int(taken, 2)


def _run(length: int, value: int) -> str:
    """Return the bits of a run. A run that is too long for 16 bits becomes several."""
    whole, rest = divmod(length, LONGEST)
    return _piece(LONGEST, value) * whole + (_piece(rest, value) if rest else "")


def _piece(length: int, value: int) -> str:
    size = next(size for size, bits in enumerate(LENGTH_BITS) if length <= 2**bits)
    return f"1{size:02b}{length - 1:0{LENGTH_BITS[size]}b}{value:0{VALUE_BITS}b}"
