"""The backward pass through blocks of the usual form serves pairs of an image and a class.

An image of one class takes part once and an image of three classes three times, so nothing is
computed for slots that stay empty.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from getam.activation.frame import Frame
from getam.activation.pre_norm import Images
from getam.activation.recording import Block, Recording
from getam.activation.scores import score_gradients, slot_score

SLOTS = 8  # gradients at the last block held at once, however many classes are asked for


def recordings_of_pairs(
    frame: Frame, table: Tensor, *, keep_graph: bool
) -> Iterator[tuple[Tensor, Recording]]:
    """Yield pairs of an image and a slot, each with what its class score left in the model.

    Parameters
    ----------
    frame
        A forward pass whose blocks were all recognised.
    table
        The classes of every image; see :func:`slot_table`. It lies on the processor.
    keep_graph
        Whether the graph stays alive for a later backward pass of the loss.

    Yields
    ------
    tuple
        The images and slots of at most as many pairs as there are images, int64 [2, P], and a
        recording of P images.
    """
    first = 0
    for part in table.split(SLOTS, 1):
        last = first + part.shape[1] == table.shape[1]
        for pairs, recording in recordings_of_slots(frame, part, keep_graph=keep_graph or not last):
            yield pairs + torch.tensor([[0], [first]]), recording
        first += part.shape[1]


def recordings_of_slots(
    frame: Frame, table: Tensor, *, keep_graph: bool
) -> Iterator[tuple[Tensor, Recording]]:
    """Do the same for at most ``SLOTS`` slots; their gradients at the last block stand together."""
    slots, images = table.mT.nonzero(as_tuple=True)  # slot after slot
    if not len(images):
        return
    ends = end_gradients(frame, table, keep_graph=keep_graph)
    read, rows = rows_with_gradient(frame, ends)
    for pairs in torch.stack([images, slots]).split(len(table), 1):
        images, slots = pairs.to(ends.device, non_blocking=True)
        all_images = pairs[0].tolist() == list(range(len(table)))
        with torch.no_grad(), torch.autocast(ends.device.type, enabled=False):
            recording = recording_of(
                frame,
                ends[slots, images, rows],
                slice(None) if all_images else images,
                rows,
                read=read,
            )
        yield pairs, recording


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


def end_gradients(frame: Frame, table: Tensor, *, keep_graph: bool) -> Tensor:
    """Return d score / d what the last block returned for every slot, [K, B, N, D]."""
    table = table.to(frame.class_scores.device, non_blocking=True)
    last = table.shape[1] - 1
    gradients: list[Tensor] = []
    for slot, wanted in enumerate(table.split(1, 1)):
        score = slot_score(frame.class_scores, wanted)
        end = [frame.pre_norm[-1].after]
        gradients += score_gradients(score, end, keep_graph=keep_graph or slot < last)
    return torch.stack(gradients)


def rows_with_gradient(frame: Frame, ends: Tensor) -> tuple[slice, slice]:
    """Return the tokens that the classifier reads, and all that have a gradient at the end.

    As in :meth:`Frame.rows_read`, the class token is read wherever it has a gradient.
    """
    tokens = ends.shape[2]
    used = ends.any(-1).flatten(0, 1).any(0)  # [N], of all slots: classes may read other tokens
    code = int(used[0] + 2 * used[1:].any())  # once: asking a device makes it wait
    read = slice(0, 1) if code & 1 else slice(frame.prefix, tokens)
    return read, slice(0, tokens) if code & 2 else slice(0, 1)
