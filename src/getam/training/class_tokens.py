"""One token per class learns where its class is (MCTformer, Xu et al., CVPR 2022 and TPAMI 2024).

The functions follow the released code of version "plus". The backbone gets its tokens from
:func:`getam.network.add_class_tokens`.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from getam.activation import Attention, patch_attention

DECAY = 0.996


def class_token_logits(tokens: Tensor) -> Tensor:
    """Return class logits [B, C], the means over the channels of the class tokens [B, C, D]."""
    return tokens.mean(-1)


def class_contrast(tokens: Tensor, labels: Tensor) -> Tensor:
    """Ask every class token of a present class to be like no other class token of its photo.

    Per block and present class it is the cross entropy of the cosines to all class tokens with the
    class itself; summed over the present classes, averaged over the blocks, divided by the number
    of present classes, averaged over the photos.

    Parameters
    ----------
    tokens
        [blocks, B, C, D], the class tokens after each block.
    labels
        [B, C] 0/1.
    """
    unit = normalize(tokens, dim=-1)
    cosines = unit @ unit.mT  # [blocks, B, C, C]
    blocks, images, classes = tokens.shape[:3]
    itself = torch.arange(classes, device=tokens.device).repeat(blocks * images)
    each = cross_entropy(cosines.flatten(0, 2), itself, reduction="none")
    each = each.view(blocks, images, classes).mean(0) * labels
    return (each.sum(1) / (labels.sum(1) + 1e-8)).mean()


class PatchMaps(nn.Conv2d):
    """A 3 x 3 convolution turns patch tokens into one map per class.

    Parameters
    ----------
    width
        The number of channels D of the tokens.
    num_classes
        The number of classes C.
    """

    def __init__(self, width: int, num_classes: int) -> None:
        super().__init__(width, num_classes, 3, padding=1)

    def of(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return maps [B, C, h, w] of patch tokens [B, h * w, D]."""
        maps: Tensor = self(tokens.mT.unflatten(-1, grid))
        return maps


def ranked_mean(maps: Tensor, *, decay: float = DECAY) -> Tensor:
    """Return class logits [B, C]: the mean of each map's values, in which the greatest count most.

    Parameters
    ----------
    maps
        [B, C, h, w].
    decay
        Each value counts as much as the next greater one, times this.
    """
    values = maps.flatten(2).sort(-1, descending=True).values
    weights = decay ** torch.arange(values.shape[-1], device=maps.device)
    return (values * weights).sum(-1) / weights.sum()


def fused_maps(class_rows: Tensor, maps: Tensor) -> Tensor:
    """Return sqrt(T relu(map)) of both kinds of maps, [B, C, h, w].

    Parameters
    ----------
    class_rows
        T, [B, C, h, w]: the attention of the class tokens to the patches, averaged over heads and
        blocks.
    maps
        [B, C, h, w], those of :class:`PatchMaps`.
    """
    return (class_rows * maps.relu()).sqrt()


def class_tokens(outputs: Sequence[Tensor], *, patches: int, classes: int) -> Tensor:
    """Cut the class tokens out of what blocks return: those right before the patches.

    Parameters
    ----------
    outputs
        [B, N, D] of every block.
    patches, classes
        How many there are of both.

    Returns
    -------
    Tensor
        [blocks, B, C, D].
    """
    before = outputs[0].shape[1] - patches
    return torch.stack([tokens[:, before - classes : before] for tokens in outputs])


def class_token_rows(
    attention: Mapping[int, Attention], *, grid: tuple[int, int], classes: int
) -> Tensor:
    """Return what the class tokens attend to, averaged over heads and blocks, [B, C, h, w]."""
    patches = grid[0] * grid[1]
    blocks = [attention[block] for block in sorted(attention)]
    before = blocks[0].query.shape[2] - patches
    rows = slice(before - classes, before)
    means = [call.scores(rows).softmax(-1)[..., before:].mean(1) for call in blocks]
    return torch.stack(means).mean(0).unflatten(-1, grid)


def refined_maps(maps: Tensor, attention: Mapping[int, Attention]) -> Tensor:
    """Spread maps [B, C, h, w] by the attention among the patches, summed over the blocks."""
    calls = [attention[block] for block in sorted(attention)]
    affinity = len(calls) * patch_attention(calls, patches=maps.shape[-2] * maps.shape[-1])
    return (maps.flatten(2) @ affinity.mT).unflatten(-1, maps.shape[-2:])
