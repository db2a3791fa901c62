"""This module says which machine and which versions a run is made with, for its record."""

import os
import platform
from importlib.metadata import version
from typing import Any

import torch

from getam.device import choose_device, device_name

PACKAGES = ("getam", "torch", "torchvision", "timm", "lightning-fabric", "numpy")
"""The packages whose versions may change a result."""


def machine() -> dict[str, Any]:
    """Return the machine and the versions that a result can be traced to, as JSON can hold them."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "device": device_name(choose_device(None)),
        "versions": {name: version(name) for name in PACKAGES},
    }
