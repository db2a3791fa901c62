"""This package holds the dense CRF and the dense energy loss, in torch and without a compiler."""

from getam.crf.energy import dense_energy, dense_energy_loss
from getam.crf.lattice import Lattice, build_lattice
from getam.crf.mean_field import DenseCRF, dense_crf
from getam.crf.settings import PRESETS, Settings

__all__ = [
    "PRESETS",
    "DenseCRF",
    "Lattice",
    "Settings",
    "build_lattice",
    "dense_crf",
    "dense_energy",
    "dense_energy_loss",
]
