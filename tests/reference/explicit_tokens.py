"""Maps from token features the long way: hooks on a timm model's layers, its classifier's row."""

import torch
import torch.nn.functional as F

from .explicit_attention import explicit_forward


def outputs_of(layers, model, image):
    """Class logits [C] of one image and what each layer returned, [1, N, D]."""
    outputs = []
    hooks = [layer.register_forward_hook(lambda *a: outputs.append(a[2])) for layer in layers]
    with torch.enable_grad():
        logits = model(image[None])[0]
    for hook in hooks:
        hook.remove()
    return logits, outputs


def slow_class_activation(model, image, index):
    """Row of the linear classifier times each token after the last norm, [N]."""
    _, (tokens,) = outputs_of([model.norm], model, image)
    tokens = model.fc_norm(tokens)  # identity unless the model normalises after pooling
    return torch.stack([model.head.weight[index] @ token for token in tokens[0]]).detach()


def slow_cam(model, image, index, *, prefix, grid, **_):
    return F.relu(slow_class_activation(model, image, index))[prefix:].reshape(grid)


def slow_layer_cam(model, image, index, *, first_block, prefix, grid):
    layers = [block.norm1 for block in model.blocks[first_block:]]
    logits, outputs = outputs_of(layers, model, image)
    total = torch.zeros(outputs[0].shape[1])
    for tokens, gradient in zip(outputs, torch.autograd.grad(logits[index], outputs), strict=True):
        for n in range(len(total)):
            total[n] += F.relu(F.relu(gradient[0, n]) @ tokens[0, n].detach())
    return total[prefix:].reshape(grid)


def slow_transcam(model, image, index, *, first_block, prefix, grid):
    values = slow_class_activation(model, image, index)[prefix:]
    matrices = explicit_forward(model, image)[1][first_block:]
    coupled = sum(matrix[0].mean(0) for matrix in matrices)[prefix:, prefix:].detach()
    return F.relu(coupled @ values).reshape(grid)


def slow_legrad(model, image, index, *, first_block, prefix, grid):
    """Every block's own score goes back to its own explicit attention, row by row."""
    returned = []
    hooks = [b.register_forward_hook(lambda *a: returned.append(a[2])) for b in model.blocks]
    _, matrices, _ = explicit_forward(model, image)
    for hook in hooks:
        hook.remove()
    summed = torch.zeros(matrices[0].shape[-1])
    for matrix, tokens in list(zip(matrices, returned, strict=True))[first_block:]:
        score = model.head(model.fc_norm(model.norm(tokens.mean(1))))[0, index]
        (gradient,) = torch.autograd.grad(score, matrix, retain_graph=True)
        rows = [F.relu(row) for head in gradient[0] for row in head]
        summed += sum(rows) / len(rows)
    patches = summed[prefix:]
    return ((patches - patches.min()) / (patches.max() - patches.min())).reshape(grid)


SLOW = {
    "cam": slow_cam,
    "layer_cam": slow_layer_cam,
    "transcam": slow_transcam,
    "legrad": slow_legrad,
}
