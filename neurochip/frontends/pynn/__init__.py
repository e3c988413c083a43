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
from .cells import (
    LIF,
    CurrExpPostSynapticResponse,
    IF_cond_exp,
    IF_curr_delta,
    IF_curr_exp,
    PointNeuron,
)
from .comparing import compare
from .control import (
    compile,  # noqa: A004 - the word for it
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
from .plasticity import (
    AdditiveWeightDependence,
    MultiplicativeWeightDependence,
    SpikePairRule,
    STDPMechanism,
)
from .populations import Assembly, Population, PopulationView
from .procedural_api import connect, create, record, record_gsyn, record_v, set  # noqa: A004 - PyNN's name
from .projections import Projection
from .sources import (
    SpikeSourceArray,
    SpikeSourceGamma,
    SpikeSourceInhGamma,
    SpikeSourcePoisson,
    SpikeSourcePoissonRefractory,
)
from .synapses import StaticSynapse
from .unavailable import UNAVAILABLE, refused_models

__all__ = [
    "GSLRNG",
    "LIF",
    "UNAVAILABLE",
    "ACSource",
    "AdditiveWeightDependence",
    "AllToAllConnector",
    "ArrayConnector",
    "Assembly",
    "CSAConnector",
    "CloneConnector",
    "CurrExpPostSynapticResponse",
    "DCSource",
    "DisplacementDependentProbabilityConnector",
    "DistanceDependentProbabilityConnector",
    "FixedNumberPostConnector",
    "FixedNumberPreConnector",
    "FixedProbabilityConnector",
    "FixedTotalNumberConnector",
    "FromFileConnector",
    "FromListConnector",
    "IF_cond_exp",
    "IF_curr_delta",
    "IF_curr_exp",
    "IndexBasedExpression",
    "IndexBasedProbabilityConnector",
    "MultiplicativeWeightDependence",
    "Network",
    "NoisyCurrentSource",
    "NumpyRNG",
    "OneToOneConnector",
    "PointNeuron",
    "Population",
    "PopulationView",
    "Projection",
    "RandomDistribution",
    "STDPMechanism",
    "Sequence",
    "SmallWorldConnector",
    "Space",
    "SpikePairRule",
    "SpikeSourceArray",
    "SpikeSourceGamma",
    "SpikeSourceInhGamma",
    "SpikeSourcePoisson",
    "SpikeSourcePoissonRefractory",
    "StandardCellType",
    "StaticSynapse",
    "StepCurrentSource",
    "compare",
    "compile",
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

__all__ += list(UNAVAILABLE)
globals().update(refused_models())

sys.modules["pyNN.neurochip"] = sys.modules[__name__]
pyNN.neurochip = sys.modules[__name__]
__name__ = "pyNN.neurochip"  # as PyNN's back ends are called, also in names of files


def list_standard_models() -> list[str]:
    """Return the names of the cell types that run with the present ``setup``."""
    found = []
    for name in __all__:
        item = globals()[name]
        if isinstance(item, type) and issubclass(item, StandardCellType):
            conductances = item is IF_cond_exp and simulator.state.conductances is None
            found += [] if conductances or item in {PointNeuron, StandardCellType} else [name]
    return found
