"""Maps a network in physical units onto the integer registers of a chip.

``compile_network(network, LOIHI, dt=0.1)`` returns a ``ChipImage``; its ``report`` says for every
parameter what was asked, which registers it became, what they mean, and the error.
"""

from neurochip.errors import CompileError

from .options import CompileOptions
from .pipeline import compile_network
from .time_step import DtCandidate, DtChoice, choose_dt

__all__ = [
    "CompileError",
    "CompileOptions",
    "DtCandidate",
    "DtChoice",
    "choose_dt",
    "compile_network",
]
