"""Inputs and values of peer methods, as the README of the values prescribes.

Every number is drawn under the method's name, so that no file of inputs is needed.
"""

import zlib

import numpy as np
import torch
from torch.nn.functional import interpolate

from .drawn_weights import drawn, relative_difference, z

TOLERANCE = 1e-4  # of a stored array's largest absolute value
LABEL_TOLERANCE = 1e-3  # share of the pixels of a label image that may differ


class Peer:
    """What one method's own code computed, and the rules that draw what it was given."""

    def __init__(self, method, shared_reference):
        self.method = method
        self.values = np.load(shared_reference / "peers" / f"{method}.npz")

    def __getitem__(self, name):
        return torch.from_numpy(self.values[name])

    def z(self, name, shape):
        """Standard normal numbers."""
        return z(f"{self.method}.{name}", shape)

    def u(self, name, shape):
        """Uniform numbers in 0..1."""
        generator = np.random.default_rng(zlib.crc32(f"{self.method}.{name}".encode()))
        return torch.from_numpy(generator.random(shape).astype(np.float32))

    def coarse(self, name, shape, factor):
        """A smooth map [B, C, H, W] in 0..1."""
        *batch, height, width = shape
        small = self.u(name, (*batch, max(2, height // factor), max(2, width // factor)))
        return interpolate(small, (height, width), mode="bilinear", align_corners=True)

    def picture(self, name, shape):
        """An image [B, 3, H, W] of whole numbers in 0..255, flat squares with noise on them."""
        batch, channels, height, width = shape
        squares = self.u(f"{name}.coarse", (batch, channels, height // 8, width // 8))
        squares = squares.repeat_interleave(8, 2).repeat_interleave(8, 3)
        noise = self.u(f"{name}.fine", shape)
        return (256 * (0.7 * squares + 0.3 * noise)).floor().clamp(0, 255)

    def weights(self, name):
        """The state dict of a network of which the keys with their shapes are stored."""
        return {
            key: drawn(key, shape, name=f"{self.method}.network.{key}")
            for key, shape in self.shapes(name)
        }

    def shapes(self, name):
        """The keys of a network with their shapes."""
        for line in self.values[name]:
            key, shape = str(line).split(" ", 1)
            yield key, tuple(int(side) for side in shape.strip("()").split(",") if side.strip())

    def check(self, ours, name):
        """Compare values or a gradient with what is stored under a name."""
        assert relative_difference(ours.detach(), self.values[name]) <= TOLERANCE

    def check_label(self, ours, name):
        """Compare a label image with what is stored under a name."""
        theirs = self[name]
        assert ours.shape == theirs.shape
        assert (ours != theirs).float().mean() <= LABEL_TOLERANCE


def tags(classes, count):
    """Labels [B, C] of lists of present classes."""
    labels = torch.zeros(len(classes), count)
    for row, present in zip(labels, classes, strict=True):
        row[present] = 1
    return labels


def box(shape, boxes):
    """Say which pixels [B, H, W] are photo, given [r0, r1, c0, c1] of each image."""
    inside = torch.zeros(shape, dtype=torch.bool)
    for image, (top, bottom, left, right) in zip(inside, boxes, strict=True):
        image[top:bottom, left:right] = True
    return inside
