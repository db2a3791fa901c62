"""Class tokens of small views agree with those of whole photos (ToCo, Ru et al., CVPR 2023, 3.3).

A view of background must not agree. The names of ToCo's paper are class token contrast, local and
global views; the part of MCTformer has that name here.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import affine_grid, grid_sample, normalize, softplus

from getam.pseudo_label.two_thresholds import UNSURE, region_mask
from getam.training.parts.auxiliary import Auxiliary
from getam.training.parts.part_input import Seen

GLOBAL = 2  # views of whole photos; they are always positive
CROPS = 8
CROP = 96 / 448  # side of a small view, relative to that of the photo
BACKGROUND_SHARE = 0.2  # a view is negative if its region mask has at most this mean
KEPT = 0.9  # of the teacher, per step
TEMPERATURE = 0.5


def crop_contrast(
    student: Tensor, teacher: Tensor, flags: Tensor, *, temperature: float = TEMPERATURE
) -> Tensor:
    """Ask positive views to agree with the global ones, and negative views not to.

    With e_vj = exp(t_v . s_j / T) for a global view v and any view j, and N_v the sum of e_vj over
    the negatives, a photo has the loss [sum_v (sum_{j positive} -log(e_vj / (e_vj + N_v + 1e-4)) -
    log(1 / (1 + N_v + 1e-4)))] / (2 (number of positives + 1e-4)). It is averaged over the photos.

    Parameters
    ----------
    student
        [V * B, D], view by view, the global ones first.
    teacher
        [2 * B, D], the global views.
    flags
        [B, V], 1 for positive views and 0 for negative ones.
    temperature
        T.
    """
    images, views = flags.shape
    with torch.autocast(student.device.type, enabled=False):
        s = student.float().view(views, images, -1)
        t = teacher.float().view(GLOBAL, images, -1)
        agreement = torch.einsum("vbd,jbd->bvj", t, s).div(temperature)
    positive = flags.bool()[:, None]
    # All stay logarithms: the dot products are not bounded, and exp overflows at 89.
    negatives = agreement.masked_fill(positive, -torch.inf).logsumexp(-1, keepdim=True)
    rest = torch.logaddexp(negatives, negatives.new_tensor(1e-4).log())
    each = (softplus(rest - agreement) * positive).sum(-1) + softplus(rest[..., 0])
    return (each.sum(1) / (GLOBAL * (positive.sum((1, 2)) + 1e-4))).mean()


class Projector(nn.Module):
    """A perceptron of three layers ends in unit vectors, which rows of unit norm map.

    Parameters
    ----------
    width, hidden, neck, out
        The numbers of channels.
    """

    def __init__(self, width: int, hidden: int = 2048, neck: int = 256, out: int = 1024) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(width, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, neck),
        )
        self.directions = nn.Parameter(torch.empty(out, neck))
        nn.init.trunc_normal_(self.directions, std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        """Turn class tokens [B, D] into [B, out]."""
        unit = normalize(self.mlp(tokens), dim=-1)
        projected: Tensor = unit @ normalize(self.directions, dim=-1).to(unit.dtype).mT
        return projected


class Teacher(nn.Module):
    """A teacher is a moving average of a projector, in buffers: a checkpoint has it, too.

    Parameters
    ----------
    projector
        The projector that it follows.
    """

    def __init__(self, projector: Projector) -> None:
        super().__init__()
        self.names = {name: name.replace(".", "_") for name, _ in projector.named_parameters()}
        for name, parameter in projector.named_parameters():
            self.register_buffer(self.names[name], parameter.detach().clone())

    @torch.no_grad()
    def follow(self, projector: Projector) -> None:
        """Keep 0.9 of what it is, and take 0.1 of the projector."""
        for name, parameter in projector.named_parameters():
            self.get_buffer(self.names[name]).lerp_(parameter, 1 - KEPT)

    @torch.no_grad()
    def forward(self, projector: Projector, tokens: Tensor) -> Tensor:
        """Turn class tokens [B, D] into [B, out], without a gradient."""
        weights = {name: self.get_buffer(own) for name, own in self.names.items()}
        projected: Tensor = functional_call(projector, weights, (tokens,))
        return projected


@dataclass(frozen=True)
class Crops:
    """Crops are small views of photos.

    Attributes
    ----------
    images
        [B, K, 3, size, size].
    flags
        [B, K], 0 where a view is background, otherwise 1.
    candidates
        int64 [B], the number of places that a view could have had.
    """

    images: Tensor
    flags: Tensor
    candidates: Tensor


def unsure_crops(images: Tensor, region: Tensor, *, size: int, order: Tensor) -> Crops:
    """Cut small views whose centre is background or unsure.

    If there are fewer such places than views, every place will do.

    Parameters
    ----------
    images
        [B, 3, H, W].
    region
        int64 [B, H, W], a :func:`getam.pseudo_label.two_thresholds.region_mask`.
    size
        Side of a view in pixels, less than those of the image.
    order
        [B, (H - size) * (W - size)], a number in 0..1 for each place of the upper left corner, row
        by row. The candidates with the least ones are taken.
    """
    rows, columns = (side - size for side in images.shape[-2:])
    half, count = size // 2, min(CROPS, rows * columns)
    wanted = (region[:, half : half + rows, half : half + columns] <= UNSURE).flatten(1)
    wanted = wanted | (wanted.sum(1, keepdim=True) < count)
    places = order.masked_fill(~wanted, 2).topk(count, largest=False, sorted=True).indices
    steps = torch.arange(size, device=images.device)
    row = (places.div(columns, rounding_mode="floor")[..., None] + steps)[..., :, None]
    column = (places.remainder(columns)[..., None] + steps)[..., None, :]
    image = torch.arange(len(images), device=images.device).view(-1, 1, 1, 1)
    cut = images.permute(0, 2, 3, 1)[image, row, column].movedim(-1, 2)
    flags = (region[image, row, column].float().mean((-2, -1)) > BACKGROUND_SHARE).long()
    return Crops(cut, flags, wanted.sum(1))


def large_crops(images: Tensor) -> Tensor:
    """Return mirrored views of images [B, 3, H, W] that show 0.4 to 1 of their area, drawn."""
    draw = torch.rand(len(images), 3, device=images.device)
    side = (0.4 + 0.6 * draw[:, 0]).sqrt()
    shift = (2 * draw[:, 1:] - 1) * (1 - side)[:, None]
    zero = torch.zeros_like(side)
    theta = torch.stack([-side, zero, shift[:, 0], zero, side, shift[:, 1]], 1).view(-1, 2, 3)
    grid = affine_grid(theta, list(images.shape), align_corners=False)
    return grid_sample(images, grid, padding_mode="border", align_corners=False)


class CropContrast(nn.Module):
    """The class tokens of small views agree with those of whole photos, unless they show nothing.

    Parameters
    ----------
    width
        The number of channels D of the class token.
    auxiliary
        The part whose maps choose the views.
    """

    def __init__(self, width: int, auxiliary: Auxiliary) -> None:
        super().__init__()
        self.projector = Projector(width)
        self.teacher = Teacher(self.projector)
        self._maps_of = auxiliary.maps  # a method: the module itself has another owner

    def forward(self, seen: Seen) -> Tensor:
        """Compare the photo, a part of its mirror image, and small views of it."""
        if self.training:
            self.teacher.follow(self.projector)
        images = seen.batch.image.float()
        crops = self.crops(seen, images)
        small = crops.images.transpose(0, 1).flatten(0, 1)
        whole = [seen.features.class_token, seen.look(large_crops(images)).features.class_token]
        tokens = torch.cat([*whole, seen.look(small).features.class_token])
        taught = self.teacher(self.projector, torch.cat(whole).detach())
        flags = torch.cat([torch.ones_like(crops.flags[:, :1]).expand(-1, GLOBAL), crops.flags], 1)
        return crop_contrast(self.projector(tokens), taught, flags)

    def crops(self, seen: Seen, images: Tensor) -> Crops:
        """Cut small views, whose sides are whole patches where that is possible."""
        height, width = images.shape[-2:]
        patch = seen.features.padded_size[0] // seen.features.grid[0]
        size = min(max(1, round(CROP * height / patch)) * patch, min(height, width) - 1)
        order = torch.rand(len(images), (height - size) * (width - size), device=images.device)
        return unsure_crops(images, region_mask(self._maps_of(seen)), size=size, order=order)
