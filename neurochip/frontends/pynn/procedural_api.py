"""PyNN's functions for scripts without populations, and older names of its methods."""

from __future__ import annotations

from typing import Any

from pyNN import common
from pyNN.common.procedural_api import set  # noqa: A004 - PyNN's name
from pyNN.connectors import FixedProbabilityConnector

from . import simulator
from .populations import Population
from .projections import Projection
from .synapses import StaticSynapse

__all__ = ["connect", "create", "record", "record_gsyn", "record_v", "set"]

create = common.build_create(Population)
connect = common.build_connect(Projection, FixedProbabilityConnector, StaticSynapse)
record = common.build_record(simulator)


def record_v(source: Any, filename: Any) -> None:
    """Record v into a file; deprecated in PyNN, as all of these functions."""
    record(["v"], source, filename)


def record_gsyn(source: Any, filename: Any) -> None:
    """Record conductances into a file, which neurons on the chip do not have."""
    record(["gsyn_exc", "gsyn_inh"], source, filename)
