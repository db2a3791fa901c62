"""An epoch meter counts what is known of an epoch so far: losses, speed, how well tags are told.

Its size does not grow with the epoch, so a checkpoint stays small and a log line costs nothing.
"""

import time
from typing import Any

import torch
from torch import Tensor
from torchmetrics.classification import MultilabelAveragePrecision

from getam.data import Batch
from getam.training.step import StepOutput

THRESHOLDS = 200  # of the class probabilities, at which precision and recall are counted
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
        self.unread: list[tuple[Tensor, Tensor]] = []  # losses [parts]; P(tag) and tags [B, 2, C]
        self.tags = MultilabelAveragePrecision(
            num_classes, thresholds=THRESHOLDS, ignore_index=UNKNOWN, validate_args=False
        )

    def add(self, batch: Batch, output: StepOutput) -> None:
        """Take one step into the means; those of another phase begin anew."""
        if output.losses.keys() != self.sums.keys():
            self.read()
            self.sums, self.steps = dict.fromkeys(output.losses, 0.0), 0
        losses = torch.stack(list(output.losses.values())).detach().float()
        tags = batch.labels.masked_fill(~batch.known, UNKNOWN)
        told = torch.stack([output.class_logits.detach().float().sigmoid(), tags], 1)
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
            self.sums[name] += value
        probability, tags = joined[split:].view(-1, *told[0].shape[1:]).unbind(1)
        self.tags.update(probability, tags.long())
        self.unread = []

    def running(self) -> dict[str, float]:
        """Return the mean losses by name, and images per second."""
        self.read()
        means = {name: total / self.steps for name, total in self.sums.items()}
        return {**means, "images_per_second": self.images / (time.monotonic() - self.began)}

    def whole(self) -> dict[str, float]:
        """Return the same with the mean average precision of the tags, for the end of an epoch."""
        return {**self.running(), "mAP": float(self.tags.compute())}

    def state_dict(self) -> dict[str, Any]:
        """Return what was met so far; its size does not depend on how much that is."""
        self.read()
        return {
            "seconds": time.monotonic() - self.began,
            "images": self.images,
            "steps": self.steps,
            "sums": self.sums,
            "tags": self.tags.metric_state,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict`."""
        self.began = time.monotonic() - state["seconds"]
        self.images, self.steps, self.sums = state["images"], state["steps"], state["sums"]
        self.tags.confmat = state["tags"]["confmat"]
