"""Fine-tune a plain timm classifier on tags: python benchmarks/plain_classifier.py SET [SET ...].

It is the other side of every average precision that we publish: the same photos, backbone weights
and rates as ``getam train``, and nothing but a linear layer on the class token. It is trained in
two ways: with the crops, the number of epochs and the test view of ``getam train``, and, with
``--whole``, as one would do it who wants tags alone: on whole photos without change of colour, for
twice as many epochs, and tested at the size of the training. A row is kept in
``results/plain_classifier.json``; a finished set is not run again.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import timm
import torch
from choosing import SHARED
from rows import keep_row, read_rows
from torch import Tensor, nn
from torch.nn.functional import multilabel_soft_margin_loss

from getam.data import Source, open_source, photo_loader, train_loader
from getam.evaluation import tag_scores
from getam.network.weights import read_state_dict, without_head
from getam.recipe import Facts, recipe_for

RESULTS = Path(__file__).with_name("results") / "plain_classifier.json"
BACKBONE = "vit_tiny_patch16_224"
WEIGHTS = SHARED / "vit_tiny_patch16_224_tinyimagenet" / "model.safetensors"
MEAN = STD = 0.5


def main() -> None:
    """Train what is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path, help="folders of benchmarks/plain_sets.py")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--whole", action="store_true", help="whole photos instead of crops")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for folder in options.sets:
        key = f"{folder.name}, seed {options.seed}" + (", whole photos" if options.whole else "")
        if key not in read_rows(RESULTS):
            row = run(folder / "tags.csv", seed=options.seed, whole=options.whole)
            keep_row(RESULTS, key, row)
        print(key, read_rows(RESULTS)[key])


def run(table: Path, *, seed: int, whole: bool) -> dict[str, Any]:
    """Fine-tune on the training part of a table and score the tags of its ``val`` part."""
    began = time.monotonic()
    source, val = (open_source(table, split=part) for part in ("train", "val"))
    torch.manual_seed(seed)
    model = timm.create_model(BACKBONE, num_classes=len(source.classes), dynamic_img_size=True)
    model.load_state_dict(without_head(read_state_dict(WEIGHTS)), strict=False)
    fine_tune(model, source, seed=seed, whole=whole)
    scores = score(model.eval(), val, long_side=224 if whole else 320, mirrored=not whole)
    return {**scores, "photos": len(source), "minutes": round((time.monotonic() - began) / 60, 1)}


def fine_tune(model: nn.Module, source: Source, *, seed: int, whole: bool) -> None:
    """Train with AdamW, a short warm-up and cosine decay."""
    facts = Facts(depth=12, width=192, photos=len(source), has_saliency=False)
    ours = recipe_for(facts)  # for what both sides share
    loader = train_loader(
        source,
        crop=ours.crop,
        batch_size=ours.batch_size,
        seed=seed,
        workers=0,
        scale=(1.0, 1.0) if whole else ours.scale,
        jitter=0.0 if whole else ours.jitter,
        balance=0.5,
    )
    epochs = ours.epochs * (2 if whole else 1)
    rates = [ours.learning_rate, ours.head_factor * ours.learning_rate]
    head = [p for name, p in model.named_parameters() if name.startswith("head")]
    rest = [p for name, p in model.named_parameters() if not name.startswith("head")]
    groups = [{"params": part, "lr": rate} for part, rate in zip((rest, head), rates, strict=True)]
    optimiser = torch.optim.AdamW(groups, weight_decay=ours.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        rates,
        total_steps=epochs * len(loader),
        pct_start=ours.warmup,
        cycle_momentum=False,
    )
    model.train()
    for _ in range(epochs):
        for batch in loader:
            loss = multilabel_soft_margin_loss(model(normalised(batch.image)), batch.labels)
            loss.backward()
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()


@torch.no_grad()
def score(model: nn.Module, val: Source, *, long_side: int, mirrored: bool) -> dict[str, Any]:
    """Return the average precision of the tags of whole photos, mirrored too if ``getam`` does."""
    logits, labels = [], []
    for batch in photo_loader(val, long_side=long_side, multiple=16, workers=0):
        views = [batch.image, batch.image.flip(-1)] if mirrored else [batch.image]
        logits.append(model(normalised(torch.cat(views))).mean(0))
        labels.append(batch.labels[0])
    return tag_scores(torch.stack(logits), torch.stack(labels), list(val.classes)).to_dict()


def normalised(image: Tensor) -> Tensor:
    """Return images [B, 3, H, W] in 0..255 as the backbone expects them."""
    return (image.float() / 255 - MEAN) / STD


if __name__ == "__main__":
    main()
