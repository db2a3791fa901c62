"""This module weighs masks by tags: the classifier says what is shown, the decoder where."""

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
