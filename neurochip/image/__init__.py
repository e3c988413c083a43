"""The image of a chip: all registers as integers, what they mean, and the compile report."""

from .chip_image import ChipImage
from .parts import Compartments, Noise, SynapseGroup
from .symbols import InputSymbol, PopulationSymbol, Symbols

__all__ = [
    "ChipImage",
    "Compartments",
    "InputSymbol",
    "Noise",
    "PopulationSymbol",
    "Symbols",
    "SynapseGroup",
]
