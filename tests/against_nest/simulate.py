"""Run a network of neurochip in NEST.

The network has NEST's rules: ``Network(delivery="before_threshold", refractory="after_spike")``.
Populations become ``iaf_psc_exp`` or ``iaf_psc_delta``. Step n of neurochip is the step of NEST
that ends at ``(n + 1) dt``, which is also the time stamp of its spikes and samples.

- An input spike of step n is a spike of a ``spike_generator`` at ``n dt``.
- Delays are the same for currents, and dt longer for kicks of v: NEST adds a kick at the end of a
  step, neurochip before the threshold test of the next one, which is the same moment.
- A current acts dt after its generator's time, since its connection has that delay.
- NEST cannot set synaptic currents. Spikes that arrive at the end of two steps before time 0 bring
  them to their initial values, and v is set then.
"""

from __future__ import annotations

from dataclasses import dataclass

import nest
import numpy as np
from against_nest.networks import Device
from numpy.typing import NDArray

from neurochip import Network, PoissonInput, Population, StepCurrent, Stimulus

__all__ = ["NestRun", "simulate_nest"]

_NA, _NF = 1e3, 1e3  # pA per nA, pF per nF
_AHEAD = 2  # steps before time 0 that initial currents need


@dataclass(frozen=True, eq=False)
class NestRun:
    """What NEST recorded.

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
    assert (network.delivery, network.refractory) == ("before_threshold", "after_spike")
    nest.ResetKernel()
    nest.set(resolution=dt, rng_seed=seed, local_num_threads=1)
    n_steps = round(stimulus.duration / dt)
    starts = any(_starts_with_a_current(item) for item in network.populations)
    ahead = _AHEAD * starts

    nodes = {item.name: _neurons(item) for item in network.populations}
    given = {item.name: item for item in stimulus.trains}
    for item in network.spike_inputs:
        drawn = isinstance(item, PoissonInput) and item.name not in given
        nodes[item.name] = (
            _poisson(item) if drawn else _generators(item.size, given[item.name], dt, ahead)
        )
    for item in network.connections:
        pre = np.repeat(np.arange(item.source.size), np.diff(item.indptr))
        late = dt if item.target.model.delta_synapses else 0.0
        factor = 1.0 if item.target.model.delta_synapses else _NA
        _connect(
            np.asarray(nodes[item.source.name])[pre],
            np.asarray(nodes[item.target.name])[item.post],
            np.broadcast_to(item.weight, item.n_synapses) * factor,
            np.broadcast_to(item.delay, item.n_synapses) + late,
        )
    for item in network.inputs:
        if isinstance(item, StepCurrent):
            _step_current(item, nodes[item.target.name], dt, ahead)
    of_devices = [_device(item, nodes[network.populations[0].name], dt, ahead) for item in devices]

    recorders = {name: _recorder(node) for name, node in nodes.items()}
    meters = {
        item.name: _meter(nodes[item.name][: min(n_recorded, item.size)], "V_m", dt)
        for item in network.populations
        if n_recorded
    }
    if starts:
        for item in network.populations:
            _start_currents(item, nodes[item.name], dt)
        nest.Simulate(_AHEAD * dt)
        for item in network.populations:
            nodes[item.name].set(V_m=item.parameter("v_init").tolist())
    late = nest.min_delay + dt  # samples and spikes reach their recorders one delay later
    nest.Simulate(round(n_steps * dt + late, 6))

    def spikes(name: str, first: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        events = recorders[name].events
        steps = np.rint(np.asarray(events["times"]) / dt).astype(np.int64) - first - ahead
        ids = np.asarray(events["senders"]) - np.min(np.asarray(nodes[name]))
        within = (steps >= 0) & (steps < n_steps)
        steps, ids = steps[within], ids[within]
        order = np.lexsort((ids, steps))
        return steps[order], ids[order]

    return NestRun(
        inputs={item.name: spikes(item.name, 0) for item in network.spike_inputs},
        spikes={item.name: spikes(item.name, 1) for item in network.populations},
        v={name: _samples(meter, "V_m", dt, ahead + 1, n_steps) for name, meter in meters.items()},
        currents=[
            (ids, _samples(meter, "I", dt, ahead - 1, n_steps)[:, 0] / _NA)
            for ids, meter in of_devices
        ],
    )


def _starts_with_a_current(population: Population) -> bool:
    names = ("i_syn_init", "i_syn_init_E", "i_syn_init_I")
    return any(population.parameter(name).any() for name in names)


def _neurons(population: Population):
    model, get = population.model, population.parameter
    values = {
        "tau_m": get("tau_m"),
        "E_L": get("v_rest"),
        "V_reset": get("v_reset"),
        "V_th": np.nextafter(get("v_thresh"), np.inf),
        "V_m": get("v_init"),
        "t_ref": get("tau_refrac"),
        "C_m": get("cm") * _NF,
        "I_e": get("i_offset") * _NA,
    }
    if model.delta_synapses:
        kind = "iaf_psc_delta"
    else:
        kind = "iaf_psc_exp"
        both = ("tau_syn_E", "tau_syn_I") if model.two_currents else ("tau_syn_E", "tau_syn_E")
        values |= {"tau_syn_ex": get(both[0]), "tau_syn_in": get(both[1])}
    return nest.Create(
        kind, population.size, {name: column.tolist() for name, column in values.items()}
    )


def _generators(size, spikes, dt, ahead):
    """One generator for each source: it needs times above 0."""
    steps = np.rint(np.asarray(spikes.times) / dt).astype(np.int64)
    times = [np.round((np.sort(steps[spikes.ids == k]) + ahead) * dt, 6) for k in range(size)]
    return nest.Create("spike_generator", size, [{"spike_times": column} for column in times])


def _poisson(source: PoissonInput):
    rates = np.broadcast_to(source.rate, source.size).tolist()
    generators = nest.Create("poisson_generator", source.size, {"rate": rates})
    parrots = nest.Create("parrot_neuron", source.size)
    nest.Connect(generators, parrots, "one_to_one")
    return parrots


def _connect(pre, post, weight, delay) -> None:
    if len(pre):
        nest.Connect(pre, post, "one_to_one", {"weight": weight, "delay": delay})


def _step_current(item: StepCurrent, target, dt: float, ahead: int) -> None:
    times = np.round(item.times + (ahead - 1) * dt, 6)
    columns = np.broadcast_to(item.amplitudes.T, (len(target), len(times))) * _NA
    made = [{"amplitude_times": times, "amplitude_values": column} for column in columns]
    generators = nest.Create("step_current_generator", len(target), made)
    nest.Connect(generators, target, "one_to_one", {"delay": dt})


def _device(item: Device, target, dt: float, ahead: int):
    times = {key: item.parameters[key] + (ahead - 1) * dt for key in ("start", "stop")}
    device = nest.Create(item.kind, 1, item.parameters | times)
    nest.Connect(device, target[item.ids.tolist()], "all_to_all", {"delay": dt})
    return item.ids, _meter(device, "I", dt)


def _start_currents(population: Population, target, dt: float) -> None:
    for name in ("i_syn_init", "i_syn_init_E", "i_syn_init_I"):
        current = population.parameter(name)
        if current.any():
            once = nest.Create("spike_generator", 1, {"spike_times": [dt]})
            pre = np.full(population.size, once.tolist()[0])
            _connect(pre, np.asarray(target), current * _NA, np.full(population.size, dt))


def _recorder(node):
    recorder = nest.Create("spike_recorder")
    nest.Connect(node, recorder)
    return recorder


def _meter(node, variable: str, dt: float):
    meter = nest.Create("multimeter", 1, {"record_from": [variable], "interval": dt})
    nest.Connect(meter, node)
    return meter


def _samples(meter, variable, dt, first, n_steps):
    """Return the samples of n_steps steps, by time and node, from the time of ``first`` steps.

    There is none at time 0 or before, where generators give nothing.
    """
    events = meter.events
    steps = np.rint(np.asarray(events["times"]) / dt).astype(np.int64)
    order = np.lexsort((events["senders"], steps))
    values = np.asarray(events[variable])[order].reshape(-1, len(np.unique(events["senders"])))
    begin = first - int(steps.min())
    found = np.pad(values, ((max(-begin, 0), 0), (0, 0)))[max(begin, 0) :][:n_steps]
    assert len(found) == n_steps, "the meter ended too early"
    return found
