"""Photo, saliency and valid area resized, flipped and cropped together (torchvision v2)."""

from dataclasses import replace

import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from getam.data.sample import Sample, fill_padding


class TrainTransform:
    """Random size, flip, crop and colour of a sample, drawn from torch's CPU generator.

    Parameters
    ----------
    crop
        Side of the square that comes out, in pixels.
    scale
        Range of the photo's long side, in crops. The default is the released code's, whose 256
        crops came from a long side of 0.9 x 256 to 256 / 0.875.
    flip
        Probability of a horizontal flip.
    jitter
        Strength of random brightness, contrast and saturation; 0 leaves the colours.
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
        """Return the sample as [3, crop, crop], with ``valid`` False where the photo ends."""
        low, high = (round(bound * self.crop) for bound in self.scale)
        sample = resize_long_side(sample, int(torch.randint(low, high + 1, ())))
        sample = replace(sample, image=self.jitter(sample.image))
        image, saliency, valid = self.flip_and_crop(
            tv_tensors.Image(sample.image),
            None if sample.saliency is None else tv_tensors.Image(sample.saliency[None]),
            tv_tensors.Mask(sample.valid),
        )
        return replace(
            sample,
            image=fill_padding(image.as_subclass(Tensor), valid.as_subclass(Tensor)),
            saliency=None if saliency is None else saliency[0].as_subclass(Tensor),
            valid=valid.as_subclass(Tensor),
        )


def resize_long_side(sample: Sample, long_side: int, *, multiple: int = 1) -> Sample:
    """Resize photo and saliency to :func:`size_for_long_side`."""
    height, width = sample.image.shape[-2:]
    size = size_for_long_side((height, width), long_side, multiple=multiple)
    saliency = sample.saliency
    return replace(
        sample,
        image=v2.functional.resize(sample.image, size),
        saliency=None if saliency is None else v2.functional.resize(saliency[None], size)[0],
        valid=torch.ones(size, dtype=torch.bool),
    )


def size_for_long_side(size: tuple[int, int], long_side: int, *, multiple: int = 1) -> list[int]:
    """Height and width with the longer at ``long_side``, each the nearest multiple.

    A network sees whole patches: with ``multiple`` at the patch size none of them is part padding,
    and the aspect ratio stays to within half a patch.
    """
    factor = long_side / max(size) / multiple
    return [max(1, round(side * factor)) * multiple for side in size]
