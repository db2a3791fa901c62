"""Weights and input drawn by name, as the README of the released code's values prescribes."""

import functools
import math
import zlib

import numpy as np
import torch


@functools.cache
def z(name, shape):
    """Standard normal numbers that depend on the name alone."""
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    return torch.from_numpy(np.asarray(generator.standard_normal(shape).astype(np.float32)))


OWN_RULE = ("pos_embed", "pos_embed_cls", "pos_embed_pat", "cls_token", "dist_token")


def drawn(key, shape, *, name=None):
    """The value of a key of a checkpoint, drawn under its own name unless another is given."""
    name = name or key
    if key.endswith("num_batches_tracked"):
        return torch.tensor(0)
    if key.endswith("running_var"):
        return 1 + 0.1 * z(name, shape).abs()
    if len(shape) >= 2 and not key.endswith(OWN_RULE):
        return z(name, shape) / math.sqrt(math.prod(shape[1:]))
    if key.endswith("weight"):
        return 1 + 0.1 * z(name, shape)
    return 0.1 * z(name, shape)


def relative_difference(ours, theirs):
    """Largest difference, relative to the largest value of a stored array."""
    theirs = torch.from_numpy(theirs)
    assert ours.shape == theirs.shape
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()
