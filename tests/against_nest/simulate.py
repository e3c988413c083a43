"""Run a network of neurochip in NEST, with generators that only NEST has.

``neurochip.frontends.in_nest`` says how a network becomes NEST's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import nest
import numpy as np
from against_nest.networks import Device
from numpy.typing import NDArray

from neurochip import Network, PoissonInput, Probe, Stimulus
from neurochip.frontends.in_nest import InNest, begin, meter, samples
from neurochip.stimulus import currents_of

__all__ = ["NestRun", "simulate_nest"]

_NA = 1e3  # pA per nA


@dataclass(frozen=True, eq=False)
class NestRun:
    """Hold what NEST recorded.

    Parameters
    ----------
    inputs : dict of str to (steps, ids)
        Spikes of the sources of each input, by step.
    spikes : dict of str to (steps, ids)
        Spikes of each population, by step.
    v : dict of str to ndarray, shape (n_steps, n_recorded), mV
        v of the first neurons at the end of each step.
    currents : list of (ids, ndarray of shape (n_steps,))
        What each device gave its neurons in each step (nA).
    """

    inputs: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
    spikes: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
    v: dict[str, NDArray[np.float64]]
    currents: list[tuple[NDArray[np.int64], NDArray[np.float64]]]


def simulate_nest(
    network: Network,
    stimulus: Stimulus,
    dt: float,
    *,
    devices: tuple[Device, ...] = (),
    n_recorded: int = 0,
    seed: int = 1,
) -> NestRun:
    """Run a network in NEST; Poisson sources without given spikes are NEST's own."""
    begin(dt, seed)
    stimulus = replace(stimulus, currents=currents_of(network))
    given = {item.name for item in stimulus.trains}
    sources = {
        item.name: _poisson(item)
        for item in network.spike_inputs
        if isinstance(item, PoissonInput) and item.name not in given
    }
    probes = [
        Probe("v", item.name, range(min(n_recorded, item.size)))
        for item in network.populations
        if n_recorded
    ]
    made = InNest(network, stimulus, dt, record=probes, sources=sources)
    target = made.nodes[network.populations[0].name]
    of_devices = [(item.ids, _device(item, target, dt, made.ahead)) for item in devices]
    run = made.run()
    n_steps = run.n_steps
    return NestRun(
        inputs={item.name: made.spikes(item.name, 0, n_steps) for item in network.spike_inputs},
        spikes={name: (run.steps[name].astype(np.int64), run.ids[name]) for name in run.steps},
        v={name: trace.values for (name, _), trace in run.traces.items()},
        currents=[
            (ids, samples(device, "I", dt, made.ahead - 1, n_steps)[:, 0] / _NA)
            for ids, device in of_devices
        ],
    )


def _poisson(source: PoissonInput):
    rates = np.broadcast_to(source.rate, source.size).tolist()
    generators = nest.Create("poisson_generator", source.size, {"rate": rates})
    parrots = nest.Create("parrot_neuron", source.size)
    nest.Connect(generators, parrots, "one_to_one")
    return parrots


def _device(item: Device, target, dt: float, ahead: int):
    times = {key: item.parameters[key] + (ahead - 1) * dt for key in ("start", "stop")}
    device = nest.Create(item.kind, 1, item.parameters | times)
    nest.Connect(device, target[item.ids.tolist()], "all_to_all", {"delay": dt})
    return meter(device, "I", dt)
