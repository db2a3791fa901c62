"""Several processes keep one set of weights: they begin equal, change equally, and are compared.

`docs/decisions/0007-gradients-are-averaged-once.md` says why no wrapper of torch does this.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, distributed, nn

from getam.ranks import gather, sum_over_ranks, world_size


def copy_from_first(module: nn.Module) -> None:
    """Give every process the parameters and buffers of the first one."""
    if world_size() == 1:
        return
    for tensor in states_of(module).values():
        distributed.broadcast(tensor.detach(), src=0)


@torch.no_grad()
def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace each gradient by its mean over all processes, in one message.

    A parameter without a gradient is left out, as the decoder's in the first phase. A step must
    therefore give the same parameters a gradient in every process.
    """
    if world_size() == 1:
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    mean = sum_over_ranks(flat).div_(world_size())
    for gradient, part in zip(gradients, mean.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))


def check_equal_weights(module: nn.Module) -> None:
    """Raise an error if parameters or buffers are not the same bits in all processes.

    Raises
    ------
    RuntimeError
        The message names a tensor that differs, and one of the processes.
    """
    if world_size() == 1:
        return
    states = states_of(module)
    sums = gather(torch.stack([bit_sum(tensor) for tensor in states.values()]).cpu())
    for rank, others in enumerate(sums):
        differs = (others != sums[0]).nonzero()[:, 0].tolist()
        if differs:
            name = list(states)[differs[0]]
            raise RuntimeError(
                f"the weights of the processes are no longer equal: {name} of process {rank} "
                "differs from that of process 0; nothing was saved since the last checkpoint, from "
                "which --resume goes on"
            )


def states_of(module: nn.Module) -> dict[str, Tensor]:
    """Return the parameters and buffers of a module by name, those that no file keeps too."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def bit_sum(tensor: Tensor) -> Tensor:
    """Return the sum of the bits of a tensor, read as whole numbers: int64, one reading of it."""
    whole = torch.int32 if tensor.element_size() % 4 == 0 else torch.uint8
    return tensor.detach().reshape(-1).view(whole).sum(dtype=torch.int64)
