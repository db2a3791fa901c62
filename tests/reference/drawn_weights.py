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


def drawn(key, shape):
    """The value of a key of a checkpoint."""
    if key.endswith("num_batches_tracked"):
        return torch.tensor(0)
    if key.endswith("running_var"):
        return 1 + 0.1 * z(key, shape).abs()
    if len(shape) >= 2 and not key.endswith(("pos_embed", "cls_token", "dist_token")):
        return z(key, shape) / math.sqrt(math.prod(shape[1:]))
    if key.endswith("weight"):
        return 1 + 0.1 * z(key, shape)
    return 0.1 * z(key, shape)


def relative_difference(ours, theirs):
    """Largest difference, relative to the largest value of a stored array."""
    theirs = torch.from_numpy(theirs)
    assert ours.shape == theirs.shape
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()
