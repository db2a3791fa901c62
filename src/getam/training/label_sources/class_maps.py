"""Pseudo labels are made from class maps of several sizes (ToCo, Ru et al., CVPR 2023)."""

from dataclasses import dataclass

from torch import Tensor

from getam.activation import AttentionRecorder, of_slots, slot_table
from getam.data import Batch
from getam.model import classify
from getam.network import Network
from getam.pseudo_label import PseudoLabels
from getam.pseudo_label.class_maps import check_reads_tokens, class_values, multi_scale_maps
from getam.pseudo_label.spread_labeller import LabelMaps


@dataclass(frozen=True)
class ClassMaps:
    """Class maps are a label source: the classifier says what every patch token shows.

    The network runs three times more, on the photos and their mirror images at three sizes.

    Attributes
    ----------
    network
        A network whose classifier reads the tokens after the last norm.
    label
        The function that makes labels of the maps.

    Raises
    ------
    ValueError
        If the classifier reads something else.
    """

    network: Network
    label: LabelMaps

    def __post_init__(self) -> None:
        check_reads_tokens(self.network, asked="label_source class_maps")

    def recorder(self) -> AttentionRecorder:
        """Return the context in which the forward pass must run."""
        return AttentionRecorder()

    def __call__(
        self,
        recorder: AttentionRecorder,  # noqa: ARG002 - the maps need no attention
        class_logits: Tensor,  # noqa: ARG002 - the maps need no gradient
        batch: Batch,
        *,
        grid: tuple[int, int],  # noqa: ARG002 - every size has its own
        labelled: Tensor,
    ) -> PseudoLabels:
        """Label a batch; see :meth:`getam.pseudo_label.Labeller.__call__`."""
        maps = multi_scale_maps(self.class_maps, batch.image.float())
        slots = slot_table(batch.classes).to(maps.device, non_blocking=True)
        return self.label(of_slots(maps, slots), batch, labelled=labelled)

    def class_maps(self, image: Tensor) -> Tensor:
        """Return the class head's value of every patch without its bias, [B, C, h, w]."""
        return class_values(self.network, classify(self.network, image).features)
