"""This package makes saliency maps, which say what stands out from the background of a photo."""

from getam.saliency.lookup import AUTO, PROVIDERS, is_provider_name, make_provider, provider_names
from getam.saliency.made import (
    FOLDER,
    is_made,
    origin_of,
    record_origin,
    with_kept_saliency,
    with_made_saliency,
)
from getam.saliency.own_features import patch_features, whole_patches
from getam.saliency.provider import About, Maker, Provider

__all__ = [
    "AUTO",
    "FOLDER",
    "PROVIDERS",
    "About",
    "Maker",
    "Provider",
    "is_made",
    "is_provider_name",
    "make_provider",
    "origin_of",
    "patch_features",
    "provider_names",
    "record_origin",
    "whole_patches",
    "with_kept_saliency",
    "with_made_saliency",
]
