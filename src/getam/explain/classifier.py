"""A classifier is ready to be explained: a timm model as it is, or the tags of a trained run."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from timm.data import create_transform, resolve_data_config
from torch import Tensor, nn
from torchvision.transforms.v2 import functional

from getam.data import size_for_long_side
from getam.device import choose_device
from getam.explain.class_names import timm_class_names
from getam.model import Model
from getam.network import Network, create_classifier, patch_stride


@dataclass(frozen=True)
class Classifier:
    """A classifier is a model with what it needs to look at a photo and to name what it sees.

    Attributes
    ----------
    model
        Images [B, 3, H, W] to class logits [B, C]; in evaluation mode.
    names
        The names of the C classes; synonyms are parted by ", ".
    view
        A photo to what the model sees of it, float32 [3, H, W], normalised, on the CPU.
    mean, std
        The values of each channel, in 0..1, by which ``view`` normalises.
    probabilities
        Class logits [B, C] to probabilities: a softmax, or a sigmoid for tags.
    """

    model: nn.Module
    names: list[str]
    view: Callable[[Image.Image], Tensor]
    mean: Tensor
    std: Tensor
    probabilities: Callable[[Tensor], Tensor]

    def picture(self, image: Tensor) -> Tensor:
        """Bring a normalised image [3, H, W] back to 0..255, float32."""
        image = image.cpu()
        return (image * self.std.view(-1, 1, 1) + self.mean.view(-1, 1, 1)) * 255


class TagClassifier(nn.Module):
    """A tag classifier is the part of a network that names classes; the decoder does not run."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.backbone = network.backbone

    def forward(self, image: Tensor) -> Tensor:
        """Turn normalised images [B, 3, H, W] into class logits [B, C]."""
        return self.network.classify(self.network.forward_features(image))


def timm_classifier(
    backbone: str,
    *,
    pretrained: bool = True,
    weights: str | Path | None = None,
    device: str | torch.device | None = None,
) -> Classifier:
    """Make any timm classifier, with its own head, input size, crop and normalisation.

    Parameters
    ----------
    backbone, pretrained, weights
        As :func:`getam.network.create_classifier`.
    device
        Default: the accelerator if there is one.
    """
    model = create_classifier(backbone, pretrained=pretrained, weights=weights)
    settings = resolve_data_config(model=model)
    return Classifier(
        model=model.to(choose_device(device)),
        names=timm_class_names(model),
        view=create_transform(**settings, is_training=False),
        mean=torch.tensor(settings["mean"]),
        std=torch.tensor(settings["std"]),
        probabilities=lambda class_logits: class_logits.softmax(-1),
    )


def run_classifier(model: Model) -> Classifier:
    """Return the tag classifier of a trained run, at its input size and on its device."""
    network = model.network
    patch = patch_stride(network.backbone)

    def view(photo: Image.Image) -> Tensor:
        size = size_for_long_side((photo.height, photo.width), model.view.long_side, multiple=patch)
        image = functional.resize(functional.pil_to_tensor(photo), size, antialias=True)
        return network.normalise(image.to(network.mean.device)).cpu()

    return Classifier(
        model=TagClassifier(network).eval(),
        names=list(model.classes),
        view=view,
        mean=network.mean.flatten().cpu(),
        std=network.std.flatten().cpu(),
        probabilities=torch.sigmoid,
    )
