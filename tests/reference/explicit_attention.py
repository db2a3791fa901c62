"""Activation maps the long way: explicit N x N attention, one backward per image and class."""

import math

import pytest
import torch
import torch.nn.functional as F


def full_maps(attention, gradient, scores):
    """Every summed method's [N, N] map of one block, from [A, N, N], as the papers write them."""
    positive = gradient.clamp(min=0)
    return {
        "getam": (gradient * attention).clamp(min=0).mean(0) * positive.mean(0),
        "grad_cam": (gradient * attention).clamp(min=0).mean(0),
        "grad": positive.mean(0),
        "grad_squared": (positive**2 * attention).mean(0),
        "mean_grad_squared": positive.mean(0) ** 2,
        "attention": attention.mean(0),
        "agcam": (positive / (1 + torch.exp(-scores))).sum(0),
    }


def factor(method, attention, gradient):
    """The [N, N] factor of one block in the methods that multiply blocks."""
    identity = torch.eye(attention.shape[-1])
    if method == "rollout":
        mixed = attention.mean(0) + identity
        return mixed / mixed.sum(-1, keepdim=True)
    return identity + (gradient * attention).clamp(min=0).mean(0)


def class_logits(output):
    return getattr(output, "class_logits", getattr(output, "logits", output))


def explicit_forward(model, image, score=class_logits):
    """Class scores [C] of one image [3, H, W], attention and its scores [1, A, N, N] per block."""
    scores, matrices, before_softmax = explicit_batch(model, image[None], score)
    return scores[0], matrices, before_softmax


def explicit_batch(model, images, score=class_logits):
    """Class scores [B, C] of images, attention and its scores [B, A, N, N] per block."""
    matrices, before_softmax = [], []

    def explicit(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None):
        assert not dropout_p
        assert not is_causal
        scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
        scores = query @ key.transpose(-2, -1) * scale
        scores = scores if attn_mask is None else scores + attn_mask
        before_softmax.append(scores.detach())
        attention = scores.softmax(-1)
        matrices.append(attention)
        return attention @ value

    with pytest.MonkeyPatch.context() as patch, torch.enable_grad():
        patch.setattr(F, "scaled_dot_product_attention", explicit)
        scores = score(model(images))
    return scores, matrices, before_softmax


def slow_map(model, image, index, *, method, first_block, prefix, grid, score=class_logits):
    """Map [h, w] of one class of one image from the blocks from ``first_block`` on."""
    scores, matrices, before_softmax = explicit_forward(model, image, score)
    gradients = torch.autograd.grad(scores[index], matrices)
    triples = [
        (attention[0].detach(), gradient[0], before[0])
        for attention, gradient, before in zip(matrices, gradients, before_softmax, strict=True)
    ][first_block:]
    read = slice(prefix, None) if averages_patches(model) else slice(0, 1)
    if method in ("rollout", "generic"):
        full = torch.eye(len(triples[0][0][0]))
        for attention, gradient, _ in triples:
            full = factor(method, attention, gradient) @ full
    else:
        rows = ([matrix[:, read].mean(1, keepdim=True) for matrix in t] for t in triples)
        return sum(full_maps(*row)[method] for row in rows)[0, prefix:].reshape(grid)
    return full[read].mean(0)[prefix:].reshape(grid)


def averages_patches(model):
    """Whether the classifier of a timm model reads the mean of the patches, as timm says."""
    return getattr(model, "global_pool", "token") == "avg"


def slow_spread(maps, matrices, *, prefix, times):
    """Maps [K, h, w] of one image spread by its patch-to-patch attention, renormalised."""
    values = maps.flatten(1).T
    affinity = []
    for matrix in matrices:
        patches = matrix[0, :, prefix:, prefix:]  # [A, P, P]
        affinity.append((patches / patches.sum(-1, keepdim=True)).mean(0))
    mean = torch.stack(affinity).mean(0)
    for _ in range(times):
        values = mean @ values
    values = values - values.min(0).values
    return values.T.reshape(maps.shape)
