"""Converts Brian2 objects to a Network and a Stimulus for the rest of neurochip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import SpikeMonitor
from brian2.core.namespace import get_local_namespace

from ...errors import FrontendError
from ...network import Network, SpikeInput
from ...stimulus import Stimulus
from ..session import stimulus_of, stimulus_with
from .following import depends_on_run, follow, put_back
from .inputs import changes_with_time, draw, known_spikes
from .objects import as_network, at_zero, common_clock, inputs_in_order
from .reading import read_network
from .times import run_length

__all__ = ["Imported", "from_brian2", "recorded_stimulus"]


@dataclass(frozen=True, eq=False)
class Imported:
    """Result of :func:`from_brian2`.

    Parameters
    ----------
    network : Network
        The same model in the units of this package.
    stimulus : Stimulus or None
        Spikes of its inputs, if a duration was given.
    dt : float, ms
        Step of the Brian2 objects, for example for :func:`compiler.compile_network`.
    """

    network: Network
    stimulus: Stimulus | None
    dt: float


def from_brian2(
    *objects: Any, duration: Any = None, namespace: Mapping[str, Any] | None = None
) -> Imported:
    """Read Brian2 objects before they run.

    Parameters
    ----------
    objects : brian2.Network, or Brian2 objects
        Objects to read, at time 0. Monitors are ignored.
    duration : Quantity, optional
        Draw the spikes of all inputs for this time, as Brian2 would draw them next.
    namespace : dict, optional
        Names in the equations. Default: the names at the call of this function.

    Returns
    -------
    Imported
        Network, stimulus and dt.

    Raises
    ------
    FrontendError
        If an object cannot be mapped, or the network is not at time 0.
    """
    if namespace is None:
        namespace = get_local_namespace(level=1)
    net = as_network(objects)
    active = at_zero(net, "from_brian2")
    if duration is None:
        reading = read_network(net, namespace)
        return Imported(reading.network, None, reading.dt)
    run_length("from_brian2", duration)
    clock = common_clock(net, active)
    n_steps = int(clock._calc_timestep(float(duration)))
    inputs = inputs_in_order(net.sorted_objects)
    # All that can be refused is refused before a number is drawn: a long run draws for long.
    reading = read_network(net, namespace, known_spikes(inputs, 0, n_steps), n_steps)
    if any(map(depends_on_run, inputs)):
        with put_back(net):
            spikes = follow(net, duration, namespace, inputs)
    else:
        spikes = draw(inputs, clock, 0, n_steps, namespace)
    if any(changes_with_time(source, namespace) for source in inputs):
        reading = read_network(net, namespace, spikes, n_steps)
    stimulus = stimulus_of(reading.network, spikes, n_steps * reading.dt, reading.dt)
    return Imported(reading.network, stimulus, reading.dt)


def recorded_stimulus(imported: Imported, *monitors: Any, duration: Any) -> Stimulus:
    """Return the input spikes of a run in Brian2, as its SpikeMonitors recorded them.

    Parameters
    ----------
    imported : Imported
        The network, read before that run.
    monitors : brian2.SpikeMonitor
        One monitor of each PoissonGroup, for all of its sources. A SpikeGeneratorGroup needs none.
    duration : Quantity
        Length of the run.

    Returns
    -------
    Stimulus
        The input spikes, with that duration.

    Raises
    ------
    FrontendError
        If an input was not recorded, or the duration is not that of the run.
    """
    recorded = {}
    for monitor in monitors:
        if not isinstance(monitor, SpikeMonitor) or not monitor.record:
            raise FrontendError(
                f"recorded_stimulus: {monitor!r}; allowed: a SpikeMonitor with record=True."
            )
        recorded[monitor.source.name] = monitor
    length = run_length("recorded_stimulus", duration)
    trains = []
    for item in imported.network.spike_inputs:
        if item.name in recorded:
            steps = np.round(recorded[item.name].t_[:] * 1e3 / imported.dt)
            ids = np.array(recorded[item.name].i[:])
            trains.append(SpikeInput(item.name, item.size, ids, steps * imported.dt))
            if len(steps) and steps[-1] * imported.dt >= length:
                raise FrontendError(
                    f"recorded_stimulus: a spike of {item.name!r} at {steps[-1] * imported.dt:g} "
                    f"ms lies after the duration of {length:g} ms; give the duration of the run."
                )
        elif isinstance(item, SpikeInput):
            trains.append(item)
        else:
            raise FrontendError(
                f"recorded_stimulus: no monitor recorded the input {item.name!r}; add a "
                "SpikeMonitor of it before the run."
            )
    return stimulus_with(imported.network, length, trains)
