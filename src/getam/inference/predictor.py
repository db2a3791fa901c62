"""A predictor turns one photo into one mask, of the photo's own size and shape."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.transforms.v2 import functional

from getam.crf import PRESETS, dense_crf
from getam.data import read_photo, upright_rgb
from getam.inference.likeliest import likeliest
from getam.inference.side_by_side import lanes_on
from getam.model import Model, View, load_model
from getam.network import keep_tagged, patch_stride, weigh_by_tags

Photo = str | Path | Image.Image | np.ndarray | Tensor

CRF_PIXELS = 2**20
"""A photo of more pixels is reduced to this many for the CRF, because of the memory it needs."""


@dataclass(frozen=True)
class Prediction:
    """A prediction is what the network says about one photo.

    Attributes
    ----------
    mask
        uint8 [H, W] at the photo's own size: 0 background, i + 1 for the i-th of ``classes``.
    classes
        Names of the classes; ``classes[mask - 1]`` is the name of a pixel.
    class_probabilities
        float32 [C], how likely each class is somewhere in the photo.
    probabilities
        float32 [C + 1, H, W], channel 0 is background; None unless asked for.
    """

    mask: Tensor
    classes: tuple[str, ...]
    class_probabilities: Tensor
    probabilities: Tensor | None = None

    def seen(self, *, threshold: float = 0.5) -> list[int]:
        """Return the indices of the classes above the threshold, at least the most likely one."""
        above: list[int] = (self.class_probabilities > threshold).nonzero()[:, 0].tolist()
        return above or [int(self.class_probabilities.argmax())]


class Predictor:
    """A predictor is a trained network ready to segment photos.

    Parameters
    ----------
    model
        The network with its classes; it is set to evaluation.
    view
        How to look at a photo; None takes the model's own view.

    Examples
    --------
    Train or convert a model first, then::

        predictor = getam.Predictor.load("runs/animals")
        prediction = predictor("photo.jpg")
        prediction.mask, prediction.classes
    """

    def __init__(self, model: Model, view: View | None = None) -> None:
        self.network = model.network.eval()
        self.classes = model.classes
        self.tag_weight = model.tag_weight
        self.view = view or model.view
        self.device = model.device

    @property
    def lanes(self) -> int:
        """Return the number of lanes for this predictor; see `lanes_on`."""
        return lanes_on(self.device, crf=self.view.crf)

    @classmethod
    def load(
        cls,
        folder: str | Path,
        *,
        scales: Sequence[float] | None = None,
        resize: str | None = None,
        flip: bool | None = None,
        crf: bool | None = None,
        device: str | torch.device | None = None,
    ) -> "Predictor":
        """Read a model folder that ``getam train`` or ``getam convert`` wrote.

        Parameters
        ----------
        scales, resize, flip, crf
            What differs from the model's own view, see :class:`getam.model.View`.
        device
            Default: the accelerator if there is one.

        Raises
        ------
        FileNotFoundError, ValueError
            If the folder is missing or holds no whole model.
        """
        model = load_model(folder, device=device)
        view = model.view.changed(scales=scales, resize=resize, flip=flip, crf=crf)
        return cls(model, view)

    @torch.inference_mode()
    def __call__(
        self, image: Photo, *, tags: Sequence[str] | None = None, probabilities: bool = False
    ) -> Prediction:
        """Segment one photo.

        Parameters
        ----------
        image
            A path, a PIL image, an array [H, W, 3] or a tensor [3, H, W] in 0..255.
        tags
            The classes that the photo is known to show. The mask then holds no other class. None
            lets the network find out which classes the photo shows.
        probabilities
            Return the probabilities of every pixel too.

        Raises
        ------
        FileNotFoundError, ValueError
            If the photo cannot be read or has another shape, or if a tag is not a class.
        """
        photo = as_tensor(image).to(self.device)
        return self.decide(photo, *self.logits(photo), tags=tags, probabilities=probabilities)

    def untold_and_told(self, image: Photo, tags: Sequence[str]) -> tuple[Prediction, Prediction]:
        """Segment one photo without its tags and with them, in one pass; see `__call__`."""
        photo = as_tensor(image).to(self.device)
        with torch.inference_mode():
            logits = self.logits(photo)
            return self.decide(photo, *logits), self.decide(photo, *logits, tags=tags)

    def decide(
        self,
        photo: Tensor,
        mask_logits: Tensor,
        class_logits: Tensor,
        *,
        tags: Sequence[str] | None = None,
        probabilities: bool = False,
    ) -> Prediction:
        """Make a prediction of the logits of a photo [3, H, W]; see `__call__`."""
        size = (photo.shape[-2], photo.shape[-1])
        if tags is None:
            mask_logits = weigh_by_tags(mask_logits, class_logits, self.tag_weight)
        else:
            mask_logits = keep_tagged(mask_logits, self.numbers_of(tags))
        scores = mask_logits  # they say which class is likeliest, as probabilities would
        if self.view.crf:
            scores = sharpened(mask_logits, photo)
        if probabilities:
            scores = enlarged(scores, size)
            scores = scores if self.view.crf else scores.softmax(1)
        return Prediction(
            mask=likeliest(scores[0], size).cpu(),
            classes=tuple(self.classes),
            class_probabilities=class_logits[0].sigmoid().cpu(),
            probabilities=scores[0].cpu() if probabilities else None,
        )

    def numbers_of(self, tags: Sequence[str]) -> list[int]:
        """Return the numbers of classes.

        Raises
        ------
        ValueError
            If a name is not a class.
        """
        names = list(self.classes)
        unknown = [tag for tag in tags if tag not in names]
        if unknown:
            raise ValueError(f"tags must be among {', '.join(names)}, got {unknown[0]!r}")
        return [names.index(tag) for tag in tags]

    def logits(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        """Average mask logits [1, C + 1, h, w] and class logits [1, C] over scales and flips.

        Parameters
        ----------
        photo
            [3, H, W] in 0..255, on the predictor's device.
        """
        passes = [self._pass(photo, scale) for scale in self.view.scales]
        largest = passes[int(np.argmax(self.view.scales))][0].shape[-2:]
        masks = [interpolate(m, largest, mode="bilinear", align_corners=False) for m, _ in passes]
        return torch.stack(masks).mean(0), torch.stack([logits for _, logits in passes]).mean(0)

    def _pass(self, photo: Tensor, scale: float) -> tuple[Tensor, Tensor]:
        patch = patch_stride(self.network.backbone)
        size = self.view.size_for((photo.shape[-2], photo.shape[-1]), scale, multiple=patch)
        image = functional.resize(photo, size, antialias=True)[None]
        batch = torch.cat([image, image.flip(-1)]) if self.view.flip else image
        output = self.network(self.network.normalise(batch))
        masks = output.mask_logits.float()
        if self.view.flip:
            masks = torch.stack([masks[0], masks[1].flip(-1)]).mean(0, keepdim=True)
        return masks, output.class_logits.float().mean(0, keepdim=True)


def sharpened(mask_logits: Tensor, photo: Tensor) -> Tensor:
    """Return probabilities [1, C + 1, h, w] that the dense CRF has fitted to the edges of a photo.

    They have the size of the photo [3, H, W], or a smaller one if it has more than `CRF_PIXELS`.
    """
    height, width = photo.shape[-2:]
    factor = min(1.0, math.sqrt(CRF_PIXELS / (height * width)))
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    image = photo if factor == 1 else functional.resize(photo, size, antialias=True)
    return dense_crf(enlarged(mask_logits, size).softmax(1), image[None], **PRESETS["test"])


def enlarged(scores: Tensor, size: tuple[int, int]) -> Tensor:
    """Enlarge scores [1, C + 1, h, w] bilinearly to a size."""
    return interpolate(scores, size, mode="bilinear", align_corners=False)


def as_tensor(image: Photo) -> Tensor:
    """Turn a photo of any accepted kind into a tensor [3, H, W] in 0..255."""
    if isinstance(image, str | Path):
        image = read_photo(image)
    if isinstance(image, Image.Image):
        return functional.pil_to_tensor(upright_rgb(image))
    tensor = from_array(image) if isinstance(image, np.ndarray) else image
    if tensor.ndim != 3 or tensor.shape[0] != 3:
        raise ValueError(
            f"image must be an array [H, W, 3] or a tensor [3, H, W], got {list(image.shape)}"
        )
    return tensor


def from_array(array: np.ndarray) -> Tensor:
    """Copy an array [H, W, 3] to a tensor [3, H, W]; torch knows no negative strides."""
    return torch.from_numpy(array.copy()).movedim(-1, 0)
