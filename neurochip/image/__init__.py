"""The chip image: all registers as integers, their names and units, and the compile report."""

from . import sections as sections  # describes the results for notebooks
from .chip_image import ChipImage
from .convolution import Convolution
from .drive import DriveSymbol
from .gains import MomentGain, PowerGain
from .learning import GivenTrace, Learning, Plasticity
from .parts import Compartments, Noise, SynapseGroup
from .program_group import PeriodicReset, ProgramGroup
from .symbols import InputSymbol, PopulationSymbol, ReceptorSymbol, Symbols, SynapseSymbol

__all__ = [
    "ChipImage",
    "Compartments",
    "Convolution",
    "DriveSymbol",
    "GivenTrace",
    "InputSymbol",
    "Learning",
    "MomentGain",
    "Noise",
    "PeriodicReset",
    "Plasticity",
    "PopulationSymbol",
    "PowerGain",
    "ProgramGroup",
    "ReceptorSymbol",
    "Symbols",
    "SynapseGroup",
    "SynapseSymbol",
]
