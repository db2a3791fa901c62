"""Pseudo labels are made from what class tokens attend to (MCTformer, Xu et al., TPAMI 2024)."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch
from torch import Tensor

from getam.activation import AttentionRecorder, divide_by_maximum, of_slots, slot_table
from getam.data import Batch
from getam.network import Network
from getam.pseudo_label import Labeller, PseudoLabels
from getam.training.parts.class_tokens import (
    PatchMaps,
    class_token_rows,
    fused_maps,
    number_of_class_tokens,
    refined_maps,
)


class LastTokens(AttentionRecorder):
    """This recorder keeps the tokens of the last block, before the last norm, too.

    Parameters
    ----------
    network
        The network that will run.

    Attributes
    ----------
    last
        [B, N, D] of the last forward pass.
    """

    last: Tensor

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.block = network.backbone.blocks[-1]

    def __enter__(self) -> Any:
        """Watch the last block."""
        self.handle = self.block.register_forward_hook(self._keep)
        return super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        value: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        """Watch it no longer."""
        super().__exit__(kind, value, trace)
        self.handle.remove()

    def _keep(self, _module: object, _inputs: object, output: Tensor) -> None:
        self.last = output


@dataclass(frozen=True)
class ClassTokenMaps:
    """This label source joins the attention of class tokens with the patch maps.

    Attributes
    ----------
    network
        A network with class tokens.
    patch_maps
        The part of the loss that makes the patch maps.
    labeller
        The labeller that refines and completes the maps.
    """

    network: Network
    patch_maps: PatchMaps
    labeller: Labeller

    def __post_init__(self) -> None:
        number_of_class_tokens(self.network)  # raises if there are none

    def recorder(self) -> LastTokens:
        """Return the context in which the forward pass must run."""
        return LastTokens(self.network)

    def __call__(
        self,
        recorder: AttentionRecorder,
        class_logits: Tensor,  # noqa: ARG002 - the maps need no gradient
        batch: Batch,
        *,
        grid: tuple[int, int],
        labelled: Tensor,
    ) -> PseudoLabels:
        """Label a batch; see :meth:`Labeller.__call__`."""
        assert isinstance(recorder, LastTokens)
        patches, classes = grid[0] * grid[1], self.network.num_classes
        last = recorder.last[:, -patches:].float()
        with torch.no_grad(), torch.autocast(last.device.type, enabled=False):
            of_patches = self.patch_maps.maps(last, grid)
            rows = class_token_rows(recorder.calls, grid=grid, classes=classes)
            maps = refined_maps(fused_maps(rows, of_patches), recorder.calls)
            slots = slot_table(batch.classes).to(maps.device, non_blocking=True)
            maps = divide_by_maximum(of_slots(maps, slots))
        return self.labeller.label(maps, batch, labelled=labelled)
