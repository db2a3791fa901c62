"""What the class logits are read from: one function per variant, all followed by one linear layer.

Each takes the backbone's features and the decoder's pyramid and returns [B, D]. The pyramid is
used by the variant of the released code only, so the others cost nothing beyond the backbone.
"""

from collections.abc import Callable

from torch import Tensor

from getam.network.features import Features
from getam.network.pyramid import Pyramid


def class_token(features: Features, _pyramid: Pyramid) -> Tensor:
    """Class token after the last norm."""
    return features.class_token


def average(features: Features, _pyramid: Pyramid) -> Tensor:
    """Mean of the patch tokens after the last norm.

    It does not read what the last block gives the class token, so activation maps are made of the
    mean of the patches' rows: slower, since all rows of the attention are computed.
    """
    return features.patch_tokens.mean(1)


def stride32(features: Features, pyramid: Pyramid) -> Tensor:
    """Mean of the pyramid's coarsest map, as in the released GETAM."""
    return pyramid.coarsest(features).mean((2, 3))


CLASSIFIERS: dict[str, Callable[[Features, Pyramid], Tensor]] = {
    "class_token": class_token,
    "average": average,
    "stride32": stride32,
}
"""Name of the variant to its function."""
