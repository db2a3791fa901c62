"""Patch affinity spreads a map over the patches that attend to each other.

The attention of a vision transformer between patches says which patches look alike, so it can
pull a map to the whole object (TransCAM, Li et al. 2022; AFA, Ru et al. 2022; ACR, Sun et al.
2024). This is the one place that needs patch-to-patch attention: one averaged matrix per image.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from getam.activation.attention import Attention, row_bands


def spread(maps: Tensor, calls: Sequence[Attention], *, times: int = 2) -> Tensor:
    """Spread maps by the patch-to-patch attention, which is averaged over heads and blocks.

    Parameters
    ----------
    maps
        [B, K, h, w], any scale.
    calls
        All recorded blocks, since the early ones know where edges are.
    times
        How often the average is applied; with 0 the maps are returned as they are.

    Returns
    -------
    Tensor
        float32 [B, K, h, w]; each map's minimum is taken off, since spreading lifts it.
    """
    if times == 0:
        return maps.float()
    values = maps.float().flatten(2).mT  # [B, h * w, K]
    with torch.autocast(maps.device.type, enabled=False):
        affinity = patch_affinity(calls, patches=values.shape[1])
        for _ in range(times):
            values = affinity @ values
    spread_maps = values.mT.unflatten(-1, maps.shape[-2:])
    return spread_maps - spread_maps.amin((2, 3), keepdim=True)


def patch_affinity(calls: Sequence[Attention], *, patches: int) -> Tensor:
    """Average the attention among the patches alone over heads and blocks.

    Parameters
    ----------
    calls
        The recorded blocks.
    patches
        P, the number of patches. The tokens before the last P are prefix tokens; they are left out
        as rows and as columns.

    Returns
    -------
    Tensor
        float32 [B, P, P], rows sum to 1.
    """
    return _average(calls, patches, lambda scores, prefix: scores[..., prefix:].softmax(-1))


def patch_attention(calls: Sequence[Attention], *, patches: int) -> Tensor:
    """Average what the patches attend to each other over heads and blocks, as ACR and AReAM do.

    Rows sum to less than 1, because the prefix tokens have their share.

    Parameters
    ----------
    calls
        The recorded blocks.
    patches
        P, the number of patches.

    Returns
    -------
    Tensor
        float32 [B, P, P].
    """
    return _average(calls, patches, lambda scores, prefix: scores.softmax(-1)[..., prefix:])


def _average(
    calls: Sequence[Attention], patches: int, attend: Callable[[Tensor, int], Tensor]
) -> Tensor:
    prefix = calls[0].query.shape[2] - patches
    bands = []
    with torch.autocast(calls[0].query.device.type, enabled=False):
        for band in row_bands(patches):
            rows = slice(prefix + band.start, prefix + band.stop)
            heads = (attend(call.scores(rows), prefix).mean(1) for call in calls)
            bands.append(torch.stack(list(heads)).sum(0) / len(calls))
    return torch.cat(bands, dim=1)
