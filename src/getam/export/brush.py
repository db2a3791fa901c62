"""This module packs regions in the run lengths of Label Studio's brush (``rle-pack``).

The bits are: 32 for the number of values, 5 for the bits of a value less 1, four times 4 for the
bits of a length less 1, and the runs. A run is: 1, two bits for one of the four sizes, its length
less 1, and its value. Label Studio packs the red, green, blue and alpha of every pixel, row by row.
"""

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


def _run(length: int, value: int) -> str:
    """Return the bits of a run. A run that is too long for 16 bits becomes several."""
    whole, rest = divmod(length, LONGEST)
    return _piece(LONGEST, value) * whole + (_piece(rest, value) if rest else "")


def _piece(length: int, value: int) -> str:
    size = next(size for size, bits in enumerate(LENGTH_BITS) if length <= 2**bits)
    return f"1{size:02b}{length - 1:0{LENGTH_BITS[size]}b}{value:0{VALUE_BITS}b}"
