"""This package turns images into class logits and mask logits: backbone, pyramid, decoder."""

from getam.network.backbone import patch_stride
from getam.network.backbone_style import BACKBONE_STYLES
from getam.network.build import build_network
from getam.network.checkpointed import checkpoint_blocks
from getam.network.class_head import CLASSIFIERS
from getam.network.class_tokens import add_class_tokens
from getam.network.drop_path import drop_blocks
from getam.network.features import Features, features_from, tensors_of
from getam.network.folder import (
    DESCRIPTION,
    HUB_DESCRIPTION,
    WEIGHTS,
    ModelInfo,
    description_in,
    load_network,
    save_network,
)
from getam.network.network import Architecture, Network, NetworkOutput
from getam.network.released import RELEASED_BACKBONES, ReleasedModel, load_released, read_released
from getam.network.shared_batch_norm import share_batch_norm
from getam.network.tags import keep_tagged, weigh_by_tags
from getam.network.timm_classifier import create_classifier

__all__ = [
    "CLASSIFIERS",
    "BACKBONE_STYLES",
    "DESCRIPTION",
    "HUB_DESCRIPTION",
    "RELEASED_BACKBONES",
    "WEIGHTS",
    "Architecture",
    "Features",
    "ModelInfo",
    "Network",
    "NetworkOutput",
    "ReleasedModel",
    "add_class_tokens",
    "build_network",
    "checkpoint_blocks",
    "create_classifier",
    "description_in",
    "drop_blocks",
    "features_from",
    "load_network",
    "keep_tagged",
    "load_released",
    "patch_stride",
    "read_released",
    "save_network",
    "share_batch_norm",
    "tensors_of",
    "weigh_by_tags",
]
