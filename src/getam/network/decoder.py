"""This module turns four maps into mask logits, with the fusion of RefineNet as DPT uses it.

RefineNet is by Lin et al. 2017, DPT by Ranftl et al. 2021. A 1x1 convolution and a bilinear
enlargement commute, so they are done in the cheaper order.
"""

import torch.nn.functional as F
from torch import Tensor, nn


class ResidualUnit(nn.Module):
    """A residual unit adds to its input two rounds of ReLU, 3x3 convolution and batch norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the shape of the input [B, D, h, w]."""
        y = self.norm1(self.conv1(F.relu(x)))
        return x + self.norm2(self.conv2(F.relu(y)))


class Fusion(nn.Module):
    """A fusion adds a map to the path that comes from coarser maps, and refines the sum.

    Parameters
    ----------
    width
        Number of channels D of path and map.
    first
        Whether this is the coarsest map, which starts the path.
    """

    def __init__(self, width: int, *, first: bool = False) -> None:
        super().__init__()
        self.refine_map = nn.Identity() if first else ResidualUnit(width)
        self.refine_sum = ResidualUnit(width)
        self.project = nn.Conv2d(width, width, 1)

    def forward(self, level: Tensor, path: Tensor | None = None) -> Tensor:
        """Join a map [B, D, h, w] with a path of a coarser size to a path [B, D, h, w]."""
        level = self.refine_map(level)
        if path is not None:
            level = level + enlarge(path, (level.shape[-2], level.shape[-1]))
        return self.project(self.refine_sum(level))


class ChannelAttention(nn.Module):
    """This block weighs channels by their means: squeeze-excitation (Hu et al. 2018).

    It returns x + y * gate(y), where y is the result of two 3x3 convolutions of x.
    """

    def __init__(self, width: int, *, reduction: int = 16) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
        )
        self.gate = nn.Sequential(
            nn.Linear(width, max(width // reduction, 4), bias=False),
            nn.ReLU(),
            nn.Linear(max(width // reduction, 4), width, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the shape of the input [B, D, h, w]."""
        y = self.body(x)
        return x + y * self.gate(y.mean((2, 3)))[:, :, None, None]


class Decoder(nn.Module):
    """The decoder turns maps of four strides into mask logits.

    Parameters
    ----------
    level_widths
        Number of channels of each map, finest first.
    width
        Number of channels D of the decoder.
    num_classes
        Number of classes C without background.
    """

    def __init__(self, level_widths: list[int], *, width: int, num_classes: int) -> None:
        super().__init__()
        self.adapt = nn.ModuleList(
            nn.Conv2d(level_width, width, 3, padding=1, bias=False) for level_width in level_widths
        )
        coarsest = len(level_widths) - 1
        self.fuse = nn.ModuleList(Fusion(width, first=i == coarsest) for i in range(coarsest + 1))
        self.attend = ChannelAttention(width)
        self.head = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Conv2d(width, num_classes + 1, 1),
        )

    def forward(self, levels: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Turn maps [B, D_i, h_i, w_i], finest first, into mask logits [B, C + 1, *size]."""
        path: Tensor | None = None
        for level, adapt, fuse in zip(
            reversed(levels), reversed(self.adapt), reversed(self.fuse), strict=True
        ):
            path = fuse(adapt(level), path)
        assert path is not None
        return self.head(self.attend(enlarge(path, size)))


def enlarge(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize maps [B, D, h, w] to [B, D, *size], bilinearly with corners aligned."""
    return F.interpolate(maps, size, mode="bilinear", align_corners=True)
