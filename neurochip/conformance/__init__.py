"""Conformance check: the emulator repeats recorded runs of other emulators bit for bit."""

from .check import VECTOR_CHIP, Difference, check_case, image_of
from .vectors import PEERS, Case, Output, load_case

__all__ = [
    "PEERS",
    "VECTOR_CHIP",
    "Case",
    "Difference",
    "Output",
    "check_case",
    "image_of",
    "load_case",
]
