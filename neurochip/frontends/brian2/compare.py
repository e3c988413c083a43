"""Runs a Brian2 network in Brian2 and on the chip with the same input spikes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

import brian2
import numpy as np
from brian2 import StateMonitor
from brian2.core.namespace import get_local_namespace

from compiler import compile_network

from ...chip.spec import LOIHI, ChipSpec
from ...emulator import Emulator
from ...recording import (
    FLOAT,
    Origin,
    Probe,
    Recording,
    Trace,
    WeightProbe,
    WeightTrace,
    resolve_probes,
    resolve_weight_probes,
    split_record,
)
from ...typing import Int32Array, Int64Array
from ...validation import Comparison
from ...validation import compare as judge
from ..session import Drive, Spikes, collect_spikes, one_by_one, stimulus_of
from .following import follow, put_back
from .learned import Learned
from .objects import as_network, at_zero, common_clock, inputs_in_order, neurons_of
from .reading import Reading, read_network
from .times import run_length

__all__ = ["compare", "run_in_brian2"]

Requests: TypeAlias = str | Probe | WeightProbe | Iterable[str | Probe | WeightProbe]
"""Requests of a run: variables of neurons, and weights of connections that learn."""


def compare(
    *objects: Any,
    duration: Any,
    chip: ChipSpec = LOIHI,
    record: Requests = (),
    namespace: Mapping[str, Any] | None = None,
    min_spikes: int = 100,
    window: float = 2.0,
    **compile_options: Any,
) -> Comparison:
    """Run a network in Brian2 and on the chip with the same input spikes, and compare the runs.

    Brian2 draws the input from the stream of its ``seed()``. For refractory neurons (a PoissonInput
    onto a v that is ``(unless refractory)``) Brian2 draws nothing, because it would discard the
    spikes. The chip gets spikes of the same rate there, since other neurons may be refractory on
    the chip. Afterwards the network and its objects are restored to time 0, with their initial
    values and empty monitors.

    Parameters
    ----------
    objects : brian2.Network, or Brian2 objects
        Network to run from time 0.
    duration : Quantity
        Length of the run.
    chip : ChipSpec
        Chip to compile for. Default: the first-generation chip.
    record : str, Probe, WeightProbe, or several of them
        ``"v"`` also compares the membrane potentials, of all neurons or of those of a
        :class:`~neurochip.Probe`; a :class:`~neurochip.WeightProbe` also records weights that
        learn.
    namespace : dict, optional
        Names in the equations. Default: the names at the call of this function.
    min_spikes, window
        As for :func:`neurochip.validation.compare`.
    compile_options
        As for :func:`compiler.compile_network`.

    Returns
    -------
    Comparison
        The comparison, with Brian2 as the reference.

    Raises
    ------
    FrontendError
        If the network cannot be mapped or is not at time 0, or the duration is not a time above 0.
    """
    if namespace is None:
        namespace = get_local_namespace(level=1)
    probes = (record,) if isinstance(record, (str, Probe, WeightProbe)) else tuple(record)
    reading, spikes, reference = run_in_brian2(objects, duration, namespace, probes)
    image = compile_network(reading.network, chip, reading.dt, **compile_options)
    stimulus = stimulus_of(reading.network, spikes, reference.duration, reading.dt)
    run = Emulator(image).run(stimulus, record=probes)
    return judge(reference, run, network=reading.network, min_spikes=min_spikes, window=window)


def run_in_brian2(
    objects: Iterable[Any],
    duration: Any,
    namespace: Mapping[str, Any],
    record: Iterable[str | Probe | WeightProbe] = (),
) -> tuple[Reading, dict[str, Drive], Recording]:
    """Run a network in Brian2; return the network, its input spikes and the recording.

    Parameters
    ----------
    objects, duration, namespace, record
        As for :func:`compare`.

    Returns
    -------
    Reading
        The network at time 0.
    dict of str to (steps, ids) or SpikeCounts
        Spikes of every input.
    Recording
        Spikes, and v as in neurochip's reference: at the end of each step, after its reset and
        before its kicks; and the weights that probes request, at the ends of steps.

    Raises
    ------
    FrontendError
        As for :func:`compare`.
    """
    run_length("compare", duration)
    net = as_network(objects)
    active = at_zero(net, "compare")
    inputs = inputs_in_order(net.sorted_objects)
    groups = neurons_of(active)
    # Refuse what cannot be mapped before Brian2 runs.
    clock = (
        common_clock(net, active) if groups else brian2.defaultclock
    )  # reading refuses no neurons
    n_steps = int(clock._calc_timestep(float(duration)))
    none = {obj.name: collect_spikes([], 0) for obj in inputs}
    reading = read_network(net, namespace, none, n_steps)
    of_neurons, of_weights = split_record(record)
    probes = resolve_probes(of_neurons, {name: int(obj.N) for name, obj in groups.items()}, ("v",))
    traces = {
        name: StateMonitor(groups[name], reading.cells[name].v, record=ids, when="before_synapses")
        for (name, _), ids in probes.items()
    }
    watches = _watch_weights(reading, of_weights)
    with put_back(net, [*traces.values(), *(watch.monitor for watch in watches)]):
        spikes = follow(net, duration, namespace, (*groups.values(), *inputs))
        values = {
            name: np.array(monitor.variables[reading.cells[name].v].get_value())
            for name, monitor in traces.items()
        }
        synaptic = {(watch.connection, "w"): watch.trace(n_steps, reading.dt) for watch in watches}
    reading = read_network(net, namespace, spikes, n_steps)
    sent = {obj.name: spikes[obj.name] for obj in inputs}
    stimulus = stimulus_of(reading.network, sent, n_steps * reading.dt, reading.dt)
    own = {name: one_by_one(spikes[name]) for name in groups}
    recording = Recording(
        label=f"Brian2 {brian2.__version__}, dt={reading.dt:g} ms",
        dt=reading.dt,
        first_step=0,
        n_steps=n_steps,
        populations={item.name: item.size for item in reading.network.populations},
        steps={name: own[name][0].astype(np.int32) for name in groups},
        ids={name: own[name][1] for name in groups},
        traces={
            (name, "v"): Trace(
                ids, _with_reset(values[name], ids, own[name], reading, name), "mV", reading.dt
            )
            for (name, _), ids in probes.items()
        },
        synaptic=synaptic,
        origin=Origin(kind=FLOAT, stimulus=stimulus.digest(), coupling=reading.network.couplings),
    )
    return reading, sent, recording


class _Watch(NamedTuple):
    """A monitor of weights of a connection that learns, which samples between two steps."""

    connection: str
    unit: str
    item: Learned
    places: Int64Array
    every: int
    monitor: Any

    def trace(self, n_steps: int, dt: float) -> WeightTrace:
        """Return the weights at the ends of steps: those before the next step."""
        values = np.array(self.monitor.variables[self.item.weight].get_value())[1:]
        steps = np.arange(self.every - 1, n_steps, self.every, dtype=np.int64)
        if len(steps) > len(values):  # the end of the run
            last = self.item.values()[self.item.weight][self.item.order[self.places]]
            values = np.concatenate([values, last[None]])
        return WeightTrace(self.places, steps, values * self.item.scale, self.unit, dt)


def _watch_weights(reading: Reading, probes: Iterable[WeightProbe]) -> list[_Watch]:
    """Return a monitor for each connection of which weights are requested."""
    sizes = {item.connection: len(item.order) for item in reading.learned.values()}
    found = resolve_weight_probes(probes, sizes, dict.fromkeys(sizes, ("w",)))
    named = {item.connection: item for item in reading.learned.values()}
    units = {item.name: item.unit for item in reading.network.connections}
    return [
        _Watch(
            name,
            units[name],
            item := named[name],
            sampled.synapses,
            sampled.every,
            StateMonitor(
                item.synapses,
                item.weight,
                record=item.order[sampled.synapses],
                dt=sampled.every * item.synapses.clock.dt,
                when="before_start",
            ),
        )
        for (name, _), sampled in found.items()
    ]


def _with_reset(values: Any, ids: Int32Array, spikes: Spikes, reading: Reading, name: str) -> Any:
    """Return v in mV, reset in the step of each spike, shape (n_steps, n_ids)."""
    cell = reading.cells[name]
    v = values * cell.unit
    column = np.full(cell.size, -1)
    column[ids] = np.arange(len(ids))
    steps, who = spikes
    seen = column[who] >= 0
    at = steps[seen], column[who[seen]]
    if cell.reset == "subtract":
        v[at] -= (cell.v_thresh - cell.v_reset)[who[seen]]
    else:
        v[at] = cell.v_reset[who[seen]]
    return v
