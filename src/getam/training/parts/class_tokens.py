"""One token per class learns where its class is (MCTformer, Xu et al., CVPR 2022 and TPAMI 2024).

The functions follow the released code of version "plus". The backbone gets its tokens from
:func:`getam.network.add_class_tokens`.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from getam.activation import Attention, patch_attention
from getam.network import Network
from getam.training.losses import classification_loss
from getam.training.parts.part_input import Seen

DECAY = 0.996


def class_token_logits(tokens: Tensor) -> Tensor:
    """Return class logits [B, C], the means over the channels of the class tokens [B, C, D]."""
    return tokens.float().mean(-1)


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
    unit = normalize(tokens.float(), dim=-1)
    with torch.autocast(tokens.device.type, enabled=False):
        cosines = unit @ unit.mT  # [blocks, B, C, C]
    blocks, images, classes = tokens.shape[:3]
    itself = torch.arange(classes, device=tokens.device).repeat(blocks * images)
    each = cross_entropy(cosines.flatten(0, 2), itself, reduction="none")
    each = each.view(blocks, images, classes).mean(0) * labels
    return (each.sum(1) / (labels.sum(1) + 1e-8)).mean()


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


class ClassTokens:
    """The means of the class tokens say which classes a photo shows.

    Parameters
    ----------
    network
        A network with class tokens.
    """

    def __init__(self, network: Network) -> None:
        self.classes = number_of_class_tokens(network)

    def __call__(self, seen: Seen) -> Tensor:
        """Ask the class tokens after the last block for the tags."""
        (tokens,) = self.tokens(seen, blocks=seen.features.outputs[-1:])
        logits = class_token_logits(tokens)
        return classification_loss(logits, seen.batch.labels, seen.batch.known)

    def tokens(self, seen: Seen, *, blocks: Sequence[Tensor]) -> Tensor:
        """Return the class tokens [blocks, B, C, D] in the outputs of some blocks."""
        height, width = seen.features.grid
        return class_tokens(blocks, patches=height * width, classes=self.classes)


class ClassTokenContrast(ClassTokens):
    """The class tokens of a photo are unlike each other after every block."""

    def __call__(self, seen: Seen) -> Tensor:
        """Ask the tokens of the present classes to be like no other one."""
        return class_contrast(self.tokens(seen, blocks=seen.features.outputs), seen.batch.labels)


def number_of_class_tokens(network: Network) -> int:
    """Return the number of class tokens of a network, or raise a ValueError if it has none."""
    if not network.architecture.class_tokens:
        raise ValueError(
            "the network has no class tokens: add them (--class-tokens true), or leave out what "
            "needs them, such as the part class_tokens"
        )
    return network.num_classes


class PatchMaps(nn.Module):
    """A 3 x 3 convolution turns patch tokens into one map per class, and learns from the tags.

    The tokens are those of the last block, before the last norm.

    Parameters
    ----------
    width
        The number of channels D of the tokens.
    num_classes
        The number of classes C.
    """

    def __init__(self, width: int, num_classes: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(width, num_classes, 3, padding=1)

    @classmethod
    def of(cls, network: Network) -> "PatchMaps":
        """Return the part for a network."""
        return cls(network.backbone.embed_dim, network.num_classes)

    def forward(self, seen: Seen) -> Tensor:
        """Ask the ranked means of the maps for the tags."""
        logits = ranked_mean(self.maps(last_patches(seen), seen.features.grid))
        return classification_loss(logits, seen.batch.labels, seen.batch.known)

    def maps(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return maps [B, C, h, w] of patch tokens [B, h * w, D]."""
        maps: Tensor = self.convolution(tokens.mT.unflatten(-1, grid))
        return maps.float()


def last_patches(seen: Seen) -> Tensor:
    """Return the patch tokens [B, P, D] after the last block, before the last norm."""
    patches, _ = seen.features.taps[-1]
    return patches


def patch_maps(others: Mapping[str, object], *, asked: str) -> PatchMaps:
    """Return the part "patch_maps" among others, or raise a ValueError if it is not there.

    ``asked`` says in the message who needs it.
    """
    found = others.get("patch_maps")
    if not isinstance(found, PatchMaps):
        raise ValueError(f'{asked} needs the part "patch_maps": give it a weight (--parts)')
    return found
