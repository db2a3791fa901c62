"""This module reads a pickled ``.npy`` of vectors without executing code from the file.

A pickle names the functions that rebuild its objects, so it can run code. Here, the few names that
numpy writes lead to inert stand-ins, which only keep the bytes. Every other name is refused.
Therefore no function outside this module receives what the file says.

A pickle can also be a bomb: twenty bytes that ask for a table of gigabytes, or lists of lists that
are one list many times. Both are refused.
"""

import io
import pickle
import pickletools
import re
from pathlib import Path
from typing import Any

import numpy as np


def read_pickled_dict(path: Path) -> dict[str, list[float]]:
    """Read a ``.npy`` file that holds one pickled dictionary of id to vector of numbers.

    Returns
    -------
    dict
        The values of each vector by its id.

    Raises
    ------
    ValueError
        If the file holds anything else. The message says so if the pickle asks for code.
    """
    try:
        with path.open("rb") as file:
            _skip_header(file)
            pickled = file.read()
        _check_table(pickled)
        content = _InertUnpickler(io.BytesIO(pickled)).load()
        content = content.wrapped() if isinstance(content, _Array) else content
        vectors = _vectors(content) if isinstance(content, dict) else None
    except Exception as error:  # a broken pickle raises nearly every kind of error
        reason = " ".join(str(error).split())
        raise ValueError(f"cannot read the label file {path}: {reason}") from error
    if vectors is None:
        raise ValueError(f"{path} must hold a pickled dictionary of id to vector")
    return vectors


def _skip_header(file: Any) -> None:
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, _, dtype = read(file)
    if shape != () or not dtype.hasobject:
        raise ValueError(f"expected one pickled object, got an array {shape} of {dtype}")


def _check_table(pickled: bytes) -> None:
    """Refuse a pickle that asks for a larger table of its objects than it could fill.

    The unpickler makes room for every number up to the one that an object is given.
    """
    most = len(pickled)
    far = np.frombuffer(pickled, np.uint8)[: max(0, most - 4)] == _NUMBERED
    places = np.flatnonzero(far)[:, None] + np.arange(1, 5)
    numbers = np.frombuffer(pickled, np.uint8)[places].astype(np.uint32) @ _POWERS
    if not (numbers > most).any() and not _IN_DIGITS.search(pickled):
        return  # the quick look; the same bytes may also be a part of a text or of a vector
    for operation, number, _ in pickletools.genops(pickled):
        if operation.name in ("PUT", "BINPUT", "LONG_BINPUT") and (number or 0) > most:
            raise ValueError(f"the pickle asks for a table of {number:,} objects, which is refused")


_NUMBERED = pickle.LONG_BINPUT[0]
_POWERS = np.array([1, 2**8, 2**16, 2**24], dtype=np.uint32)
_IN_DIGITS = re.compile(rb"p[0-9]{7,}\n")


class _Inert:
    """A stand-in keeps the arguments and the state that the pickle gives it."""

    def __init__(self, *made_from: Any) -> None:
        self.made_from = made_from
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Array(_Inert):
    def wrapped(self) -> Any:
        """Return the dictionary, which numpy wraps in an array of objects."""
        _, _, _, _, content = self.state
        (content,) = content if isinstance(content, list) else [None]
        return content

    def plain(self) -> list[float]:
        _, _, dtype, _, content = self.state
        if not isinstance(content, bytes):
            raise ValueError("expected an array of numbers")
        numbers: list[float] = np.frombuffer(content, dtype.plain()).tolist()
        return numbers


class _Scalar(_Inert):
    def plain(self) -> Any:
        dtype, content = self.made_from
        return np.frombuffer(content, dtype.plain())[0].item()


class _Dtype(_Inert):
    def plain(self) -> np.dtype:
        order = self.state[1] if self.state else "="
        dtype = np.dtype(self.made_from[0]).newbyteorder(order)
        if dtype.kind not in "biuf":
            raise ValueError(f"expected numbers, got {dtype}")
        return dtype


class _ArrayType(_Inert):
    """This stands for ``numpy.ndarray``, which the pickle hands to ``_reconstruct``."""


def _latin1(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"encoding {encoding!r} is refused")
    return text.encode("latin1")


_ALLOWED: dict[str, Any] = {
    "numpy.ndarray": _ArrayType,
    "numpy.dtype": _Dtype,
    "_codecs.encode": _latin1,
    **{
        f"numpy.{core}.multiarray.{name}": stand_in
        for core in ("core", "_core")
        for name, stand_in in {"_reconstruct": _Array, "scalar": _Scalar}.items()
    },
}


class _InertUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[f"{module}.{name}"]
        except KeyError:
            raise pickle.UnpicklingError(
                f"the pickle asks for {module}.{name}, which is refused: it could run code"
            ) from None


def _vectors(content: dict[Any, Any]) -> dict[str, list[float]] | None:
    """Return the vectors by their ids, or None if an entry is no vector."""
    plain: dict[int, list[float]] = {}  # one list under a million ids stays one list
    for vector in content.values():
        if not isinstance(vector, _Array | list | tuple):
            return None
        if id(vector) not in plain:
            plain[id(vector)] = (
                vector.plain() if isinstance(vector, _Array) else [_number(v) for v in vector]
            )
    return {str(_number(key, str)): plain[id(vector)] for key, vector in content.items()}


def _number(value: Any, *also: type) -> Any:
    value = value.plain() if isinstance(value, _Scalar) else value
    if not isinstance(value, (int, float, *also)):
        raise ValueError(f"expected a number, got {type(value).__name__}")
    return value
