"""A float64 twin of the chip: its recurrence and order of events, with registers not rounded.

A difference between twin and reference is an error of the mapping itself; a difference between chip
and twin is rounding. The twin does not depend on the reference.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from neurochip import Network, Stimulus
from neurochip.recurrence import delay_steps, ideal_population


@dataclass(frozen=True)
class TwinRun:
    """Spikes as (step, neuron) and v in mV, shape (n_steps, size), by population."""

    spikes: dict[str, list[tuple[int, int]]]
    v: dict[str, np.ndarray]


def run_twin(network: Network, stimulus: Stimulus, dt: float, n_steps: int) -> TwinRun:
    """Run ``u = s u + q; v = a v + u + bias; hold; spike if v > threshold; v = 0``."""
    ideals = {item.name: ideal_population(network, item, dt) for item in network.populations}
    state = {name: _State(ideal) for name, ideal in ideals.items()}
    shapes = {name: (len(item.receptors), item.population.size) for name, item in ideals.items()}
    arriving = {
        name: defaultdict(lambda shape=shape: np.zeros(shape)) for name, shape in shapes.items()
    }

    def send(source: str, neurons: np.ndarray, step: int) -> None:
        for connection in network.connections:
            if connection.source.name != source:
                continue
            receptors = ideals[connection.target.name].receptors
            weight = np.broadcast_to(connection.weight, connection.post.shape)
            delay = np.broadcast_to(delay_steps(connection.delay, dt), connection.post.shape)
            for neuron in neurons:
                row = slice(connection.indptr[neuron], connection.indptr[neuron + 1])
                for post, w, d in zip(connection.post[row], weight[row], delay[row], strict=True):
                    # The first of two receptors takes negative weights, the second positive ones;
                    # or the first kicks of v, and the second the current.
                    which = int(w >= 0) if len(receptors) == 2 else 0
                    if ideals[connection.target.name].kicked:
                        which = int(not connection.kicks_v)
                    q = receptors[which].gain[post] * w
                    arriving[connection.target.name][step + 1 + int(d)][which, post] += q

    inputs = [(item.name, item.size) for item in network.spike_inputs]
    steps, sources = stimulus.binned(dt, inputs)
    firsts = np.cumsum([0, *(size for _, size in inputs)])
    spikes: dict[str, list[tuple[int, int]]] = {name: [] for name in ideals}
    traces = {name: np.empty((n_steps, item.v.size)) for name, item in state.items()}
    lead = network.input_lead  # steps by which input reaches the chip early
    for step in range(-lead, n_steps):
        own = np.searchsorted(steps, [step + lead, step + lead + 1])
        now = sources[own[0] : own[1]]
        for (name, size), first in zip(inputs, firsts, strict=False):
            send(name, now[(now >= first) & (now < first + size)] - first, step)
        if step < 0:
            continue
        for name, item in state.items():
            fired = np.flatnonzero(item.advance(arriving[name].pop(step, 0.0)))
            traces[name][step] = item.decoded()
            spikes[name] += [(step, int(neuron)) for neuron in fired]
            send(name, fired, step)
    return TwinRun(spikes, traces)


class _State:
    """Registers u (of each receptor), v and the refractory counter of a population."""

    def __init__(self, ideal):
        self.ideal = ideal
        self.v = ideal.v_init.copy()
        self.u = [
            np.divide(
                item.gain * item.start,
                item.keep_u,
                out=np.zeros_like(self.v),
                where=item.start != 0,
            )
            for item in ideal.receptors
        ]
        self.held = np.zeros(self.v.shape, dtype=int)
        self.shows_reset = np.zeros(self.v.shape, dtype=bool)

    def advance(self, q) -> np.ndarray:
        """Run one step; return the spiking neurons."""
        ideal = self.ideal
        arriving = np.broadcast_to(q, (len(self.u), len(self.v)))
        self.u = [
            item.keep_u * u + new
            for item, u, new in zip(ideal.receptors, self.u, arriving, strict=True)
        ]
        self.v = ideal.keep_v * self.v + sum(self.u) + ideal.bias
        self.v[self.held > 0] = 0.0
        spike = self.v > ideal.threshold
        self.v[spike] = 0.0
        # The origin may lie one leak step after the reset; the step before it means the reset.
        self.held[spike] = ideal.refractory[spike]
        self.shows_reset = self.held > 1
        self.held = np.maximum(self.held - 1, 0)
        return spike

    def decoded(self) -> np.ndarray:
        """Return the potential in mV at the end of the step."""
        v_reset = self.ideal.population.parameter("v_reset")
        return np.where(self.shows_reset, v_reset, self.ideal.origin + self.v)
