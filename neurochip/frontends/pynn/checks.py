"""Checks of what a script gives to a projection, where PyNN's own errors do not say enough."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN import errors
from pyNN.common import Assembly
from pyNN.common.populations import BasePopulation
from pyNN.connectors import SmallWorldConnector

from . import simulator
from .plasticity import STDPMechanism
from .sources import is_source
from .synapses import StaticSynapse

__all__ = ["check_arguments"]


def check_arguments(pre: Any, post: Any, connector: Any, synapse_type: Any) -> None:
    """Raise unless a projection may be made; other mistakes are left to PyNN.

    Parameters
    ----------
    pre, post : Population, PopulationView or Assembly
        Its ends.
    connector : Connector
        Its connector.
    synapse_type : StaticSynapse, STDPMechanism or None
        Its synapses.

    Raises
    ------
    TypeError
        If the synapses are not of this simulator, whose weights have units of their own.
    NotImplementedError
        For a connector of which PyNN has no code.
    ConnectionError
        If a target is a spike source, or an array of a parameter has not the shape of all pairs.
    FrontendError
        If an end was made before the last ``setup``.
    """
    if not isinstance(synapse_type, (StaticSynapse, STDPMechanism, type(None))):
        raise TypeError(
            f"Projection: synapse_type = {synapse_type!r} of {type(synapse_type).__module__}; "
            "allowed: StaticSynapse(...) or STDPMechanism(...) of this simulator."
        )
    if isinstance(connector, SmallWorldConnector):
        raise NotImplementedError(
            "Projection: PyNN has no code for SmallWorldConnector. What works: "
            'DistanceDependentProbabilityConnector("d < degree").'
        )
    ends = (pre, post)
    if not all(isinstance(end, (BasePopulation, Assembly)) for end in ends):
        return
    for end in ends:
        simulator.state.check_present(end)
    for cells in getattr(post, "populations", [post]):
        if is_source(cells):
            raise errors.ConnectionError(
                f"Projection onto {post.label!r}: {cells.label!r} are spike sources, which receive "
                "no spikes; allowed: neurons."
            )
    shape = tuple(end.size for end in ends)
    for name, value in () if synapse_type is None else synapse_type.parameter_space.items():
        given = value.base_value
        if isinstance(given, np.ndarray) and given.shape not in {(), shape}:
            raise errors.ConnectionError(
                f"Projection from {pre.label!r} to {post.label!r}: {name} of shape {given.shape}; "
                f"allowed: a number, an array of shape {shape}, a RandomDistribution or an "
                "expression of distances."
            )
