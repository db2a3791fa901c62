"""What exact maps could cost at the least: ways tried and not kept; see docs/benchmarks.md.

    python benchmarks/map_tries.py [--data FOLDER] [--threads 2]

Seconds over those of a plain forward pass. All ways give the same maps; the last two know timm's
VisionTransformer from inside, which :func:`getam.activation_maps` does not.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from timing import (
    NETWORKS,
    ROOT,
    THREADS,
    Plan,
    classifier,
    draw_classes,
    interleaved,
    largest_difference,
    normalised,
)
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from getam import activation_maps
from getam.activation import Attention, Block, Recording, Setting
from getam.activation.forward import run_forward
from getam.activation.methods import getam
from getam.activation.scores import score_gradients

FIRST = 6
Way = Callable[[Any, Tensor, list[list[int]]], list[Tensor]]


def kept(model: Any, images: Tensor, classes: list[list[int]]) -> list[Tensor]:
    """One forward, one backward per slot."""
    return activation_maps(model, images, classes=classes)


def in_groups(way: Way) -> Way:
    """A forward and backwards per group of photos with as many labels: no empty slots."""

    def grouped(model: Any, images: Tensor, classes: list[list[int]]) -> list[Tensor]:
        maps: dict[int, Tensor] = {}
        for count in {len(own) for own in classes}:
            group = [image for image, own in enumerate(classes) if len(own) == count]
            found = way(model, images[group], [classes[image] for image in group])
            maps |= dict(zip(group, found, strict=True))
        return [maps[image] for image in range(len(classes))]

    return grouped


def all_slots_at_once(model: Any, images: Tensor, classes: list[list[int]]) -> list[Tensor]:
    """One backward for all slots, batched by vmap."""
    frame = run_forward(model, images, settings=[Setting("getam", FIRST)])
    logits = frame.class_scores
    slots = max(map(len, classes))
    chosen = torch.zeros(slots, *logits.shape)
    for image, own in enumerate(classes):
        for slot, index in enumerate(own):
            chosen[slot, image, index] = 1
    gradients = torch.autograd.grad(logits, frame.watched(), chosen, is_grads_batched=True)
    by_slot = zip(*gradients, strict=True)
    class_token = slice(0, 1)
    rows = torch.stack([getam(frame.recording(own, class_token)) for own in by_slot], 1)[..., 1:]
    return cut_to(rows, images, classes)


def rows_that_matter(model: Any, images: Tensor, classes: list[list[int]]) -> list[Tensor]:
    """Past the last attention, and past the first one that counts, the class token's row alone."""
    blocks = model.blocks
    with torch.no_grad():
        tokens = model.norm_pre(model._pos_embed(model.patch_embed(images)))
        for block in blocks[:FIRST]:
            tokens = block(tokens)
        calls = [attend(blocks[FIRST], tokens)]
        rest = after(blocks[FIRST], tokens[:, 1:], calls[0].output[:, :, 1:])
    watched = [calls[0].output[:, :, :1].requires_grad_()]
    tokens = torch.cat([after(blocks[FIRST], tokens[:, :1], watched[0]), rest], 1)
    for block in blocks[FIRST + 1 : -1]:
        calls.append(attend(block, tokens))
        watched.append(calls[-1].output)
        tokens = after(block, tokens, calls[-1].output)
    calls.append(attend(blocks[-1], tokens))
    watched.append(calls[-1].output)
    class_token = after(blocks[-1], tokens[:, :1], calls[-1].output[:, :, :1])
    logits = model.head(model.norm(class_token)[:, 0])
    maps, slots = [], max(map(len, classes))
    for slot in range(slots):
        score = sum(
            logits[image, own[slot]] for image, own in enumerate(classes) if slot < len(own)
        )
        gradients = score_gradients(score, watched, keep_graph=slot + 1 < slots)
        pairs = zip(calls, gradients, strict=True)
        with torch.no_grad():
            read = [Block(call, gradient, slice(0, 1)) for call, gradient in pairs]
            maps.append(getam(Recording(read, prefix=1, read=slice(0, 1))))
    return cut_to(torch.stack(maps, 1)[..., 1:], images, classes)


def attend(block: Any, tokens: Tensor) -> Attention:
    """The attention of timm's Block, up to its projection."""
    attention = block.attn
    qkv = attention.qkv(block.norm1(tokens)).unflatten(2, (3, attention.num_heads, -1))
    query, key, value = qkv.permute(2, 0, 3, 1, 4)
    return Attention(query, key, value, scaled_dot_product_attention(query, key, value))


def after(block: Any, tokens: Tensor, attended: Tensor) -> Tensor:
    """The rest of timm's Block, for some rows."""
    tokens = tokens + block.ls1(block.attn.proj(attended.transpose(1, 2).flatten(2)))
    return tokens + block.ls2(block.mlp(block.norm2(tokens)))


def cut_to(rows: Tensor, images: Tensor, classes: list[list[int]]) -> list[Tensor]:
    """Maps [B, K, P] as ``activation_maps`` returns them."""
    maps = rows.unflatten(2, (images.shape[2] // 16, images.shape[3] // 16))
    return [own[: len(wanted)] for own, wanted in zip(maps, classes, strict=True)]


@torch.inference_mode()
def forward(model: Any, images: Tensor) -> None:
    """The plain forward pass."""
    model(images)


WAYS: dict[str, Way] = {
    "kept": kept,
    "groups of as many labels": in_groups(kept),
    "all slots in one backward (vmap)": all_slots_at_once,
    "only the rows that matter": rows_that_matter,
    "rows that matter, in groups": in_groups(rows_that_matter),
}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--threads", type=int, default=THREADS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print("| maps / plain forward | " + " | ".join(WAYS) + " |\n|" + " --- |" * (len(WAYS) + 1))
    for name, size in NETWORKS:
        for most in (2, 3):
            model, classes = classifier(name, size), draw_classes(4, most)
            images = normalised(Plan(arguments.data).photos(4, size))
            expected = [m.flatten(1) for m in kept(model, images, classes)]
            for way in WAYS.values():
                difference = largest_difference(way(model, images, classes), expected)
                assert difference < 1e-5, (way, difference)
            ways = [partial(way, model, images, classes) for way in WAYS.values()]
            times = interleaved(partial(forward, model, images), *ways, repeats=5)
            plain, *ours = map(median, times)
            cells = [f"{own / plain:.2f}" for own in ours]
            print(f"| {name.removesuffix('_patch16_224')} {size}, 4 photos, 1-{most} labels | "
                  + " | ".join(cells) + " |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
