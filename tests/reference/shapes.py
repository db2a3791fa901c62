"""Which tensors does a computation make, backward passes included?"""

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Shapes(TorchDispatchMode):
    """Notes the shape of every tensor that is made."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        output = func(*args, **(kwargs or {}))
        made = output if isinstance(output, tuple | list) else [output]
        self.seen |= {tuple(t.shape) for t in made if isinstance(t, torch.Tensor)}
        return output
