"""This module defines what the class logits are read from, with one function per variant.

Each function takes the features of the backbone and the pyramid of the decoder and returns [B, D].
One linear layer follows it. Only the variant of the released code runs the pyramid, so the others
cost nothing beyond the backbone.
"""

from collections.abc import Callable

from torch import Tensor

from getam.network.features import Features
from getam.network.pyramid import Pyramid


def class_token(features: Features, _pyramid: Pyramid) -> Tensor:
    """Return the class token after the last norm."""
    return features.class_token


def average(features: Features, _pyramid: Pyramid) -> Tensor:
    """Return the mean of the patch tokens after the last norm.

    The class token is not read, so activation maps are made from the mean of the attention rows of
    all patches. This is slower than one row.
    """
    return features.patch_tokens.mean(1)


def maximum(features: Features, _pyramid: Pyramid) -> Tensor:
    """Return the greatest value of each channel over the patch tokens after the last norm.

    AFA and ToCo classify by it (Ru et al., CVPR 2022 and 2023).
    """
    return features.patch_tokens.amax(1)


def stride32(features: Features, pyramid: Pyramid) -> Tensor:
    """Return the mean of the coarsest map of the pyramid, as in the released GETAM."""
    return pyramid.coarsest(features).mean((2, 3))


CLASSIFIERS: dict[str, Callable[[Features, Pyramid], Tensor]] = {
    "class_token": class_token,
    "average": average,
    "maximum": maximum,
    "stride32": stride32,
}
"""The function of each variant, by the name of the variant."""
