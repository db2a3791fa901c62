"""This module loads weights from a local file into a network, or says in one line why not."""

import pickle
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from warnings import catch_warnings

import torch
from safetensors.torch import load_file
from timm.layers import resample_abs_pos_embed
from torch import Tensor, nn

from getam.network.network import Network

_WRAPPERS = ("model", "state_dict", "model_state_dict", "model_ema")
_PREFIXES = ("module.", "_orig_mod.", "model.")  # of several devices, torch.compile, Lightning
_BACKBONE = "backbone."
_HEADS = ("head.", "head_dist.")

REPEATED = 2**26
"""A tensor whose values are one value or row, repeated, may have so many bytes: 64 MB."""


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Read a flat state dict in float32 from a safetensors or a PyTorch file.

    No code in the file is run. Wrappers such as ``{"model": ...}`` or ``{"state_dict": ...}`` are
    removed, and so are the prefixes ``module.``, ``_orig_mod.`` and ``model.`` that all keys share.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated, is no weight file, is a pickle that holds more than tensors, or
        holds values that are not finite.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"weights: no such file: {path}")
    return flat_state_dict(_read(path), origin=str(path))


def flat_state_dict(content: object, *, origin: str) -> dict[str, Tensor]:
    """Return the content of a weight file as a state dict in float32, without wrappers.

    Errors name ``origin``, the file.
    """
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    found = content if isinstance(content, Mapping) else {}
    tensors = {str(key): value for key, value in found.items() if isinstance(value, Tensor)}
    while prefix := _shared_prefix(tensors):
        tensors = {key.removeprefix(prefix): value for key, value in tensors.items()}
    if not tensors:
        raise ValueError(f"weights: {origin} must hold a state dict of tensors, found none")
    whole = {}
    for key, value in tensors.items():
        try:
            whole[key] = _in_full(value)
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"weights: {origin} is refused ({key}: {error})") from None
    return whole


def _shared_prefix(keys: Collection[str]) -> str:
    """Return the first wrapper's prefix that all keys have, or nothing."""
    return next((own for own in _PREFIXES if keys and all(key.startswith(own) for key in keys)), "")


def load_weights(network: Network, path: str | Path) -> None:
    """Load a file into a network: weights of a timm model, or of a network saved by getam.

    The weights of a timm model fill the backbone, and their head is dropped. A saved network fills
    the backbone and every further part of the same name and shape. A classifier for another number
    of classes is therefore dropped.

    Raises
    ------
    ValueError
        If the file belongs to another architecture. The message lists missing and unexpected keys.
    FileNotFoundError
        If there is no such file.
    """
    state = read_state_dict(path)
    backbone = {k.removeprefix(_BACKBONE): v for k, v in state.items() if k.startswith(_BACKBONE)}
    own_part = fit_position(without_head(backbone or state), network.backbone)
    load_exactly(network.backbone, own_part, origin=str(path))
    if backbone:
        own = network.state_dict()
        fitting = {k: v for k, v in state.items() if k in own and v.shape == own[k].shape}
        network.load_state_dict(fitting, strict=False)


def load_exactly(module: nn.Module, state: dict[str, Tensor], *, origin: str) -> None:
    """Load a state dict, which must have exactly the keys and shapes of the module.

    Raises
    ------
    ValueError
        If keys are missing, unexpected, or of another shape or type (whole numbers for floats). One
        line counts them and names up to five of each.
    """
    check_exactly(module, state, origin=origin)
    module.load_state_dict(state)


def check_exactly(module: nn.Module, state: dict[str, Tensor], *, origin: str) -> None:
    """Raise the error of `load_exactly`. The module may lie on the device ``meta``, without memory.

    Raises
    ------
    ValueError
        If keys are missing, unexpected, or of another shape or type.
    """
    own = module.state_dict()
    problems = {
        "missing": own.keys() - state.keys(),
        "unexpected": state.keys() - own.keys(),
        "of another shape": {
            k for k in own.keys() & state.keys() if own[k].shape != state[k].shape
        },
        "of another type": {
            k
            for k in own.keys() & state.keys()
            if own[k].is_floating_point() and not state[k].is_floating_point()
        },
    }
    if any(problems.values()):
        found = "; ".join(f"{len(k)} {what} ({_some(k)})" for what, k in problems.items() if k)
        raise ValueError(f"weights: {origin} belongs to another architecture: keys {found}")


def _read(path: Path) -> object:
    try:
        if path.suffix == ".safetensors" or _begins_as_safetensors(path):
            return load_file(path)
        if zipfile.is_zipfile(path):
            _check_packed(path)
        with catch_warnings(action="ignore"):  # the one line below says enough
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise ValueError(
            f"weights: {path} is truncated or holds more than tensors, and is not loaded: such a "
            "file can run code"
        ) from None
    except Exception as error:  # a damaged file makes the readers raise errors of any kind
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(f"weights: {path} is truncated or no weight file ({reason})") from None


def _begins_as_safetensors(path: Path) -> bool:
    """Return whether a file begins with a length of 8 bytes and a description in JSON."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def _check_packed(path: Path) -> None:
    """Refuse an archive that is compressed, which torch never does: a bomb unpacks to gigabytes."""
    with zipfile.ZipFile(path) as archive:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise ValueError("its content is compressed: save it again with torch.save")


def _in_full(tensor: Tensor) -> Tensor:
    """Return a tensor in float32 if it is of floats.

    A few bytes can stand for a tensor of any size, whose rows are one row. A large one is refused.
    """
    if tensor.layout != torch.strided or tensor.device.type != "cpu":
        raise ValueError("it holds a tensor that is no plain one")
    size = tensor.numel() * tensor.element_size()
    if size > max(REPEATED, tensor.untyped_storage().nbytes()):
        raise ValueError(
            "it has fewer values than its shape says: save the tensor after .contiguous()"
        )
    whole = tensor.float() if tensor.is_floating_point() else tensor
    if whole.is_complex() or not whole.isfinite().all():
        raise ValueError("it holds values that are complex or not finite")
    return whole


def fit_position(state: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """Return a state dict whose position embedding has the grid of a timm model."""
    vit: Any = model
    own, given = getattr(vit, "pos_embed", None), state.get("pos_embed")
    if own is None or given is None or own.shape == given.shape or own.shape[2] != given.shape[2]:
        return state
    prefix = 0 if vit.no_embed_class else vit.num_prefix_tokens
    grid = vit.patch_embed.grid_size
    if (given.shape[1] - prefix) ** 0.5 % 1:
        return state
    return state | {"pos_embed": resample_abs_pos_embed(given, grid, num_prefix_tokens=prefix)}


def without_head(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a state dict without the keys of classifier heads."""
    return {key: value for key, value in state.items() if not key.startswith(_HEADS)}


def _some(keys: set[str], count: int = 5) -> str:
    names = sorted(keys)
    return ", ".join(names[:count]) + (", ..." if len(names) > count else "")
