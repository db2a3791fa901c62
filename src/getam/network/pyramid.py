"""This module turns tokens into maps of four strides, as DPT does (Ranftl et al. 2021)."""

import torch.nn.functional as F
from torch import Tensor, nn

from getam.network.features import Features


class ProjectReadout(nn.Module):
    """The readout joins the class token to every patch token ("project" in DPT).

    A linear layer from 2D to D channels and a GELU follow.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2 * width, width)

    def forward(self, patches: Tensor, class_token: Tensor) -> Tensor:
        """Join patch tokens [B, N, D] with the class token [B, D] to tokens [B, N, D].

        The two halves of the matrix are applied separately. The product with the class token is the
        same for every patch, so it is computed once instead of N times.
        """
        for_patch, for_class = self.linear.weight.chunk(2, dim=1)
        common = F.linear(class_token, for_class, self.linear.bias)
        return F.gelu(F.linear(patches, for_patch) + common.unsqueeze(1))


class Reassemble(nn.Module):
    """The reassembly turns the tokens of one block into a map of another stride.

    It applies the readout, a 1x1 convolution and the resizing.
    """

    def __init__(self, width: int, output_width: int, resize: nn.Module) -> None:
        super().__init__()
        self.readout = ProjectReadout(width)
        self.project = nn.Conv2d(width, output_width, 1)
        self.resize = resize

    def forward(self, tap: tuple[Tensor, Tensor], grid: tuple[int, int]) -> Tensor:
        """Turn patch tokens [B, h * w, D] and class token [B, D] into a map [B, D_out, h', w']."""
        tokens = self.readout(*tap)
        return self.resize(self.project(tokens.mT.unflatten(2, grid)))


class Pyramid(nn.Module):
    """The pyramid makes four maps, at 1/4, 1/2, 1 and 2 times the patch stride.

    Parameters
    ----------
    levels
        The modules that make maps from the tokens of blocks, finest first. In a hybrid, the maps of
        the stem come before them and are passed on unchanged.
    widths
        Number of channels of each of the four maps.
    """

    def __init__(self, levels: list[Reassemble], widths: list[int]) -> None:
        super().__init__()
        self.levels = nn.ModuleList(levels)
        self.widths = widths

    def forward(self, features: Features) -> list[Tensor]:
        """Return the maps [B, D_i, h_i, w_i], finest first."""
        pairs = zip(self.levels, features.taps, strict=True)
        return [*features.stages, *(level(tap, features.grid) for level, tap in pairs)]

    def coarsest(self, features: Features) -> Tensor:
        """Return only the last map of :meth:`forward`."""
        return self.levels[-1](features.taps[-1], features.grid)


def build_pyramid(width: int, stage_widths: list[int]) -> Pyramid:
    """Make the pyramid for a transformer of the given width.

    Parameters
    ----------
    width
        Width D of the transformer.
    stage_widths
        Number of channels of the two stem maps of a hybrid. The list is empty for a plain ViT.
    """
    if stage_widths:
        resizes = [nn.Identity(), _halve(width)]
        levels = [Reassemble(width, width, resize) for resize in resizes]
        return Pyramid(levels, [*stage_widths, width, width])
    widths = [width // 8, width // 4, width // 2, width]
    resizes = [_enlarge(widths[0], 4), _enlarge(widths[1], 2), nn.Identity(), _halve(widths[3])]
    levels = [Reassemble(width, w, resize) for w, resize in zip(widths, resizes, strict=True)]
    return Pyramid(levels, widths)


def _enlarge(width: int, factor: int) -> nn.Module:
    return nn.ConvTranspose2d(width, width, factor, stride=factor)


def _halve(width: int) -> nn.Module:
    return nn.Conv2d(width, width, 3, stride=2, padding=1)
