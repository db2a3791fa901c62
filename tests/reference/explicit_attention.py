"""Activation maps the long way: explicit N x N attention, one backward per image and class."""

import math

import pytest
import torch
import torch.nn.functional as F


def full_maps(attention, gradient):
    """Every method's [N, N] map of one block, from [A, N, N] matrices, as the papers write them."""
    positive = gradient.clamp(min=0)
    return {
        "getam": (gradient * attention).clamp(min=0).mean(0) * positive.mean(0),
        "grad_cam": (gradient * attention).clamp(min=0).mean(0),
        "grad": positive.mean(0),
        "grad_squared": (positive**2 * attention).mean(0),
        "attention": attention.mean(0),
    }


def explicit_forward(model, image):
    """Class logits [C] of one image [3, H, W] and the attention [1, A, N, N] of all blocks."""
    logits, matrices = explicit_batch(model, image[None])
    return logits[0], matrices


def explicit_batch(model, images):
    """Class logits [B, C] of images [B, 3, H, W] and the attention [B, A, N, N] of all blocks."""
    matrices = []

    def explicit(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None):
        assert not dropout_p
        assert not is_causal
        scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
        scores = query @ key.transpose(-2, -1) * scale
        attention = (scores if attn_mask is None else scores + attn_mask).softmax(-1)
        matrices.append(attention)
        return attention @ value

    with pytest.MonkeyPatch.context() as patch, torch.enable_grad():
        patch.setattr(F, "scaled_dot_product_attention", explicit)
        output = model(images)
    return getattr(output, "class_logits", output), matrices


def slow_map(model, image, index, *, method, blocks, prefix, grid):
    """Map [h, w] of one class of one image, summed over the blocks from ``blocks`` on."""
    logits, matrices = explicit_forward(model, image)
    gradients = torch.autograd.grad(logits[index], matrices)
    per_block = [
        full_maps(attention[0].detach(), gradient[0])[method]
        for attention, gradient in zip(matrices, gradients, strict=True)
    ]
    return sum(per_block[blocks:])[0, prefix:].reshape(grid)


def slow_spread(maps, matrices, *, prefix, passes):
    """Maps [K, h, w] of one image spread by its patch-to-patch attention, renormalised."""
    values = maps.flatten(1).T
    affinity = []
    for matrix in matrices:
        patches = matrix[0, :, prefix:, prefix:]  # [A, P, P]
        affinity.append((patches / patches.sum(-1, keepdim=True)).mean(0))
    mean = torch.stack(affinity).mean(0)
    for _ in range(passes):
        values = mean @ values
    values = values - values.min(0).values
    return values.T.reshape(maps.shape)
