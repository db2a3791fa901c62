"""These are the losses of GETAM (Sun et al., arXiv 2112.02841, section 3.4): logits to a scalar.

The dense energy loss lives in :mod:`getam.crf`.

Where several processes train together, each computes the losses of its own photos, and their mean
over the processes is the loss of all photos. A sum is therefore divided by the number of what
counts in the mean process, and not in this one: the mean of means is not the mean.
"""

from torch import Tensor
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    interpolate,
    multilabel_soft_margin_loss,
)

from getam.crf import dense_energy_loss
from getam.ranks import sum_over_ranks, world_size
from getam.vocabulary import BACKGROUND, IGNORE


def classification_loss(class_logits: Tensor, labels: Tensor, known: Tensor) -> Tensor:
    """Return the multi-label soft margin: the mean over photos of the mean over known classes.

    A photo of which no class is known counts for nothing.

    Parameters
    ----------
    class_logits
        [B, C].
    labels
        [B, C] 0/1.
    known
        [B, C] bool; an entry of ``labels`` that is not known has no part in the loss.
    """
    over_all = multilabel_soft_margin_loss(
        class_logits.float(), labels, weight=known.float(), reduction="none"
    )  # [B], the sum over known classes divided by C
    over_known = over_all * (known.shape[1] / known.sum(1).clamp_min(1))
    return over_known.sum() / mean_number(known.any(1))


def segmentation_loss(mask_logits: Tensor, label: Tensor) -> Tensor:
    """Return the mean cross entropy of background pixels plus that of foreground pixels.

    Parameters
    ----------
    mask_logits
        [B, C + 1, h, w].
    label
        [B, h, w] int64, 255 ignored.
    """
    background = label.masked_fill(label != BACKGROUND, IGNORE)
    foreground = label.masked_fill(label == BACKGROUND, IGNORE)
    return _mean_cross_entropy(mask_logits, background) + _mean_cross_entropy(
        mask_logits, foreground
    )


def saliency_loss(mask_logits: Tensor, saliency: Tensor, valid: Tensor) -> Tensor:
    """Return the binary cross entropy of the background probability with 1 - saliency.

    Parameters
    ----------
    mask_logits
        [B, C + 1, h, w].
    saliency
        [B, h, w] in 0..1.
    valid
        [B, h, w] bool.
    """
    mask_logits = mask_logits.float()
    # Logit of softmax's background probability: autocast forbids the entropy of a probability.
    logit = mask_logits[:, BACKGROUND] - mask_logits[:, BACKGROUND + 1 :].logsumexp(1)
    each = binary_cross_entropy_with_logits(logit, 1 - saliency, reduction="none")
    # Not each[valid].mean(): the number of such pixels would have to come back from the device.
    return each.masked_fill(~valid, 0).sum() / mean_number(valid)


def energy_loss(
    mask_logits: Tensor, image: Tensor, valid: Tensor, label: Tensor, *, stride: float
) -> Tensor:
    """Return the dense energy at the size of the mask logits (Tang et al. 2018).

    Parameters
    ----------
    mask_logits
        [B, C + 1, h, w].
    stride
        Pixels of the photo, along one side, per mask logit. The kernel reaches 100 of its pixels.
    image
        [B, 3, h, w] in 0..255.
    valid
        [B, h, w] bool.
    label
        [B, h, w] pseudo label; its 255 is where the energy counts fully.
    """
    return dense_energy_loss(
        mask_logits.float().softmax(1),
        image,
        valid,
        label == IGNORE,
        scale=1.0,
        sigma_xy=100.0 / stride,
        check_values=False,
    )


def at_size(tensor: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring a label image, mask or saliency [B, H, W] to the logits' size by the nearest pixel."""
    return interpolate(tensor[:, None].float(), size, mode="nearest")[:, 0].to(tensor.dtype)


def mean_number(counted: Tensor) -> Tensor:
    """Return how much is counted, as a mean over all processes, to divide a sum by.

    A batch in which nothing is counted has the loss 0, not 0 / 0.
    """
    number = sum_over_ranks(counted.sum()).clamp_min(1)
    return number if world_size() == 1 else number / world_size()


def _mean_cross_entropy(mask_logits: Tensor, label: Tensor) -> Tensor:
    total = cross_entropy(mask_logits.float(), label, ignore_index=IGNORE, reduction="sum")
    return total / mean_number(label != IGNORE)
