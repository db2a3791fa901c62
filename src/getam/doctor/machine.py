"""This module says which machine this is and which versions are installed, for the record."""

import os
import platform
from importlib.metadata import version
from typing import Any

import torch

PACKAGES = ("getam", "torch", "torchvision", "timm", "lightning-fabric", "numpy")
"""The packages whose versions may change a result."""


def machine() -> dict[str, Any]:
    """Return the machine and the versions that a result can be traced to, as JSON can hold them."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "device": device,
        "versions": {name: version(name) for name in PACKAGES},
    }
