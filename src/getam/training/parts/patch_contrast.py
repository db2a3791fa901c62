"""Patches of one class are alike, and unlike the rest (ToCo, Ru et al., CVPR 2023, section 3.2)."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from getam.pseudo_label.two_thresholds import two_threshold_label
from getam.training.losses import at_size
from getam.training.parts.auxiliary import Auxiliary
from getam.training.parts.label_pairs import ALIKE, UNLIKE, label_pairs, one_more
from getam.training.parts.part_input import Seen
from getam.vocabulary import IGNORE


def patch_contrast(tokens: Tensor, label: Tensor) -> Tensor:
    """Ask |cosine| of two patches to be 1 if their labels are the same, and 0 if they differ.

    With s = |cosine|, it is 1/2 (1 - sum_alike s / (n_alike + 1)) + 1/2 sum_unlike s / (n_unlike +
    1), as released, over the whole batch and without the pairs of a patch and itself. The first
    term is larger by 1/2 / (n_alike + 1) than that of AFA, ``pair_loss``.

    Parameters
    ----------
    tokens
        [B, h * w, D].
    label
        int64 [B, h, w], 255 undecided.
    """
    with torch.autocast(tokens.device.type, enabled=False):
        unit = normalize(tokens.float(), dim=-1, eps=1e-8)
        likeness = (unit @ unit.mT).abs()
    pairs = label_pairs(label, others(label))
    alike, unlike = pairs == ALIKE, pairs == UNLIKE
    far = 1 - likeness.masked_fill(~alike, 0).sum() / one_more(alike)
    near = likeness.masked_fill(~unlike, 0).sum() / one_more(unlike)
    return (far + near) / 2


def others(label: Tensor) -> Tensor:
    """Return bool [h * w, h * w]: all pairs but those of a patch and itself."""
    patches = label[0].numel()
    return ~torch.eye(patches, dtype=torch.bool, device=label.device)


class PatchContrast:
    """The maps of an earlier block say which of the final patch tokens are alike.

    Parameters
    ----------
    auxiliary
        The part that makes the maps.
    """

    def __init__(self, auxiliary: Auxiliary) -> None:
        self.auxiliary = auxiliary

    def __call__(self, seen: Seen) -> Tensor:
        """Compare the patches whose label is decided."""
        grid = seen.features.grid
        maps = interpolate(self.auxiliary.maps(seen), grid, mode="bilinear", align_corners=False)
        inside = at_size(seen.batch.valid, grid)
        label = two_threshold_label(maps).masked_fill(~inside, IGNORE)
        return patch_contrast(seen.features.patch_tokens, label)
