"""The device "meta" stands for an accelerator: code takes the ways of one, and can be watched.

Tensors there have no values. What a program asks of a device is answered by `Watch`, which notes
the place: there the processor would have to wait until the device has done all work before.
"""

import contextlib
import traceback

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

ATEN = torch.ops.aten
ASKS = {ATEN._local_scalar_dense, ATEN.nonzero, ATEN.masked_select, ATEN.equal}
INDEXED = {ATEN.index, ATEN.index_put, ATEN.index_put_}
COPIES = {ATEN._to_copy, ATEN.copy_}


class Watch(TorchDispatchMode):
    """This context notes what makes a processor wait, and float64 on another device.

    Attributes
    ----------
    waits
        Each place where a value or a shape is asked for that only the device knows, or where
        something is copied between the devices and the copy is waited for. The copy of a list of
        numbers, as in ``torch.tensor([1], device=...)``, is not seen.
    doubles
        Each place where a tensor of float64 came to the other device; Apple's GPUs have none.
    sent
        The number of copies to the device for which nobody waits.
    """

    def __init__(self):
        super().__init__()
        self.waits, self.doubles, self.sent = [], [], 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        with self:  # in inference mode, whole functions arrive here and not their parts
            parts = func.decompose(*args, **kwargs)
        if parts is not NotImplemented:
            return parts
        packet = func._overloadpacket
        by_mask = packet in INDEXED and any(
            # Places that lie on the processor are copied, and the copy is waited for.
            i is not None and (i.dtype is torch.bool or i.device.type == "cpu")
            for i in args[1]
        )
        there = bool(args) and isinstance(args[0], Tensor) and args[0].device.type == "meta"
        if there and (packet in ASKS or by_mask):
            self.waits.append(place(packet))
        if packet in COPIES and (answer := self._copy(packet, args, kwargs)) is not None:
            return answer
        if there and packet is ATEN._local_scalar_dense:
            return args[0].dtype is torch.bool or 1
        if there and packet is ATEN.nonzero:  # as if all were true
            return args[0].new_empty(args[0].numel(), args[0].ndim, dtype=torch.int64)
        output = func(*args, **kwargs)
        made = output if isinstance(output, tuple | list) else [output]
        if any(isinstance(t, Tensor) and is_double(t) for t in made):
            self.doubles.append(place(packet))
        return output

    def _copy(self, packet, args, kwargs):
        into = packet is ATEN.copy_
        source = args[1] if into else args[0]
        target = args[0].device if into else torch.device(kwargs.get("device") or source.device)
        if source.device.type == target.type:
            return None
        if kwargs.get("non_blocking") or (into and len(args) > 2 and args[2]):
            self.sent += 1
        else:
            self.waits.append(place(packet))
        if target.type == "cpu" and not into:
            return torch.zeros(source.shape, dtype=kwargs.get("dtype") or source.dtype)
        return None


def is_double(tensor):
    return tensor.device.type == "meta" and tensor.dtype is torch.float64


def place(packet):
    """Return the line of ours that an operation comes from."""
    stack = traceback.extract_stack()
    ours = [f for f in stack if "site-packages" not in f.filename and f.filename != __file__]
    return f"{packet}: {ours[-1].filename}:{ours[-1].lineno}"


@contextlib.contextmanager
def without_autocast():
    """Let ``torch.autocast`` do nothing for "meta", which it does not know."""
    known = torch.autocast

    def autocast(kind, *args, **kwargs):
        return contextlib.nullcontext() if kind == "meta" else known(kind, *args, **kwargs)

    torch.autocast = autocast
    try:
        yield
    finally:
        torch.autocast = known
