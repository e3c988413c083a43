"""What a Loihi-like chip makes of a spiking network.

This module holds the names that describe a network and a chip. The stages are imported by name:
``compiler`` maps the network onto registers, ``neurochip.emulator`` runs them,
``neurochip.reference`` simulates the same network in float64, and ``neurochip.validation`` compares
the two.
"""

from .chip.spec import LOIHI, ChipSpec, CoreSpec, MeshSpec
from .errors import NeurochipError
from .network import (
    LIF,
    Connection,
    ConstantCurrent,
    LogNormal,
    Network,
    Normal,
    PoissonInput,
    Population,
    SpikeInput,
    Uniform,
    all_to_all,
    fixed_indegree,
    fixed_outdegree,
    fixed_probability,
    from_arrays,
    one_to_one,
)
from .recording import Probe, Recording
from .stimulus import Stimulus, draw_stimulus
from .version import __version__

__all__ = [
    "LIF",
    "LOIHI",
    "ChipSpec",
    "Connection",
    "ConstantCurrent",
    "CoreSpec",
    "LogNormal",
    "MeshSpec",
    "Network",
    "NeurochipError",
    "Normal",
    "PoissonInput",
    "Population",
    "Probe",
    "Recording",
    "SpikeInput",
    "Stimulus",
    "Uniform",
    "__version__",
    "all_to_all",
    "draw_stimulus",
    "fixed_indegree",
    "fixed_outdegree",
    "fixed_probability",
    "from_arrays",
    "one_to_one",
]
