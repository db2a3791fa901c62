"""The names to start with are found on first use, and no others."""

import subprocess
import sys

import pytest

import getam


def test_every_name_is_found_and_listed() -> None:
    for name in getam.__all__:
        assert getattr(getam, name) is not None
    assert dir(getam) == sorted(getam.__all__)
    with pytest.raises(AttributeError, match="trian"):
        _ = getam.trian


def test_the_package_alone_imports_no_torch() -> None:
    code = "import getam, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
