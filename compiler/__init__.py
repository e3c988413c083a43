"""Maps a network in physical units onto the integer registers of a chip.

``compile_network(network, LOIHI, dt=0.1)`` returns a ``ChipImage``. For every parameter, its
``report`` lists the value of the network, the registers, the value that they stand for, and the
error. ``explain_fit`` reports which resource keeps a network from fitting, and which changes help.
"""

from neurochip.errors import CompileError

from . import sections as sections  # describes the results for notebooks
from .fit import FitReport, FitRow, explain_fit
from .options import OPTIONS, CompileOptions, Option
from .pipeline import compile_network
from .time_step import DtCandidate, DtChoice, choose_dt

__all__ = [
    "OPTIONS",
    "CompileError",
    "CompileOptions",
    "DtCandidate",
    "DtChoice",
    "FitReport",
    "FitRow",
    "Option",
    "choose_dt",
    "compile_network",
    "explain_fit",
]
