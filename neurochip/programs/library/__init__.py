"""The library of neuron programs. Each function takes the core whose widths the program has."""

from collections.abc import Callable
from types import MappingProxyType

from ..program import NeuronProgram
from .adaptive import lif_adaptive
from .coding import delta, sigma, sigma_delta, sigma_delta_identity
from .graded import graded_product, graded_product_of_last, graded_relu, graded_vector
from .lif import lif, lif_soft_reset, lif_two_inputs
from .resonators import resonate_and_fire, rf_izhikevich
from .snntorch import snntorch
from .ternary import ternary

__all__ = [
    "PROGRAMS",
    "delta",
    "graded_product",
    "graded_product_of_last",
    "graded_relu",
    "graded_vector",
    "lif",
    "lif_adaptive",
    "lif_soft_reset",
    "lif_two_inputs",
    "resonate_and_fire",
    "rf_izhikevich",
    "sigma",
    "sigma_delta",
    "sigma_delta_identity",
    "snntorch",
    "ternary",
]

PROGRAMS: MappingProxyType[str, Callable[..., NeuronProgram]] = MappingProxyType(
    {
        function.__name__: function
        for function in (
            lif,
            lif_soft_reset,
            lif_two_inputs,
            lif_adaptive,
            snntorch,
            ternary,
            delta,
            sigma_delta,
            sigma_delta_identity,
            sigma,
            resonate_and_fire,
            rf_izhikevich,
            graded_vector,
            graded_relu,
            graded_product,
            graded_product_of_last,
        )
    }
)
"""All programs of the library by name: functions of a core, such as ``PROGRAMS["lif"](core)``."""
