"""This module resizes, flips and crops a photo together with its maps and masks."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from torchvision import tv_tensors
from torchvision.transforms import v2

from getam.data.sample import Sample, fill_padding
from getam.vocabulary import IGNORE


class TrainTransform:
    """A training transform changes size, flip, crop and colours of a sample at random.

    The random numbers come from torch's CPU generator.

    Parameters
    ----------
    crop
        Side of the resulting square, in pixels.
    scale
        Range of the long side of the photo, relative to the crop. The default is that of the
        released code, where crops of 256 came from a long side of 0.9 x 256 to 256 / 0.875.
    flip
        Probability of a horizontal flip.
    jitter
        Strength of the random changes of brightness, contrast and saturation. 0 makes none.
    """

    def __init__(
        self,
        crop: int,
        *,
        scale: tuple[float, float] = (0.9, 1 / 0.875),
        flip: float = 0.5,
        jitter: float = 0.0,
    ) -> None:
        if crop < 1 or not 0 < scale[0] <= scale[1]:
            raise ValueError(f"crop must be positive and scale rise, got {crop} and {scale}")
        self.crop = crop
        self.scale = scale
        self.jitter = v2.ColorJitter(jitter, jitter, jitter) if jitter else v2.Identity()
        self.flip_and_crop = v2.Compose(
            [v2.RandomHorizontalFlip(flip), v2.RandomCrop(crop, pad_if_needed=True)]
        )

    def __call__(self, sample: Sample) -> Sample:
        """Return the changed sample, whose image is [3, crop, crop].

        ``valid`` is False in the part of the square that lies outside the photo.
        """
        low, high = (round(bound * self.crop) for bound in self.scale)
        sample = resize_long_side(sample, int(torch.randint(low, high + 1, ())))
        sample = replace(sample, image=self.jitter(sample.image))
        image, saliency, valid, corrected = self.flip_and_crop(
            tv_tensors.Image(sample.image),
            None if sample.saliency is None else tv_tensors.Image(sample.saliency[None]),
            tv_tensors.Mask(sample.valid),
            None if sample.corrected is None else tv_tensors.Mask(sample.corrected),
        )
        valid = valid.as_subclass(Tensor)
        if corrected is not None:  # the crop fills what is beyond the photo with background
            corrected = corrected.as_subclass(Tensor).masked_fill(~valid, IGNORE)
        return replace(
            sample,
            image=fill_padding(image.as_subclass(Tensor), valid),
            saliency=None if saliency is None else saliency[0].as_subclass(Tensor),
            valid=valid,
            corrected=corrected,
        )


def resize_long_side(sample: Sample, long_side: int, *, multiple: int = 1) -> Sample:
    """Resize a photo, its saliency map and its corrected mask, as `size_for_long_side` says.

    A pixel of the mask takes the nearest value.
    """
    height, width = sample.image.shape[-2:]
    size = size_for_long_side((height, width), long_side, multiple=multiple)
    saliency, mask = sample.saliency, sample.corrected
    if mask is not None:
        mask = v2.functional.resize_mask(mask[None], size)[0]
    return replace(
        sample,
        image=v2.functional.resize(sample.image, size),
        saliency=None if saliency is None else v2.functional.resize(saliency[None], size)[0],
        valid=torch.ones(size, dtype=torch.bool),
        corrected=mask,
    )


def size_for_long_side(size: tuple[int, int], long_side: int, *, multiple: int = 1) -> list[int]:
    """Return the height and width that make the longer side ``long_side`` pixels.

    Both are rounded to multiples of ``multiple``. If this is the patch size of a network, no patch
    holds padding, and each side changes by at most half a patch.
    """
    factor = long_side / max(size) / multiple
    return [max(1, round(side * factor)) * multiple for side in size]


def square(sample: Sample, side: int) -> Sample:
    """Return the whole photo in a square, padded at the right and at the bottom.

    Parameters
    ----------
    sample
        The photo, of any size.
    side
        Side of the square in pixels, and the long side of the photo in it.
    """
    sample = resize_long_side(sample, side)
    height, width = sample.image.shape[-2:]
    below = (0, side - width, 0, side - height)
    valid, saliency, mask = pad(sample.valid, below), sample.saliency, sample.corrected
    return replace(
        sample,
        image=fill_padding(pad(sample.image, below), valid),
        saliency=None if saliency is None else pad(saliency, below),
        valid=valid,
        corrected=None if mask is None else pad(mask, below, value=IGNORE),
        mirrored=False,
    )


def mirror(sample: Sample) -> Sample:
    """Return the mirror image of a square, with its maps and masks and without its features."""
    changed: dict[str, Any] = {
        name: None if (tensor := getattr(sample, name)) is None else tensor.flip(-1)
        for name in ("image", "saliency", "valid", "corrected")
    }
    return replace(sample, **changed, mirrored=not sample.mirrored, features=None)
