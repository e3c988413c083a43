"""Count the operations of a run from its spikes, for each core and each step."""

from __future__ import annotations

from typing import NamedTuple

from .._kernels.jit import inner_kernel, kernel
from ..typing import BoolArray, Float64Array, Int32Array, Int64Array
from .update_counting import count_updates

__all__ = ["Counts", "Routes", "Weights", "count_steps"]


class Routes(NamedTuple):
    """Destinations of spikes: synapses and cores of each source."""

    ptr: Int64Array  # CSR: synapses of each source
    target: Int32Array  # compartment
    delay: Int32Array  # steps
    core_of: Int64Array  # core of each compartment
    programmed: BoolArray  # whether each compartment runs a program
    graded: BoolArray  # whether the spikes of each source carry a payload
    reach_ptr: Int64Array  # CSR: cores that each source reaches
    reach: Int32Array


class Weights(NamedTuple):
    """Time in ns of the operations of a core."""

    active: float  # active minus inactive update
    event: float
    graded: float  # event of a spike with a payload
    spike: float
    message_out: float
    message_in: float
    update: float  # of a synapse that learns


class Counts(NamedTuple):
    """Counters of a run, and working memory; all but ``busy`` and ``base`` start at 0."""

    active: Int64Array  # per core
    events: Int64Array
    graded: Int64Array  # of these, by spikes with a payload
    spikes: Int64Array
    out: Int64Array
    into: Int64Array
    payloads: Int64Array  # messages with a payload, by the core that sends them
    updates: Int64Array  # of synapses that learn
    slowest: Float64Array  # per step: time of the slowest core
    busy: Float64Array  # per core: time of the current step, starts at ``base``
    base: Float64Array  # per core: time of its updates, all inactive
    seen: Int64Array  # per ring row and compartment: 1 + the last active step
    ring: Int64Array  # per ring row and core: number of active compartments


@inner_kernel
def _activate(compartment, step, routes, c, core):
    if routes.programmed[compartment]:
        return  # its update is counted in every step
    row = step % len(c.ring)
    if c.seen[row, compartment] != step + 1:
        c.seen[row, compartment] = step + 1
        c.ring[row, core] += 1


@kernel
def count_steps(spike_ptr, spike_source, routes, plastic, weights, c):
    """Count the operations of every step.

    A compartment is active in a step in which it spikes or a synaptic event reaches its
    accumulator, 1 + delay steps after the spike. The event itself is processed when the message
    arrives, in the step of the spike.
    """
    n_compartments, n_cores = len(routes.core_of), len(c.active)
    for step in range(len(spike_ptr) - 1):
        for i in range(spike_ptr[step], spike_ptr[step + 1]):
            source = spike_source[i]
            graded = routes.graded[source]
            if source < n_compartments:
                own = routes.core_of[source]
                c.spikes[own] += 1
                c.busy[own] += weights.spike
                _activate(source, step, routes, c, own)
            for j in range(routes.reach_ptr[source], routes.reach_ptr[source + 1]):
                there = routes.reach[j]
                c.into[there] += 1
                c.busy[there] += weights.message_in
                if source < n_compartments:
                    c.out[own] += 1
                    c.payloads[own] += graded
                    c.busy[own] += weights.message_out
            for j in range(routes.ptr[source], routes.ptr[source + 1]):
                there = routes.core_of[routes.target[j]]
                c.events[there] += 1
                c.graded[there] += graded
                c.busy[there] += weights.graded if graded else weights.event
                _activate(routes.target[j], step + 1 + routes.delay[j], routes, c, there)
        count_updates(
            step,
            spike_ptr,
            spike_source,
            routes.core_of,
            weights.update,
            plastic,
            c.updates,
            c.busy,
        )
        row = step % len(c.ring)
        longest = 0.0
        for k in range(n_cores):
            c.active[k] += c.ring[row, k]
            c.busy[k] += weights.active * c.ring[row, k]
            c.ring[row, k] = 0
            longest = max(longest, c.busy[k])
            c.busy[k] = c.base[k]
        c.slowest[step] = longest
