"""The backward pass through blocks of the usual form serves pairs of an image and a class.

An image of one class takes part once and an image of three classes three times, so nothing is
computed for slots that stay empty.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from getam.activation.frame import Frame
from getam.activation.pre_norm import Images
from getam.activation.recording import Block, Recording
from getam.activation.scores import having, score_gradients, slot_score, slots_of


def recordings_of_pairs(
    frame: Frame, classes: Sequence[Sequence[int]], *, keep_graph: bool
) -> Iterator[tuple[list[tuple[int, int]], Recording]]:
    """Yield pairs (image, slot) in portions, each with what its class scores left in the model.

    Parameters
    ----------
    frame
        A forward pass whose blocks were all recognised.
    classes
        K_b class indices per image.
    keep_graph
        Whether the graph stays alive for a later backward pass of the loss.

    Yields
    ------
    tuple
        At most as many pairs as there are images, and a recording of as many images.
    """
    pairs = [(image, slot) for slot in range(slots_of(classes)) for image in having(classes, slot)]
    if not pairs:
        return
    ends = end_gradients(frame, classes, keep_graph=keep_graph)
    read, rows = rows_with_gradient(frame, ends)
    portion = len(classes)
    for first in range(0, len(pairs), portion):
        own = pairs[first : first + portion]
        images = image_index([image for image, _ in own], count=len(classes), like=ends[0])
        gradient = torch.stack([ends[slot][image, rows] for image, slot in own])
        with torch.no_grad(), torch.autocast(gradient.device.type, enabled=False):
            recording = recording_of(frame, gradient, images, rows, read=read)
        yield own, recording


def recording_of(
    frame: Frame, gradient: Tensor, images: Images, rows: slice, *, read: slice
) -> Recording:
    """Go from the last block back to the first one that counts, and record what methods read.

    Parameters
    ----------
    gradient
        [P, rows, D], d score / d what the last block returned, for P pairs.
    images
        The image of each pair.
    rows
        The tokens that the gradient is of; that of all others is zero.
    read
        The tokens that the classifier reads.
    """
    everything = slice(0, frame.calls[0].output.shape[2])
    blocks: list[Block] = []
    for index, block in reversed(list(enumerate(frame.pre_norm))):
        middle, output = block.to_attention(gradient, images, rows)
        own = output if rows == read else output[:, :, read]
        blocks.append(Block(block.attention.at(images), own, read))
        if index:
            wanted = read if index == 1 else everything
            gradient = block.to_tokens(middle, output, images, rows, wanted=wanted)
            rows = wanted
    return Recording(blocks[::-1], frame.prefix, read)


def end_gradients(
    frame: Frame, classes: Sequence[Sequence[int]], *, keep_graph: bool
) -> list[Tensor]:
    """Return d score / d what the last block returned for each slot, [B, N, D] each."""
    slots = slots_of(classes)
    gradients: list[Tensor] = []
    for slot in range(slots):
        score = slot_score(frame.class_scores, classes, slot)
        stays = keep_graph or slot + 1 < slots
        gradients += score_gradients(score, [frame.pre_norm[-1].after], keep_graph=stays)
    return gradients


def image_index(images: Sequence[int], *, count: int, like: Tensor) -> Images:
    """Return what picks some of ``count`` images; all of them in order are picked uncopied."""
    if list(images) == list(range(count)):
        return slice(None)
    return torch.tensor(images, device=like.device)


def rows_with_gradient(frame: Frame, ends: Sequence[Tensor]) -> tuple[slice, slice]:
    """Return the tokens that the classifier reads, and all that have a gradient at the end.

    As in :meth:`Frame.rows_read`, the class token is read wherever it has a gradient.
    """
    tokens = ends[0].shape[1]
    used = ends[0].any(-1).any(0)  # [N]
    code = int(used[0] + 2 * used[1:].any())  # once: asking a device makes it wait
    read = slice(0, 1) if code & 1 else slice(frame.prefix, tokens)
    return read, slice(0, tokens) if code & 2 else slice(0, 1)
