"""Completion turns refined activation maps, and saliency if there is any, into a label image.

One rule is one function in ``RULES``. With saliency it is GETAM's rule (Sun et al., arXiv
2112.02841, section 3.3): the salient region gets the strongest class, the top of every class is
kept even outside it, and specks are removed. Without saliency it is the usual two thresholds (AFA,
ToCo).
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from inspect import Parameter, signature

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, pad

from getam.vocabulary import BACKGROUND, IGNORE

Rule = Callable[..., Tensor]


def complete_labels(
    maps: Tensor,
    labels: Tensor,
    saliency: Tensor | None = None,
    *,
    rule: str | None = None,
    **settings: float,
) -> Tensor:
    """Turn normalised maps into one label image per photo.

    Parameters
    ----------
    maps
        [B, C, H, W] in 0..1, each present class divided by its maximum.
    labels
        [B, C], positive where the class is in the photo; other maps are not read. A photo without
        any class is all background.
    saliency
        [B, H, W] in 0..1, salient above one half; needed by every rule but "thresholds".
    rule
        A name in :data:`RULES`. By default "paper" with saliency and "thresholds" without.
    settings
        Settings of the rule, e.g. ``low=0.2``; its function says which there are.

    Returns
    -------
    Tensor
        int64 [B, H, W]: 0 background, class + 1, 255 undecided.

    Raises
    ------
    ValueError
        If shapes do not fit, the rule is unknown, or the rule needs saliency and there is none.

    Examples
    --------
    >>> maps = torch.tensor([[[[0.9, 0.4, 0.1]]]])
    >>> complete_labels(maps, torch.ones(1, 1), low=0.2, high=0.6)
    tensor([[[  1, 255,   0]]])
    """
    rule = rule or DEFAULT_RULES[saliency is None]
    check_rule(rule, settings)
    if maps.ndim != 4 or labels.shape != maps.shape[:2]:
        raise ValueError(
            "complete_labels needs maps [B, C, H, W] and labels [B, C], "
            f"got {list(maps.shape)} and {list(labels.shape)}"
        )
    if rule not in WITHOUT_SALIENCY:
        if saliency is None:
            raise ValueError(f'rule "{rule}" needs saliency [B, H, W]; without it use "thresholds"')
        if saliency.shape != (len(maps), *maps.shape[2:]):
            raise ValueError(
                f"saliency must be {[len(maps), *maps.shape[2:]]} like the maps, "
                f"got {list(saliency.shape)}"
            )
    present = labels > 0
    if maps.shape[1] == 0:
        return torch.full((len(maps), *maps.shape[2:]), BACKGROUND, device=maps.device)
    label = RULES[rule](maps.masked_fill(~present[:, :, None, None], 0), saliency, **settings)
    return label.masked_fill(~present.any(1)[:, None, None], BACKGROUND)


def check_rule(rule: str | None, settings: Mapping[str, float]) -> None:
    """Raise if there is no such rule, or if the rule (None: either default) has no such setting."""
    if rule is not None and rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")
    names = DEFAULT_RULES if rule is None else (rule,)
    known = {
        parameter.name
        for name in names
        for parameter in signature(RULES[name]).parameters.values()
        if parameter.kind is Parameter.KEYWORD_ONLY
    }
    if unknown := settings.keys() - known:
        raise ValueError(
            f"settings of rule {' or '.join(names)} are {', '.join(sorted(known))}, "
            f"got {', '.join(sorted(unknown))}"
        )


def released(
    maps: Tensor,
    saliency: Tensor,
    *,
    power: float = 32,
    top: float = 0.10,
    opening: float = 10,
) -> Tensor:
    """Label as the released code does: the first class to claim a background pixel keeps it.

    Its opening uses the same window for both steps, so an even side moves what stays by a pixel.
    """
    label = strongest_in_saliency(maps, saliency, power=power)
    label, _ = give_to_first(label, top_of_class(maps, top))
    kept = dilate(erode(label != BACKGROUND, int(opening)), int(opening))
    return label.masked_fill(~kept, BACKGROUND)


def paper(
    maps: Tensor,
    saliency: Tensor,
    *,
    power: float = 32,
    top: float = 0.10,
    opening: float = 10,
) -> Tensor:
    """Label as published: a background pixel that two classes claim is ignored."""
    label = strongest_in_saliency(maps, saliency, power=power)
    label, claims = give_to_first(label, top_of_class(maps, top))
    label = label.masked_fill(claims > 1, IGNORE)
    # The flip of the second window is what makes the two steps an opening for an even side too.
    kept = dilate(erode(label != BACKGROUND, int(opening)).flip(1, 2), int(opening)).flip(1, 2)
    return label.masked_fill(~kept, BACKGROUND)


def thresholds(
    maps: Tensor,
    saliency: Tensor | None = None,  # noqa: ARG001 - every rule has the same signature
    *,
    low: float = 0.25,
    high: float = 0.55,
) -> Tensor:
    """Label by two thresholds: class above ``high``, background below ``low``, 255 between them."""
    strength, strongest = maps.max(1)
    label = (strongest + 1).masked_fill(strength < high, IGNORE)
    return label.masked_fill(strength <= low, BACKGROUND)


RULES: dict[str, Rule] = {"released": released, "paper": paper, "thresholds": thresholds}
"""Every completion rule by its name."""

DEFAULT_RULES = ("paper", "thresholds")
"""The rule with saliency, and the one without."""

WITHOUT_SALIENCY = {"thresholds"}
"""Rules that need no saliency."""


def strongest_in_saliency(maps: Tensor, saliency: Tensor, *, power: float) -> Tensor:
    """Give salient pixels their strongest class, or IGNORE if background is stronger there.

    All other pixels are background. The background score is (1 - strongest map) ** power.
    """
    strength, strongest = maps.max(1)
    label = (strongest + 1).masked_fill((1 - strength) ** power > strength, IGNORE)
    return label.masked_fill(saliency <= 0.5, BACKGROUND)


def top_of_class(maps: Tensor, share: float) -> Tensor:
    """Find the pixels above the (1 - share) quantile of the positive values of each map.

    Of n positive values in ascending order, the one that int((1 - share) n) values precede must be
    exceeded, as in the released code.

    Parameters
    ----------
    maps
        [B, C, H, W]; a map without a positive value has no such pixel.
    share
        The share of the positive values that lies above.

    Returns
    -------
    Tensor
        bool [B, C, H, W].
    """
    values = maps.flatten(2)
    pixels = values.shape[2]
    positive = (values > 0).sum(2, keepdim=True)
    # Seen from the greatest value, so that only the top has to be sorted.
    rank = positive - preceding(share, pixels, maps.device)[positive] - 1
    largest = max(1, pixels - int((1 - share) * pixels))
    cut = values.topk(largest, dim=2).values.gather(2, rank.clamp_min(0))
    return (values > cut).view_as(maps)


@lru_cache(maxsize=4)
def preceding(share: float, pixels: int, device: torch.device) -> Tensor:
    """Return int((1 - share) n) for every n from 0 to ``pixels``, int64 [pixels + 1].

    The table is made on the processor, because not every device multiplies in float64, and the last
    few are kept, because the pixels are those of a crop.
    """
    table = ((1 - share) * torch.arange(pixels + 1, dtype=torch.float64)).long()
    return table.to(device, non_blocking=True)


def give_to_first(label: Tensor, claims: Tensor) -> tuple[Tensor, Tensor]:
    """Give every background pixel to the first class that claims it.

    Returns
    -------
    tuple
        The label [B, H, W], and how many classes claimed each background pixel, [B, H, W].
    """
    claims = claims & (label == BACKGROUND)[:, None]
    return torch.where(claims.any(1), claims.int().argmax(1) + 1, label), claims.sum(1)


def erode(foreground: Tensor, side: int) -> Tensor:
    """Erode by a square; the frame does not erode. Even squares reach one further up and left."""
    return ~dilate(~foreground, side)


def dilate(foreground: Tensor, side: int) -> Tensor:
    """Dilate bool [B, H, W] by a square of ``side`` pixels, anchored at ``side // 2``."""
    before, after = side // 2, side - 1 - side // 2
    framed = pad(foreground.float().unsqueeze(1), [before, after, before, after])
    return max_pool2d(framed, side, stride=1)[:, 0] > 0
