"""One photo in, one mask out: several scales and flips, the photo's own size and aspect ratio."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.transforms.v2 import functional

from getam.crf import PRESETS, dense_crf
from getam.data import read_photo, size_for_long_side, upright_rgb
from getam.inference.model import choose_device, load_model
from getam.inference.tags import weigh_by_tags
from getam.network import Network
from getam.network.backbone import patch_stride

Photo = str | Path | Image.Image | np.ndarray | Tensor


@dataclass(frozen=True)
class Prediction:
    """What the network says about one photo.

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


class Predictor:
    """A trained network ready to segment photos.

    Parameters
    ----------
    network
        The network; it is moved to ``device`` and set to evaluation.
    classes
        Class name to its value in mask files.
    long_side
        Long side, in pixels, at which scale 1 shows a photo to the network.
    scales
        Relative sizes whose logits are averaged.
    resize
        A name of :data:`RESIZES`: keep the photo's aspect ratio, or make it a square.
    flip
        Average with the mirrored photo too.
    crf
        Sharpen the result by a dense CRF at the photo's own size (:data:`getam.crf.PRESETS`).
    tag_weight
        How much the class logits count in the mask, see :func:`getam.inference.weigh_by_tags`.
    device
        Default: the accelerator if there is one.

    Examples
    --------
    Train or convert a model first, then::

        predictor = getam.Predictor.load("runs/animals")
        prediction = predictor("photo.jpg")
        prediction.mask, prediction.classes
    """

    def __init__(
        self,
        network: Network,
        classes: dict[str, int],
        *,
        long_side: int,
        scales: Sequence[float] = (1.0,),
        resize: str = "aspect",
        flip: bool = False,
        crf: bool = False,
        tag_weight: float = 0.0,
        device: str | torch.device | None = None,
    ) -> None:
        check_test(scales, resize)
        self.device = choose_device(device)
        self.network = network.to(self.device).eval()
        self.classes = classes
        self.long_side = long_side
        self.scales = tuple(scales)
        self.size_for = RESIZES[resize]
        self.flip = flip
        self.crf = crf
        self.tag_weight = tag_weight

    @classmethod
    def load(
        cls,
        folder: str | Path,
        *,
        scales: Sequence[float] | None = None,
        resize: str | None = None,
        flip: bool = False,
        crf: bool | None = None,
        device: str | torch.device | None = None,
    ) -> "Predictor":
        """Read a model folder that ``getam train`` or ``getam convert`` wrote.

        ``scales``, ``resize`` and ``crf`` are by default those of the test it was made for.

        Raises
        ------
        FileNotFoundError, ValueError
            If the folder is missing or holds no whole model.
        """
        model = load_model(folder, device=device)
        return cls(
            model.network,
            model.classes,
            long_side=model.long_side,
            scales=model.scales if scales is None else scales,
            resize=resize or model.resize,
            flip=flip,
            crf=model.crf if crf is None else crf,
            tag_weight=model.tag_weight,
            device=device,
        )

    @torch.inference_mode()
    def __call__(self, image: Photo, *, probabilities: bool = False) -> Prediction:
        """Segment one photo.

        Parameters
        ----------
        image
            A path, a PIL image, an array [H, W, 3] or a tensor [3, H, W] in 0..255.
        probabilities
            Return the probabilities of every pixel too.

        Raises
        ------
        FileNotFoundError, ValueError
            If the photo cannot be read or has another shape.
        """
        photo = as_tensor(image).to(self.device)
        size = (photo.shape[-2], photo.shape[-1])
        mask_logits, class_logits = self.logits(photo)
        mask_logits = weigh_by_tags(mask_logits, class_logits, self.tag_weight)
        scores = interpolate(mask_logits, size, mode="bilinear", align_corners=False)
        if self.crf or probabilities:  # which class is likeliest the logits say as well
            scores = scores.softmax(1)
        if self.crf:
            scores = dense_crf(scores, photo[None], **PRESETS["test"])
        best = scores[0].max(0).indices  # argmax over a leading dimension: seven times slower
        return Prediction(
            mask=best.to(torch.uint8).cpu(),
            classes=tuple(self.classes),
            class_probabilities=class_logits[0].sigmoid().cpu(),
            probabilities=scores[0].cpu() if probabilities else None,
        )

    def logits(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        """Mean mask logits [1, C + 1, h, w] and class logits [1, C] over scales and flips.

        Parameters
        ----------
        photo
            [3, H, W] in 0..255, on the predictor's device.
        """
        views = [self._view(photo, scale) for scale in self.scales]
        largest = views[int(np.argmax(self.scales))][0].shape[-2:]
        masks = [interpolate(m, largest, mode="bilinear", align_corners=False) for m, _ in views]
        return torch.stack(masks).mean(0), torch.stack([logits for _, logits in views]).mean(0)

    def _view(self, photo: Tensor, scale: float) -> tuple[Tensor, Tensor]:
        size = self.size_for(
            (photo.shape[-2], photo.shape[-1]),
            round(self.long_side * scale),
            multiple=patch_stride(self.network.backbone),
        )
        image = functional.resize(photo, size, antialias=True)[None]
        batch = torch.cat([image, image.flip(-1)]) if self.flip else image
        output = self.network(self.network.normalise(batch))
        masks = output.mask_logits.float()
        if self.flip:
            masks = torch.stack([masks[0], masks[1].flip(-1)]).mean(0, keepdim=True)
        return masks, output.class_logits.float().mean(0, keepdim=True)


def size_of_square(_size: tuple[int, int], side: int, *, multiple: int = 1) -> list[int]:
    """A square whatever the photo, as the released test has it; objects lose their shape."""
    return size_for_long_side((1, 1), side, multiple=multiple)


RESIZES: dict[str, Callable[..., list[int]]] = {
    "aspect": size_for_long_side,
    "square": size_of_square,
}
"""Name to the function from a photo's size and a long side to the size the network sees."""


def check_test(scales: Sequence[float], resize: str) -> None:
    """Raise a ValueError if a test is impossible: before a long training for it starts."""
    if not scales or min(scales) <= 0:
        raise ValueError(f"scales must be positive numbers, got {list(scales)}")
    if resize not in RESIZES:
        raise ValueError(f"resize must be one of {', '.join(RESIZES)}, got {resize!r}")


def as_tensor(image: Photo) -> Tensor:
    """A photo of any accepted kind as a tensor [3, H, W] in 0..255."""
    if isinstance(image, str | Path):
        image = read_photo(Path(image))
    if isinstance(image, Image.Image):
        return functional.pil_to_tensor(upright_rgb(image))
    tensor = from_array(image) if isinstance(image, np.ndarray) else image
    if tensor.ndim != 3 or tensor.shape[0] != 3:
        raise ValueError(
            f"image must be an array [H, W, 3] or a tensor [3, H, W], got {list(image.shape)}"
        )
    return tensor


def from_array(array: np.ndarray) -> Tensor:
    """An array [H, W, 3] as a tensor [3, H, W]; a copy, for torch has no negative strides."""
    return torch.from_numpy(array.copy()).movedim(-1, 0)
