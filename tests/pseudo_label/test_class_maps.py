"""Class maps over several sizes equal the authors'."""

from dataclasses import dataclass

import torch
from reference.peers import Peer
from torch.nn.functional import conv2d

from getam.pseudo_label.class_maps import inside_of_padding, multi_scale_maps


def test_equals_the_released_code(shared_reference):
    toco = Peer("toco", shared_reference)
    image = toco.z("cam.images", (2, 3, 48, 64))
    for kernel, name in (("cam.kernel", "cam"), ("cam.kernel_aux", "cam_aux")):
        weight = toco.z(kernel, (5, 3, 8, 8)) / 14
        maps = multi_scale_maps(lambda view, w=weight: conv2d(view, w, stride=8), image)
        toco.check(maps[:, :, ::2, ::2], name)


@dataclass
class Sizes:
    padded_size: tuple
    size: tuple


def test_padding_is_cut():
    maps = torch.rand(1, 2, 2, 2)
    assert inside_of_padding(maps, Sizes((16, 16), (16, 16))) is maps
    assert inside_of_padding(maps, Sizes((16, 16), (16, 9))).shape == (1, 2, 16, 9)
