"""Tries."""

import torch
from torch.nn.functional import cross_entropy
from getam.training.losses import at_size, classification_loss
from getam.vocabulary import IGNORE


def plain_segmentation(seen):
    label = at_size(seen.pseudo.label, seen.size)
    total = cross_entropy(seen.mask_logits.float(), label, ignore_index=IGNORE, reduction="sum")
    return total / (label != IGNORE).sum().clamp_min(1)


def robust_segmentation(seen, q=0.5):
    label = at_size(seen.pseudo.label, seen.size)
    p = (
        seen.mask_logits.float()
        .softmax(1)
        .gather(1, label.masked_fill(label == IGNORE, 0)[:, None])[:, 0]
    )
    each = (1 - p.clamp_min(1e-6) ** q) / q
    total = 0
    for kind in (label == 0, (label > 0) & (label != IGNORE)):
        total = total + (each * kind).sum() / kind.sum().clamp_min(1)
    return total


def mixed_photos(seen):
    share = 0.3 + 0.4 * torch.rand((), device=seen.batch.image.device)
    image, labels = seen.batch.image.float(), seen.batch.labels
    mixed = share * image + (1 - share) * image.roll(1, 0)
    target = share * labels + (1 - share) * labels.roll(1, 0)
    known = seen.batch.known & seen.batch.known.roll(1, 0)
    return classification_loss(seen.look(mixed).class_logits, target, known)
