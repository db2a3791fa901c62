"""This package says what getam finds on this machine, and what of it will matter."""

from getam.doctor.examine import Diagnosis, examine
from getam.doctor.fact import Fact
from getam.doctor.machine import machine

__all__ = ["Diagnosis", "Fact", "examine", "machine"]
