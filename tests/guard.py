"""The guard of `no_network` is put before this process and all that it starts."""

import os
import sys
from pathlib import Path

NO_NETWORK = str(Path(__file__).parent / "no_network")

if NO_NETWORK not in os.environ.get("PYTHONPATH", ""):
    others = filter(None, [os.environ.get("PYTHONPATH")])
    os.environ["PYTHONPATH"] = os.pathsep.join([NO_NETWORK, *others])
if not hasattr(sys.modules.get("sitecustomize"), "CALLS"):
    sys.path.insert(0, NO_NETWORK)
    sys.modules.pop("sitecustomize", None)  # that of the system, if it has one

from sitecustomize import CALLS  # noqa: E402

__all__ = ["CALLS"]
