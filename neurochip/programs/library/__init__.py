"""The library of neuron programs. Each function takes the core whose widths the program has."""

from collections.abc import Callable
from types import MappingProxyType

from ..program import NeuronProgram
from .lif import lif, lif_soft_reset
from .sigma_delta import sigma_delta

__all__ = ["PROGRAMS", "lif", "lif_soft_reset", "sigma_delta"]

PROGRAMS: MappingProxyType[str, Callable[..., NeuronProgram]] = MappingProxyType(
    {function.__name__: function for function in (lif, lif_soft_reset, sigma_delta)}
)
"""All programs of the library by name: functions of a core, such as ``PROGRAMS["lif"](core)``."""
