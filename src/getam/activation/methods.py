"""Every attribution method is one function, and all read the same recorded quantities.

A_l is the attention of block l after softmax and G_l = d class_score / d A_l, both per head a. What
is read of them is ``block.attention`` and ``block.gradient``, the class token's rows [B, A, N], or
the mean of the patches' rows where the classifier averages patches (timm's BEiT, EVA-02, DINOv3);
``rollout``, ``generic`` and ``transcam`` need the rows of all tokens and compute a band of at most
256 at a time. x_n are token features and g_n = d class_score / d x_n. Every method returns [B, N];
the columns of the prefix tokens are dropped later. ``relu`` keeps what raises the score.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from getam.activation.attention import row_bands
from getam.activation.recording import Block, Recording, Tokens
from getam.activation.scaling import unit_range
from getam.activation.scores import score_gradients
from getam.activation.windows import Windows, merge_stages, stage_means, undo_windows

READ_TOKENS = ("final_tokens", "tokens", "stream")  # for which token features are kept


@dataclass(frozen=True)
class Method:
    """An attribution method is a formula together with what the formula reads.

    Attributes
    ----------
    formula
        :class:`Recording` to map [B, N].
    reads
        "class_token": attention of all rows, and its gradient in the rows that the classifier
        reads, of a model with a class token. "all_gradients": the gradient of all rows too.
        "final_tokens": the last tokens and their gradients too; no class token is needed. "tokens":
        also the tokens that enter the blocks. "stream": the last tokens, and those between the
        blocks with their graph, for a formula that goes back through blocks itself. "windows":
        windowed attention of a model without class token; N is the number of tokens of the first
        block that counts.
    """

    formula: Callable[[Recording], Tensor]
    reads: Literal[
        "class_token", "all_gradients", "final_tokens", "tokens", "stream", "windows"
    ] = "class_token"


def total(per_block: Iterable[Tensor]) -> Tensor:
    """Sum one [B, N] tensor per block."""
    return torch.stack(list(per_block)).sum(0)


def getam(recording: Recording) -> Tensor:
    """Return mean_a relu(G A) * mean_a relu(G) summed over blocks (Sun et al., arXiv 2112.02841).

    It is a product of two head averages, not an average of products.
    """

    def block_map(attention: Tensor, gradient: Tensor) -> Tensor:
        weighted = (gradient * attention).relu().mean(1)
        return weighted * gradient.relu().mean(1)

    return total(block_map(block.attention, block.gradient) for block in recording.blocks)


def grad_cam(recording: Recording) -> Tensor:
    """Return mean_a relu(G A) summed over blocks (Grad-CAM on attention, Chefer et al. 2021b)."""
    return total((block.gradient * block.attention).relu().mean(1) for block in recording.blocks)


def grad(recording: Recording) -> Tensor:
    """Return mean_a relu(G) summed over blocks (ablation of Sun et al., arXiv 2112.02841)."""
    return total(block.gradient.relu().mean(1) for block in recording.blocks)


def grad_squared(recording: Recording) -> Tensor:
    """Return mean_a relu(G)^2 A summed over blocks (ablation of Sun et al., arXiv 2112.02841)."""
    return total(
        (block.gradient.relu().square() * block.attention).mean(1) for block in recording.blocks
    )


def mean_grad_squared(recording: Recording) -> Tensor:
    """Return (mean_a relu(G))^2 summed over blocks (ablation of ACR, Sun et al. 2023)."""
    return total(block.gradient.relu().mean(1).square() for block in recording.blocks)


def attention(recording: Recording) -> Tensor:
    """Return mean_a A summed over blocks: the same for every class, the baseline to beat."""
    return total(block.attention.mean(1) for block in recording.blocks)


def agcam(recording: Recording) -> Tensor:
    """Return sum_a relu(G) sigmoid(S) summed over blocks (AG-CAM, Leem & Seo, AAAI 2024).

    S are the scores before softmax. Each gets its own sigmoid, so that one strong patch does not
    silence the others.
    """
    return total(
        (block.gradient.relu() * block.scores.sigmoid()).sum(1) for block in recording.blocks
    )


def rollout(recording: Recording) -> Tensor:
    """Return the row read of the product of (mean_a A + I) / 2 over blocks (Abnar & Zuidema 2020).

    The method is from ACL 2020; its map is the same for every class. The product of N x N matrices
    is not formed, because only one row of it is wanted: a vector goes through the blocks from the
    last down, each in bands of rows.
    """
    row = tokens_read(recording)
    for block in reversed(recording.blocks):
        bands = (block.attention_rows(rows).mean(1) for rows in row_bands(row.shape[1]))
        row = (through(row, bands) + row) / 2
    return row


def generic(recording: Recording) -> Tensor:
    """Return the row read of the product of I + mean_a relu(G A) over blocks (Chefer et al. 2021).

    These are rules 5 and 6 of arXiv 2103.15679 (ICCV 2021) for self-attention. As in
    :func:`rollout`, never more than a band of rows of A and G exists.
    """
    row = tokens_read(recording)
    for block in reversed(recording.blocks):
        bands = (
            (block.gradient_rows(rows) * block.attention_rows(rows)).relu().mean(1)
            for rows in row_bands(row.shape[1])
        )
        row = through(row, bands) + row
    return row


def tokens_read(recording: Recording) -> Tensor:
    """Return the share of each token in what the classifier reads, float32 [B, N], sum 1."""
    output = recording.blocks[0].call.output  # [B, A, N, d]
    row = output.new_zeros(output.shape[0], output.shape[2], dtype=torch.float32)
    row[:, recording.read] = 1 / (recording.read.stop - recording.read.start)
    return row


def through(row: Tensor, bands: Iterable[Tensor]) -> Tensor:
    """Multiply row vectors [B, N] by the matrices whose rows come in bands [B, rows, N]."""
    widths = row_bands(row.shape[1])
    parts = (row[:, None, rows] @ band for rows, band in zip(widths, bands, strict=True))
    return torch.stack(list(parts)).sum(0)[:, 0]


def cam(recording: Recording) -> Tensor:
    """Return relu(w . x_n) of the final tokens, w = sum_n g_n (CAM, Zhou et al. 2016; as in ToCo).

    x_n are the tokens after the last norm, even if the model pools before it normalises. If a
    linear layer follows, w is the classifier's row of the class (Selvaraju et al. 2017, section
    3.1); otherwise it linearises what follows. Blocks do not matter.
    """
    return class_activation(recording).relu()


def class_activation(recording: Recording) -> Tensor:
    """Multiply the final tokens by the class weights: float32 [B, N], of either sign."""
    (final,) = recording.final
    weights = final.gradient.float().sum(1, keepdim=True)  # [B, 1, D]
    return (weights * final.values.float()).sum(-1)


def layer_cam(recording: Recording) -> Tensor:
    """Return relu(sum_d relu(g_nd) x_nd) summed over blocks (LayerCAM, Jiang et al., TIP 2021).

    x are the normalised tokens that enter a block (``blocks[l].norm1``): the final patch tokens
    have no gradient when the classifier reads the class token.
    """

    def block_map(tokens: Tokens) -> Tensor:
        return (tokens.gradient.float().relu() * tokens.values.float()).sum(-1).relu()

    return total(block_map(tokens) for tokens in recording.inputs)


def transcam(recording: Recording) -> Tensor:
    """Return relu(sum over blocks of mean_a A[patches, patches] v) (TransCAM, Li et al. 2022).

    v is :func:`cam` before its relu; in the paper it comes from the convolutions of a Conformer.
    The attention among patches is computed in bands of rows.
    """
    values = class_activation(recording)
    values[:, : recording.prefix] = 0

    def refined(block: Block) -> Tensor:
        bands = (block.attention_rows(rows).mean(1) for rows in row_bands(values.shape[1]))
        return torch.cat([band @ values[..., None] for band in bands], 1)[..., 0]

    return total(refined(block) for block in recording.blocks).relu()


def legrad(recording: Recording) -> Tensor:
    """Return mean_a,n relu(G_l) summed over blocks and scaled to 0..1 (LeGrad, Bousselham et al.).

    The method is from ICCV 2025 (arXiv 2404.03214). G_l is the gradient of the block's own score
    s_l = w . norm(mean_n z_n), where z are the tokens that block l returned, norm is the model's
    last one, and w is the classifier's row of the class as in :func:`cam`. The mean is over heads
    and over the rows of all tokens, in bands of rows.
    """
    assert recording.norm is not None
    (final,) = recording.final
    weights = final.gradient.float().sum(1)  # [B, D]
    maps = total(
        received_gradient(block, block_gradient(block, tokens, recording.norm, weights))
        for block, tokens in zip(recording.blocks, recording.stream[1:], strict=True)
    )
    patches = maps[:, recording.prefix :]
    maps[:, recording.prefix :] = unit_range(patches[:, None])[:, 0]
    return maps


def block_gradient(
    block: Block, tokens: Tensor, norm: Callable[[Tensor], Tensor], weights: Tensor
) -> Tensor:
    """Return d s_l / d output of one block's attention, [B, A, N, d]; see :func:`legrad`."""
    with torch.enable_grad():
        score = (norm(tokens.mean(1)).float() * weights).sum()
        (gradient,) = score_gradients(score, [block.call.output], keep_graph=True)
    return gradient


def received_gradient(block: Block, output_gradient: Tensor) -> Tensor:
    """Return the mean over heads and query rows of relu(G), float32 [B, N]."""
    heads, tokens = output_gradient.shape[1:3]
    bands = (block.call.gradient(output_gradient, rows) for rows in row_bands(tokens))
    return total(band.relu().sum((1, 2)) for band in bands) / (heads * tokens)


def hgi(recording: Recording) -> Tensor:
    """Return the gradient-weighted attention of windows (HGI-SAM, Rasoulian et al., MedIA 2023).

    A block's map is the mean over heads and queries of ||d score / d S_a||_F A_a, where S are the
    scores before softmax, as in the code of the authors, and the norm is taken over a window; the
    windows are put back in place and their shifts undone. The maps of the two blocks of a pair are
    multiplied. The mean over the pairs of a stage is scaled to 0..1 and brought to the first
    stage's size, the stages are multiplied, and the product is scaled to 0..1. As published, the
    last stage is left out, because its windows see the whole image. The authors scale all images of
    a batch together and multiply at the size of the image.
    """
    means = stage_means(blocks_in_place(recording, Block.score_gradient_rows))
    return unit_range(merge_stages(means)).flatten(1)


def hgi_attention(recording: Recording) -> Tensor:
    """Return the same with the gradient of the attention after softmax, and not scaled at the end.

    So the paper writes it; the code of its authors does what :func:`hgi` does.
    """
    return merge_stages(stage_means(blocks_in_place(recording, Block.gradient_rows))).flatten(1)


def blocks_in_place(
    recording: Recording, gradient_rows: Callable[[Block, slice], Tensor]
) -> list[Tensor]:
    """Return each block's received attention, heads weighted by a gradient, [B, h, w]."""
    everything = slice(None)
    return [
        in_place(block, gradient_rows(block, everything).norm(dim=(2, 3)), windows)
        for block, windows in zip(recording.blocks, recording.windows, strict=True)
    ]


def in_place(block: Block, strength: Tensor, windows: Windows) -> Tensor:
    """Return the attention that each token gets, heads weighted by [B * windows, A], [B, h, w]."""
    received = block.attention_rows(slice(None)).mean(2)  # [B * windows, A, n]
    return undo_windows((strength[..., None] * received).mean(1), windows)


METHODS: dict[str, Method] = {
    "getam": Method(getam),
    "grad_cam": Method(grad_cam),
    "grad": Method(grad),
    "grad_squared": Method(grad_squared),
    "mean_grad_squared": Method(mean_grad_squared),
    "attention": Method(attention),
    "agcam": Method(agcam),
    "rollout": Method(rollout),
    "generic": Method(generic, reads="all_gradients"),
    "cam": Method(cam, reads="final_tokens"),
    "layer_cam": Method(layer_cam, reads="tokens"),
    "transcam": Method(transcam, reads="final_tokens"),
    "legrad": Method(legrad, reads="stream"),
    "hgi": Method(hgi, reads="windows"),
    "hgi_attention": Method(hgi_attention, reads="windows"),
}
"""Every attribution method by its name. A new one is one function and one line here."""
