"""This module reads a pickled ``.npy`` of vectors without executing code from the file.

A pickle names the functions that rebuild its objects, so it can run code. Here, the few names that
numpy writes lead to inert stand-ins, which only keep the bytes. Every other name is refused.
Therefore no function outside this module receives what the file says.
"""

import pickle
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
            content = _plain(_InertUnpickler(file).load())
    except Exception as error:  # a broken pickle raises nearly every kind of error
        raise ValueError(f"cannot read the label file {path}: {error}") from error
    if not isinstance(content, dict) or not all(isinstance(v, list) for v in content.values()):
        raise ValueError(f"{path} must hold a pickled dictionary of id to vector")
    return {str(key): vector for key, vector in content.items()}


def _skip_header(file: Any) -> None:
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, _, dtype = read(file)
    if shape != () or not dtype.hasobject:
        raise ValueError(f"expected one pickled object, got an array {shape} of {dtype}")


class _Inert:
    """A stand-in keeps the arguments and the state that the pickle gives it."""

    def __init__(self, *made_from: Any) -> None:
        self.made_from = made_from
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Array(_Inert):
    def plain(self) -> Any:
        _, shape, dtype, _, content = self.state
        if isinstance(content, list):  # numpy wraps the dictionary in an array of objects
            (content,) = content
            return _plain(content)
        return np.frombuffer(content, dtype.plain()).reshape(shape).tolist()


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


def _plain(value: Any) -> Any:
    if isinstance(value, _Array | _Scalar):
        return value.plain()
    if isinstance(value, dict):
        return {_plain(key): _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value
