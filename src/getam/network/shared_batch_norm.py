"""Batch norm takes its statistics over the photos of all processes, on any device.

torch's ``SyncBatchNorm`` does this too, but refuses tensors on the processor.
"""

import torch
from torch import Tensor, nn

from getam.ranks import mean_over_ranks, world_size


class SharedBatchNorm2d(nn.BatchNorm2d):
    """This batch norm equals that of one process whose batch holds the photos of all processes.

    Every process must give maps of one shape, as a sampler of equal batches does.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the shape of the input [B, D, h, w]."""
        if not self.training or world_size() == 1:
            return super().forward(x)
        variance, mean = torch.var_mean(x.float(), (0, 2, 3), correction=0)
        # In float64, because the difference of two squares is taken.
        moments = torch.stack([mean.double(), variance.double() + mean.double().square()])
        mean, square = mean_over_ranks(moments).unbind()
        variance = square - mean.square()
        self._remember(mean, variance, count=world_size() * x.numel() // x.shape[1])
        scale = self.weight * (variance + self.eps).rsqrt().float()
        shift = self.bias - mean.float() * scale
        return (x * scale.view(-1, 1, 1) + shift.view(-1, 1, 1)).to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, *, count: int) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean.float(), self.momentum)
        self.running_var.lerp_((variance * count / (count - 1)).float(), self.momentum)


def share_batch_norm(network: nn.Module) -> None:
    """Let every batch norm of a network take its statistics over all processes.

    Parameters, buffers and their names stay as they are.

    Raises
    ------
    ValueError
        If the network has batch norm of another kind than ``nn.BatchNorm2d``.
    """
    for name, module in network.named_modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SharedBatchNorm2d
        elif isinstance(module, nn.modules.batchnorm._NormBase) and not isinstance(
            module, SharedBatchNorm2d
        ):
            raise ValueError(
                f"the layer {name} is a {type(module).__name__}, whose statistics several "
                "processes cannot share: train with --devices 1"
            )
