"""Tags weigh the masks: the classifier says what is in the photo, the decoder where it is."""

from torch import Tensor
from torch.nn.functional import logsigmoid


def weigh_by_tags(mask_logits: Tensor, class_logits: Tensor, weight: float) -> Tensor:
    """Multiply the probability of a class at every pixel by that of its tag, P(tag) ** weight.

    A pixel cannot be a cow where the photo, as a whole, shows none; the classifier, trained on
    true tags, knows that better than the decoder, trained on pseudo labels.

    Parameters
    ----------
    mask_logits
        [B, C + 1, h, w], channel 0 is background.
    class_logits
        [B, C].
    weight
        0 leaves the mask logits as they are.
    """
    if weight == 0:
        return mask_logits
    weighed = mask_logits.clone()
    weighed[:, 1:] += weight * logsigmoid(class_logits)[:, :, None, None]
    return weighed
