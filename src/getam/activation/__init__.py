"""Any vision transformer and its class logits become activation maps.

A photo goes through the modules in this order:

* ``forward`` runs a model once, and ``recorder`` observes its attention (``attention``).
* ``frame`` holds what was recorded, cut to the blocks that count (``setting``).
* ``slots`` takes the k-th class of every photo in turn (``scores``). The usual block is recognised
  (``pre_norm_trace``), and its gradient is written out (``pre_norm``) for pairs of a photo and a
  class (``pairs``). Automatic differentiation serves all other models.
* ``recording`` is what one class left in the blocks, and ``methods`` turn it into a map.
* ``affinity`` spreads a map, ``scaling`` and ``enlarge`` bring it to 0..1 and to the photo's size.

``maps`` is all of that in one call. ``windows`` serves Swin. ``lookup`` finds methods of others.
"""

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
from getam.activation.scores import of_slots, slot_table
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
    "of_slots",
    "patch_affinity",
    "patch_attention",
    "recorder_for",
    "slot_table",
    "spread",
    "unit_range",
]
