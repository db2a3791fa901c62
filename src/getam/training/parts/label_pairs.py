"""Pairs of patches are alike if their labels are; an affinity is asked to say the same.

Both functions follow the released code of AFA (Ru et al., CVPR 2022), which AReAM (He et al., arXiv
2305.03112) shares.
"""

from torch import Tensor

from getam.ranks import sum_over_ranks, world_size
from getam.vocabulary import IGNORE

ALIKE, UNLIKE = 1, 0


def label_pairs(label: Tensor, counted: Tensor | None = None) -> Tensor:
    """Compare the labels of all pairs of patches.

    Parameters
    ----------
    label
        int64 [B, h, w], one label per patch, 255 undecided. Two patches of background are alike.
    counted
        bool [h * w, h * w]; pairs outside do not count. None counts them all, a patch and itself
        among them.

    Returns
    -------
    Tensor
        int64 [B, h * w, h * w]: 1 alike, 0 unlike, 255 not counted.
    """
    labels = label.flatten(1)
    pairs = (labels[:, :, None] == labels[:, None]).long()
    undecided = labels == IGNORE
    pairs = pairs.masked_fill(undecided[:, :, None] | undecided[:, None], IGNORE)
    return pairs if counted is None else pairs.masked_fill(~counted, IGNORE)


def pair_loss(affinity: Tensor, pairs: Tensor) -> Tensor:
    """Return 1/2 sum_alike (1 - a) / (n_alike + 1) + 1/2 sum_unlike a / (n_unlike + 1).

    Sums and numbers are those of the whole batch; see :mod:`getam.training.losses` for several
    processes.

    Parameters
    ----------
    affinity
        [B, P, P] in 0..1.
    pairs
        [B, P, P] as :func:`label_pairs` returns.
    """
    alike, unlike = pairs == ALIKE, pairs == UNLIKE
    far = (1 - affinity).masked_fill(~alike, 0).sum() / _one_more(alike)
    near = affinity.masked_fill(~unlike, 0).sum() / _one_more(unlike)
    return (far + near) / 2


def _one_more(counted: Tensor) -> Tensor:
    # The mean over the processes is then the loss of all photos.
    return (sum_over_ranks(counted.sum()) + 1) / world_size()
