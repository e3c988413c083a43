"""Replace the inputs of a network by given spikes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from .binning import Train
from .counts import SpikeCounts
from .graded import GradedSpikes
from .inputs import PoissonInput, SpikeInput
from .network import Network

__all__ = ["with_trains"]


def with_trains(network: Network, trains: Iterable[Train]) -> Network:
    """Return a network whose spiking inputs are the given ones, of the same names and sizes.

    Raises
    ------
    StimulusError
        If one of them sends payloads.
    """
    given: dict[str, Any] = {}
    for train in trains:
        if isinstance(train, GradedSpikes):
            train.refuse()
        spikes = train.as_spikes() if isinstance(train, SpikeCounts) else train
        # A train without spikes is known to be silent; otherwise the compiler would assume a rate.
        silent = not len(spikes.times)
        given[train.name] = replace(spikes, expected_rate=0.0) if silent else spikes
    return replace(
        network,
        inputs=[
            given[item.name] if isinstance(item, (PoissonInput, SpikeInput)) else item
            for item in network.inputs
        ],
        connections=[
            replace(item, source=given[item.source.name]) if item.source.name in given else item
            for item in network.connections
        ],
    )
