"""HGI-SAM's map of a timm Swin the long way: token by token, window by window, one image."""

import torch
import torch.nn.functional as F

from .explicit_attention import explicit_forward


def block_map(attention, gradient, *, grid, size, shift):
    """Map [h, w] of one block from its windows' matrices [windows, A, n, n]."""
    height, width = grid
    result = torch.zeros(grid)
    window = 0
    for top in range(0, height, size[0]):
        for left in range(0, width, size[1]):
            strength = (gradient[window] ** 2).sum((1, 2)).sqrt()
            weighted = sum(a * s for a, s in zip(attention[window], strength, strict=True))
            received = weighted.mean(0) / len(strength)
            for n, value in enumerate(received):
                y, x = top + n // size[1], left + n % size[1]
                if y < height and x < width:
                    result[(y + shift[0]) % height, (x + shift[1]) % width] = value
            window += 1
    assert window == len(attention)
    return result


def before_softmax(matrix, gradient):
    """Gradient of the scores, row by row through the softmax's matrix of derivatives."""
    rows = zip(matrix.flatten(0, 2), gradient.flatten(0, 2), strict=True)
    slopes = [(torch.diag(row) - torch.outer(row, row)) @ slope for row, slope in rows]
    return torch.stack(slopes).view_as(matrix)


def slow_hgi(model, image, index, *, first_block, patch, of_scores):
    """Map of the stages from ``first_block`` on but the last, at the first counted one's size.

    ``of_scores`` takes the gradient before the softmax, and scales the result at the end.
    """
    logits, matrices, _ = explicit_forward(model, image)
    gradients = torch.autograd.grad(logits[index], matrices)
    sides = [side // patch for side in image.shape[-2:]]
    result, number = None, 0
    for stage in list(model.layers)[:-1]:
        maps = []
        for block in stage.blocks:
            if number >= first_block:
                matrix, gradient = matrices[number].detach(), gradients[number]
                gradient = before_softmax(matrix, gradient) if of_scores else gradient
                layout = {"grid": sides, "size": block.window_size, "shift": block.shift_size}
                maps.append(block_map(matrix, gradient, **layout))
            number += 1
        if maps:
            pairs = [maps[i] * maps[i + 1] for i in range(0, len(maps), 2)]
            mean = sum(pairs) / len(pairs)
            mean = (mean - mean.min()) / (mean.max() - mean.min())
            size = mean.shape if result is None else result.shape
            large = F.interpolate(mean[None, None], size, mode="bilinear", align_corners=False)
            result = large[0, 0] if result is None else result * large[0, 0]
        sides = [(side + 1) // 2 for side in sides]
    return (result - result.min()) / (result.max() - result.min()) if of_scores else result
