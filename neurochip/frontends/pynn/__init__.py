"""PyNN scripts on the emulated chip: ``import neurochip.frontends.pynn as sim``.

After this module is imported, PyNN knows it as ``pyNN.neurochip``, too, so that
``pyNN.utility.get_simulator`` and ``import_module("pyNN.neurochip")`` find it. ``python -m
neurochip.frontends.pynn SCRIPT`` runs a script that asks PyNN for its simulator.
"""

import sys

from ..._support.shadowing import check_compiler
from ...errors import MissingExtraError

try:
    import pyNN
except ImportError as problem:
    raise MissingExtraError(
        f"neurochip.frontends.pynn: PyNN cannot be imported ({problem}). It is an extra: "
        'pip install "neurochip[pynn]".'
    ) from None
else:
    check_compiler()

from pyNN import errors, random, space
from pyNN.connectors import (
    AllToAllConnector,
    ArrayConnector,
    CloneConnector,
    CSAConnector,
    DisplacementDependentProbabilityConnector,
    DistanceDependentProbabilityConnector,
    FixedNumberPostConnector,
    FixedNumberPreConnector,
    FixedProbabilityConnector,
    FixedTotalNumberConnector,
    FromFileConnector,
    FromListConnector,
    IndexBasedProbabilityConnector,
    OneToOneConnector,
    SmallWorldConnector,
)
from pyNN.core import IndexBasedExpression
from pyNN.network import Network
from pyNN.parameters import Sequence
from pyNN.random import GSLRNG, NumpyRNG, RandomDistribution
from pyNN.recording import get_io
from pyNN.space import Space
from pyNN.standardmodels import StandardCellType

from . import simulator
from .cells import IF_curr_delta, IF_curr_exp
from .control import (
    end,
    get_current_time,
    get_max_delay,
    get_min_delay,
    get_time_step,
    initialize,
    num_processes,
    rank,
    reset,
    run,
    run_for,
    run_until,
    setup,
)
from .electrodes import ACSource, DCSource, NoisyCurrentSource, StepCurrentSource
from .populations import Assembly, Population, PopulationView
from .procedural_api import connect, create, record, record_gsyn, record_v, set  # noqa: A004 - PyNN's name
from .projections import Projection
from .sources import (
    SpikeSourceArray,
    SpikeSourceGamma,
    SpikeSourcePoisson,
    SpikeSourcePoissonRefractory,
)
from .synapses import (
    ElectricalSynapse,
    MultiQuantalSynapse,
    SimpleStochasticSynapse,
    StaticSynapse,
    StochasticTsodyksMarkramSynapse,
    TsodyksMarkramSynapse,
)

__all__ = [
    "GSLRNG",
    "ACSource",
    "AllToAllConnector",
    "ArrayConnector",
    "Assembly",
    "CSAConnector",
    "CloneConnector",
    "DCSource",
    "DisplacementDependentProbabilityConnector",
    "DistanceDependentProbabilityConnector",
    "ElectricalSynapse",
    "FixedNumberPostConnector",
    "FixedNumberPreConnector",
    "FixedProbabilityConnector",
    "FixedTotalNumberConnector",
    "FromFileConnector",
    "FromListConnector",
    "IF_curr_delta",
    "IF_curr_exp",
    "IndexBasedExpression",
    "IndexBasedProbabilityConnector",
    "MultiQuantalSynapse",
    "Network",
    "NoisyCurrentSource",
    "NumpyRNG",
    "OneToOneConnector",
    "Population",
    "PopulationView",
    "Projection",
    "RandomDistribution",
    "Sequence",
    "SimpleStochasticSynapse",
    "SmallWorldConnector",
    "Space",
    "SpikeSourceArray",
    "SpikeSourceGamma",
    "SpikeSourcePoisson",
    "SpikeSourcePoissonRefractory",
    "StandardCellType",
    "StaticSynapse",
    "StepCurrentSource",
    "StochasticTsodyksMarkramSynapse",
    "TsodyksMarkramSynapse",
    "connect",
    "create",
    "end",
    "errors",
    "get_current_time",
    "get_io",
    "get_max_delay",
    "get_min_delay",
    "get_time_step",
    "initialize",
    "list_standard_models",
    "num_processes",
    "random",
    "rank",
    "record",
    "record_gsyn",
    "record_v",
    "reset",
    "run",
    "run_for",
    "run_until",
    "set",
    "setup",
    "simulator",
    "space",
]

sys.modules["pyNN.neurochip"] = sys.modules[__name__]
pyNN.neurochip = sys.modules[__name__]


def list_standard_models() -> list[str]:
    """Return the names of all models of cells that can run."""
    return [
        name
        for name, item in globals().items()
        if isinstance(item, type) and issubclass(item, StandardCellType) and hasattr(item, "units")
    ]
