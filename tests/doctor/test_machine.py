"""The record of a machine names what a result can depend on."""

from importlib.metadata import version

import torch

from getam.doctor.machine import PACKAGES, machine


def test_the_record() -> None:
    here = machine()
    assert here["threads"] == torch.get_num_threads()
    assert here["versions"] == {name: version(name) for name in PACKAGES}
    assert "torch" in here["versions"]
