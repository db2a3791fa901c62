"""This module joins backbone, classifier, pyramid and decoder to a network."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from getam.network.class_head import CLASSIFIERS
from getam.network.decoder import Decoder, enlarge
from getam.network.features import Features, extract_features
from getam.network.pyramid import Pyramid


@dataclass(frozen=True)
class NetworkOutput:
    """An output holds the logits of the network for images [B, 3, H, W] and C classes.

    Attributes
    ----------
    class_logits
        Logits [B, C] of the classes in each image.
    mask_logits
        Logits [B, C + 1, ceil(H / s), ceil(W / s)], s the mask stride. Channel 0 is background.
    """

    class_logits: Tensor
    mask_logits: Tensor

    def mask_logits_at(self, size: tuple[int, int]) -> Tensor:
        """Return the mask logits enlarged to [B, C + 1, *size], as the released network does."""
        return enlarge(self.mask_logits, size)


@dataclass(frozen=True)
class Architecture:
    """An architecture holds all that is needed to make a network again; see ``model.json``.

    Attributes
    ----------
    backbone
        A timm model name.
    num_classes
        Number of classes C without background.
    classifier
        A name of ``CLASSIFIERS``.
    decoder_width
        Number of channels of the decoder.
    mask_stride
        Number of pixels of the photo, along one side, per mask logit.
    mean, std
        Mean and standard deviation of each colour, in 0..1.
    backbone_style
        A name of ``BACKBONE_STYLES``.
    class_tokens
        Whether the backbone has one more token per class; see :func:`add_class_tokens`.
    """

    backbone: str
    num_classes: int
    classifier: str
    decoder_width: int
    mask_stride: int
    mean: Sequence[float]
    std: Sequence[float]
    backbone_style: str = "timm"
    class_tokens: bool = False


class Network(nn.Module):
    """The network turns images into class logits and mask logits.

    :func:`getam.network.build_network` makes one. ``forward`` joins three parts that can also be
    used alone: first ``forward_features``, then ``classify`` (cheap) and ``segment`` (which runs
    the decoder).

    Parameters
    ----------
    backbone
        A timm vision transformer with a class token and without head.
    pyramid
        The module that turns tokens into maps.
    decoder
        The module that turns maps into mask logits.
    architecture
        The description of these parts.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: VisionTransformer,
        pyramid: Pyramid,
        decoder: Decoder,
        architecture: Architecture,
    ) -> None:
        super().__init__()
        self.architecture = architecture
        self.backbone = backbone
        self.pyramid = pyramid
        self.decoder = decoder
        self.pool = CLASSIFIERS[architecture.classifier]
        self.class_head = nn.Linear(pyramid.widths[-1], architecture.num_classes)
        for name, values in (("mean", architecture.mean), ("std", architecture.std)):
            self.register_buffer(name, torch.tensor(values).view(-1, 1, 1), persistent=False)

    @property
    def num_classes(self) -> int:
        """Return the number of classes C without background."""
        return self.architecture.num_classes

    def normalise(self, image: Tensor) -> Tensor:
        """Return RGB images [..., 3, H, W] in 0..255, of any type, as the network takes them."""
        return (image.to(self.mean.dtype) / 255 - self.mean) / self.std

    def forward(self, image: Tensor) -> NetworkOutput:
        """Return the class and mask logits of normalised images [B, 3, H, W] of any size."""
        features = self.forward_features(image)
        return NetworkOutput(self.classify(features), self.segment(features))

    def forward_features(self, image: Tensor, *, outputs: bool = False) -> Features:
        """Run the backbone on normalised images [B, 3, H, W], and keep its outputs if asked."""
        if image.ndim != 4 or image.shape[1] != 3 or not image.is_floating_point():
            raise ValueError(
                "image must be normalised floats [B, 3, H, W] (see Network.normalise), got "
                f"{tuple(image.shape)} of {image.dtype}"
            )
        return extract_features(self.backbone, image, outputs=outputs)

    def classify(self, features: Features) -> Tensor:
        """Return class logits [B, C], which have a gradient for the attention of every block."""
        return self.class_head(self.pool(features, self.pyramid))

    def segment(self, features: Features) -> Tensor:
        """Return mask logits [B, C + 1, ceil(H / s), ceil(W / s)], s the mask stride."""
        mask_logits = self.decoder(self.pyramid(features), self._strided(features.padded_size))
        height, width = self._strided(features.size)
        return mask_logits[..., :height, :width]

    def _strided(self, size: tuple[int, int]) -> tuple[int, int]:
        stride = self.architecture.mask_stride
        # No negative number: the integer division of ONNX rounds it towards zero.
        return (size[0] + stride - 1) // stride, (size[1] + stride - 1) // stride
