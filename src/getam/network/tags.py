"""This module brings tags into masks: tags say what is shown, and the decoder says where."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn.functional import logsigmoid


def weigh_by_tags(mask_logits: Tensor, class_logits: Tensor, weight: float) -> Tensor:
    """Multiply the probability of a class at every pixel by P(tag) ** weight.

    No pixel can be a cow if the photo shows none. The classifier knows this better than the
    decoder, because it was trained on true tags and the decoder on pseudo labels.

    Parameters
    ----------
    mask_logits
        [B, C + 1, h, w]. Channel 0 is background.
    class_logits
        [B, C]. Their sigmoid is P(tag).
    weight
        The power of P(tag). 0 leaves the mask logits unchanged.
    """
    if weight == 0:
        return mask_logits
    weighed = mask_logits.clone()
    weighed[:, 1:] += weight * logsigmoid(class_logits)[:, :, None, None]
    return weighed


NEVER = -1e4
"""The logit of a class that a photo does not show. Half precision can hold it."""


def keep_tagged(mask_logits: Tensor, classes: Sequence[int]) -> Tensor:
    """Return mask logits in which no pixel can be any class but the given ones.

    Parameters
    ----------
    mask_logits
        [B, C + 1, h, w]. Channel 0 is background, which stays possible.
    classes
        The numbers of the classes that the photos show, 0..C - 1.
    """
    kept = [0, *(number + 1 for number in classes)]
    limited = mask_logits.new_full(mask_logits.shape, NEVER)
    limited[:, kept] = mask_logits[:, kept]
    return limited
