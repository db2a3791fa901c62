"""Any vision transformer and its class logits -> activation maps."""

from getam.activation.affinity import spread
from getam.activation.lookup import lookup_method, method_names
from getam.activation.maps import (
    activation_maps,
    class_slot_maps,
    divide_by_maximum,
    logits_of,
    recorder_for,
)
from getam.activation.methods import METHODS, Method
from getam.activation.record import Attention, AttentionRecorder
from getam.activation.recording import Block, Recording, Tokens

__all__ = [
    "METHODS",
    "Attention",
    "AttentionRecorder",
    "Block",
    "Method",
    "Recording",
    "Tokens",
    "activation_maps",
    "class_slot_maps",
    "divide_by_maximum",
    "logits_of",
    "lookup_method",
    "method_names",
    "recorder_for",
    "spread",
]
