"""An epoch meter counts what is known of an epoch so far: losses, speed, precision of the tags.

Its size does not grow with the epoch, so a checkpoint stays small and a log line costs nothing.
Where several processes train together, each counts its own photos, and the figures are those of
all: every process must ask for them at the same step.
"""

import math
import time
from typing import Any

import torch
from torch import Tensor

from getam.data import Batch
from getam.evaluation import binned_average_precision
from getam.ranks import is_first, sum_over_ranks, world_size
from getam.training.step import StepOutput

BINS = 500  # of the class logits, in which tags are counted
SURE = 12.0  # logits are cut here, at P = 6e-6, so that even rare tags fall into different bins
UNKNOWN = -1


class EpochMeter:
    """An epoch meter holds means over the steps of an epoch so far.

    What a step made stays on its device until somebody reads a figure. Then all of it comes over
    in one copy, for which the processor has to wait.

    Parameters
    ----------
    num_classes
        Classes C without background.
    """

    def __init__(self, num_classes: int) -> None:
        self.began = time.monotonic()
        self.images = 0
        self.steps = 0
        self.sums: dict[str, float] = {}
        self.unread: list[tuple[Tensor, Tensor]] = []  # losses [parts]; logits and tags [B, 2, C]
        self.tags = torch.zeros(num_classes, 2, BINS, dtype=torch.int64)  # no and yes, by logit

    def add(self, batch: Batch, output: StepOutput) -> None:
        """Take one step into the means of the losses, which begin anew if their parts change."""
        if output.losses.keys() != self.sums.keys():
            self.read()
            self.sums, self.steps = dict.fromkeys(output.losses, 0.0), 0
        losses = torch.stack(list(output.losses.values())).detach().float()
        tags = batch.labels.masked_fill(~batch.known, UNKNOWN)
        told = torch.stack([output.class_logits.detach().float(), tags], 1)
        self.unread.append((losses, told))
        self.steps += 1
        self.images += len(batch.ids)

    def read(self) -> None:
        """Take what the steps left on their device into the figures."""
        if not self.unread:
            return
        losses, told = zip(*self.unread, strict=True)
        joined = torch.cat([*losses, torch.cat(told).flatten()]).cpu()
        split = len(losses) * len(self.sums)
        by_part = joined[:split].view(-1, len(self.sums)).double().sum(0).tolist()
        for name, value in zip(self.sums, by_part, strict=True):
            self.sums[name] += value / world_size()  # together they make the mean over processes
        logits, tags = joined[split:].view(-1, *told[0].shape[1:]).unbind(1)
        self.count(logits, tags)
        self.unread = []

    def count(self, logits: Tensor, tags: Tensor) -> None:
        """Count the tags [N, C] of photos in the bins of their logits [N, C]."""
        # A run whose numbers are not finite is stopped by its loss, not here.
        share = (logits.nan_to_num().clamp(-SURE, SURE) / SURE + 1) / 2
        bins = (share * BINS).long().clamp_max(BINS - 1)
        classes = torch.arange(len(self.tags)).expand_as(bins)
        place = (2 * classes + tags.long()) * BINS + bins
        found = place[tags != UNKNOWN].bincount(minlength=self.tags.numel())
        self.tags += found.view_as(self.tags)

    def running(self) -> dict[str, float]:
        """Return the mean losses by name, and images per second."""
        sums, images = self.totals()
        means = {name: total / self.steps for name, total in sums.items()}
        return {**means, "images_per_second": images / (time.monotonic() - self.began)}

    def whole(self) -> dict[str, float]:
        """Return what `running` does, and the mean average precision of the tags if it is known."""
        figures = self.running()
        precision = binned_average_precision(sum_over_ranks(self.tags))
        return figures if math.isnan(precision) else {**figures, "mAP": precision}

    def totals(self) -> tuple[dict[str, float], int]:
        """Return the sums of the losses and the number of images of all processes."""
        self.read()
        counts = torch.tensor([*self.sums.values(), self.images], dtype=torch.float64)
        *sums, images = sum_over_ranks(counts).tolist()
        return dict(zip(self.sums, sums, strict=True)), int(images)

    def state_dict(self) -> dict[str, Any]:
        """Return what was met so far; its size does not depend on how much that is."""
        sums, images = self.totals()
        return {
            "seconds": time.monotonic() - self.began,
            "images": images,
            "steps": self.steps,
            "sums": sums,
            "tags": sum_over_ranks(self.tags).clone(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict`; the first process takes what all had met."""
        self.began = time.monotonic() - state["seconds"]
        self.steps, self.sums = state["steps"], dict.fromkeys(state["sums"], 0.0)
        if is_first():
            self.images, self.sums = state["images"], state["sums"]
            self.tags = state["tags"].clone()
