"""Any vision transformer and its class logits -> activation maps."""

from getam.activation.affinity import spread
from getam.activation.maps import (
    activation_maps,
    class_slot_maps,
    divide_by_maximum,
    logits_of,
    lookup_method,
    patch_grid,
)
from getam.activation.methods import METHODS, Block
from getam.activation.record import Attention, AttentionRecorder

__all__ = [
    "METHODS",
    "Attention",
    "AttentionRecorder",
    "Block",
    "activation_maps",
    "class_slot_maps",
    "divide_by_maximum",
    "logits_of",
    "lookup_method",
    "patch_grid",
    "spread",
]
