"""Any vision transformer and its class logits become activation maps."""

from getam.activation.affinity import patch_affinity, patch_attention, spread
from getam.activation.attention import Attention
from getam.activation.enlarge import enlarge_aligning_corners, enlarge_aligning_edges
from getam.activation.forward import logits_of, recorder_for
from getam.activation.frame import Frame
from getam.activation.lookup import lookup_method, method_names
from getam.activation.maps import activation_maps, maps_of_settings
from getam.activation.methods import METHODS, Method
from getam.activation.recorder import AttentionRecorder
from getam.activation.recording import Block, Recording, Tokens
from getam.activation.scaling import divide_as_released, divide_by_maximum, unit_range
from getam.activation.scores import slot_table
from getam.activation.setting import Setting
from getam.activation.slots import class_slot_maps

__all__ = [
    "METHODS",
    "Attention",
    "AttentionRecorder",
    "Block",
    "Frame",
    "Method",
    "Recording",
    "Setting",
    "Tokens",
    "activation_maps",
    "class_slot_maps",
    "divide_as_released",
    "divide_by_maximum",
    "enlarge_aligning_corners",
    "enlarge_aligning_edges",
    "logits_of",
    "lookup_method",
    "maps_of_settings",
    "method_names",
    "patch_affinity",
    "patch_attention",
    "recorder_for",
    "slot_table",
    "spread",
    "unit_range",
]
