"""The chip image: all registers as integers, their names and units, and the compile report."""

from . import sections as sections  # describes the results for notebooks
from .chip_image import ChipImage
from .drive import DriveSymbol
from .gains import MomentGain, PowerGain
from .parts import Compartments, Noise, SynapseGroup
from .symbols import InputSymbol, PopulationSymbol, ReceptorSymbol, Symbols, SynapseSymbol

__all__ = [
    "ChipImage",
    "Compartments",
    "DriveSymbol",
    "InputSymbol",
    "MomentGain",
    "Noise",
    "PopulationSymbol",
    "PowerGain",
    "ReceptorSymbol",
    "Symbols",
    "SynapseGroup",
    "SynapseSymbol",
]
