"""The labeller turns a recorded forward pass into pseudo labels of the present classes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from getam.activation import (
    AttentionRecorder,
    Frame,
    Setting,
    class_slot_maps,
    divide_as_released,
    divide_by_maximum,
    enlarge_aligning_edges,
    lookup_method,
    recorder_for,
    slot_table,
)
from getam.crf import PRESETS, dense_crf
from getam.data import Batch
from getam.pseudo_label.complete import (
    DEFAULT_RULES,
    WITHOUT_SALIENCY,
    check_rule,
    complete_labels,
)
from getam.pseudo_label.refine import ITERATIONS, refine
from getam.vocabulary import BACKGROUND, IGNORE

BELIEF = 0.7  # in a label before the dense CRF, as in AffinityNet (Ahn & Kwak 2018) and since


class PseudoLabels(NamedTuple):
    """Pseudo labels are all that was made of one batch; no photo has more than K classes.

    Attributes
    ----------
    classes
        The K_b present class indices of each photo; they name the map slots.
    activation_maps
        float32 [B, K, h, w] in 0..1, each divided by its maximum; slots beyond K_b are zero.
    refined_maps
        float32 [B, K, H, W] in 0..1, each divided by its maximum.
    label
        int64 [B, H, W]: 0 background, class + 1, 255 undecided or padding.
    """

    classes: list[list[int]]
    activation_maps: Tensor
    refined_maps: Tensor
    label: Tensor


@dataclass(frozen=True)
class Labeller:
    """A labeller joins maps, refinement and completion, and holds every setting of the three.

    Attributes
    ----------
    method, first_block
        As :func:`getam.activation_maps`.
    affinity
        How often :func:`getam.activation.spread` spreads the maps; 0 leaves them as published.
    iterations
        Iterations of :func:`getam.refine`; 0 only enlarges.
    scale
        Size at which maps are refined and completed, relative to the photo. One half costs a
        quarter of the time.
    crf
        Whether a dense CRF moves the completed label to the photo's edges and decides every pixel.
    rule, settings
        As :func:`getam.complete_labels`.
    """

    method: str = "getam"
    first_block: int = 6
    affinity: int = 0
    iterations: int = ITERATIONS
    scale: float = 1.0
    crf: bool = False
    rule: str | None = None
    settings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if lookup_method(self.method).reads == "windows":
            raise ValueError(f"method {self.method!r} needs windowed attention, networks have none")
        self.recorder()  # raises if first_block or affinity are no counts
        check_rule(self.rule, self.settings)

    def check(self, *, has_saliency: bool) -> None:
        """Raise a ValueError, before a long run starts, if the rule does not go with the data."""
        rule = self.rule or DEFAULT_RULES[not has_saliency]
        check_rule(rule, self.settings)
        if rule not in WITHOUT_SALIENCY and not has_saliency:
            raise ValueError(
                f'rule "{rule}" needs saliency maps: give their folder, or use "thresholds"'
            )

    @property
    def map_setting(self) -> Setting:
        """Return the setting of the maps."""
        return Setting(self.method, self.first_block)

    def recorder(self) -> AttentionRecorder:
        """Return the context in which the forward pass must run.

        A pass that trains nothing should run under ``no_grad`` too: the graph then begins at the
        first block that counts.
        """
        return recorder_for([self.map_setting], affinity=self.affinity)

    def __call__(
        self,
        recorder: AttentionRecorder,
        class_logits: Tensor,
        batch: Batch,
        *,
        grid: tuple[int, int],
        labelled: Tensor,
    ) -> PseudoLabels:
        """Label a batch from its own forward pass, whose graph stays alive for the loss.

        Parameters
        ----------
        recorder
            The recorder that saw the forward pass of ``class_logits`` [B, C].
        batch
            The photos with their tags, and their saliency if there is any.
        grid
            The patches (h, w); they may reach beyond an image that was padded to whole patches.
        labelled
            [B, H, W] bool; pixels outside become 255.
        """
        maps = self.maps(recorder, class_logits, batch, grid=grid)
        return self.label(maps, batch, labelled=labelled)

    def maps(
        self,
        recorder: AttentionRecorder,
        class_logits: Tensor,
        batch: Batch,
        *,
        grid: tuple[int, int],
    ) -> Tensor:
        """Return the maps of the present classes, float32 [B, K, h, w] in 0..1.

        Arguments are those of a call. The graph stays alive for the loss.
        """
        frame = Frame.of(recorder, class_logits, settings=[self.map_setting], grid=grid)
        (maps,) = class_slot_maps(frame, batch.classes, affinity=self.affinity, keep_graph=True)
        # Raw values may be so small that the 1e-5 of the released code would shrink them.
        return divide_by_maximum(maps)

    @torch.no_grad()
    def label(self, maps: Tensor, batch: Batch, *, labelled: Tensor) -> PseudoLabels:
        """Refine maps [B, K, h, w] of the present classes, in 0..1, and complete them to labels."""
        small = resized(batch.image.float(), self.scale)
        refined = divide_as_released(refine(maps, small, iterations=self.iterations))
        slots = slot_table(batch.classes).to(refined.device, non_blocking=True)
        salient = batch.saliency
        if salient is not None:
            salient = resized(salient[:, None], self.scale)[:, 0]
        label = complete_labels(
            refined, (slots > 0).float(), salient, rule=self.rule, **self.settings
        )
        if self.crf:
            label = sharpen(label, slots > 0, small)
        if self.scale != 1:
            size = batch.image.shape[-2:]
            refined = enlarge_aligning_edges(refined, size)
            label = interpolate(label[:, None].float(), size, mode="nearest")[:, 0].long()
        return pseudo_labels(batch, maps, refined, label, labelled=labelled)


def pseudo_labels(
    batch: Batch, maps: Tensor, refined: Tensor, label: Tensor, *, labelled: Tensor
) -> PseudoLabels:
    """Return pseudo labels whose label names classes, and is undecided where nothing is known.

    Parameters
    ----------
    batch
        The photos with their tags.
    maps
        [B, K, h, w] in 0..1.
    refined
        [B, K, H, W] in 0..1.
    label
        int64 [B, H, W]: 0 background, slot + 1, 255 undecided.
    labelled
        [B, H, W] bool; pixels outside become 255.
    """
    slots = slot_table(batch.classes).to(label.device, non_blocking=True)
    label = without_unknown(slots_to_classes(label, slots), batch.known)
    return PseudoLabels(batch.classes, maps, refined, label.masked_fill(~labelled, IGNORE))


def without_unknown(label: Tensor, known: Tensor) -> Tensor:
    """Return a label image whose background is undecided where a photo may show a class unseen.

    Parameters
    ----------
    label
        int64 [B, H, W]: 0 background, class + 1, 255 undecided.
    known
        [B, C] bool, False if it is unknown whether the photo shows the class.
    """
    unsure = ~known.all(1)[:, None, None]
    return label.masked_fill(unsure & (label == BACKGROUND), IGNORE)


def resized(image: Tensor, scale: float) -> Tensor:
    """Bring an image [B, C, H, W] to a relative size, averaged over the area of each new pixel."""
    if scale == 1:
        return image
    size = [max(1, round(side * scale)) for side in image.shape[-2:]]
    return interpolate(image, size, mode="area")


def sharpen(label: Tensor, present: Tensor, image: Tensor) -> Tensor:
    """Move a label image to the photo's edges by a dense CRF (AffinityNet's use of it).

    Each label is believed to ``BELIEF``, and background and the other present classes share the
    rest. An undecided pixel believes them all alike, and is decided.

    Parameters
    ----------
    label
        int64 [B, H, W]: 0 background, slot + 1, 255 undecided.
    present
        [B, K], positive where a slot is used.
    image
        [B, 3, H, W] in 0..255.
    """
    background = present.new_ones(len(present), 1)
    possible = torch.cat([background, present], 1) > 0  # [B, K + 1]
    count = possible.sum(1).view(-1, 1, 1, 1)
    chosen = (
        torch.arange(possible.shape[1], device=label.device).view(1, -1, 1, 1) == label[:, None]
    )
    believed = torch.where(chosen, BELIEF, (1 - BELIEF) / (count - 1).clamp_min(1))
    believed = torch.where(label[:, None] == IGNORE, 1 / count, believed)
    believed = believed * possible[:, :, None, None]
    return dense_crf(believed, image, **PRESETS["maps"]).argmax(1)


def slots_to_classes(label: Tensor, slots: Tensor) -> Tensor:
    """Replace slot numbers 1..K in a label image [B, H, W] by the class values of the table."""
    values = torch.full((len(slots), IGNORE + 1), IGNORE, device=label.device)
    values[:, BACKGROUND] = BACKGROUND
    values[:, 1 : slots.shape[1] + 1] = slots
    return values.gather(1, label.flatten(1)).view_as(label)
