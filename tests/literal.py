"""A run in Brian2's order of events, neuron by neuron and synapse by synapse, in plain Python."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

__all__ = ["literal"]


def literal(network, stimulus, dt):
    """Return spikes as (step, neuron, number), and v of each neuron: the four phases of a step."""
    n_steps = round(stimulus.duration / dt)
    inputs = [(item.name, item.size) for item in network.spike_inputs]
    arriving = defaultdict(list)  # (population, neuron, step) -> (weight, whether it adds to v)

    def send(source, neuron, step, number=1):
        for item in network.connections:
            if item.source.name == source:
                delays = np.broadcast_to(item.delay, item.n_synapses)
                weights = np.broadcast_to(item.weight, item.n_synapses)
                for k in range(item.indptr[neuron], item.indptr[neuron + 1]):
                    when = step + math.floor(delays[k] / dt + 0.5)
                    arrival = item.target.name, int(item.post[k]), when
                    arriving[arrival].append((number * weights[k], item.kicks_v))

    offsets = np.cumsum([0, *(size for _, size in inputs)])
    for step, number in zip(*stimulus.binned(dt, inputs), strict=True):
        which = int(np.searchsorted(offsets, number, side="right")) - 1
        send(inputs[which][0], int(number - offsets[which]), int(step))

    cells = {}
    for item in network.populations:
        names = ("tau_m", "v_rest", "v_reset", "v_thresh", "tau_refrac", "cm", "v_init")
        columns = {name: item.parameter(name).tolist() for name in names}
        columns["current"] = network.current(item).tolist()
        columns["reset"] = [item.model.reset] * item.size
        columns["per_step"] = [item.model.spikes_per_step] * item.size
        delta = item.model.delta_synapses
        columns["tau_syn"] = [None] * item.size if delta else item.parameter("tau_syn").tolist()
        for i in range(item.size):
            p = {key: values[i] for key, values in columns.items()}
            cells[item.name, i] = p | {"v": p["v_init"], "i": 0.0, "last": -math.inf}
            cells[item.name, i]["shown"] = p["v_init"]

    spikes = {item.name: [] for item in network.populations}
    traces = defaultdict(list)
    for step in range(n_steps):
        fired = {}
        for (name, i), p in cells.items():
            refractory = step - p["last"] < math.floor(p["tau_refrac"] / dt + 1e-3)
            resistance, a = p["tau_m"] / p["cm"], math.exp(-dt / p["tau_m"])
            v_inf = p["v_rest"] + resistance * p["current"]
            v = v_inf + (p["v"] - v_inf) * a
            if p["tau_syn"] is not None:
                s = math.exp(-dt / p["tau_syn"])
                factor = p["tau_syn"] / (p["tau_m"] - p["tau_syn"]) * (a - s)
                v += resistance * p["i"] * factor
                p["i"] *= s
            if not refractory:
                amount = p["v_thresh"] - p["v_reset"]
                raised = p["reset"] == "subtract_and_raise" and p["shown"] > p["v_thresh"]
                p["v"] = v
                if v > p["v_thresh"] + raised * amount:
                    number, left = 1, v - amount
                    while p["per_step"] == "many" and left > p["v_thresh"]:
                        number, left = number + 1, left - amount
                    fired[name, i] = number, amount
                    p["last"] = step
                    spikes[name].append((step, i, number))
            p["shown"] = _after(p, fired.get((name, i)))
            traces[name, i].append(p["shown"])
        for (name, i), (number, _) in fired.items():
            send(name, i, step, number)
        for (name, i), p in cells.items():
            refractory = step - p["last"] < math.floor(p["tau_refrac"] / dt + 1e-3)
            for weight, kicks_v in arriving.pop((name, i, step), ()):
                if not kicks_v:
                    p["i"] += weight
                elif not refractory:
                    p["v"] += weight
        for key, found in fired.items():
            cells[key]["v"] = _after(cells[key], found)
    return spikes, traces


def _after(p, fired):
    """Return v after the reset of a step, if there is one."""
    if fired is None:
        return p["v"]
    number, amount = fired
    return p["v_reset"] if p["reset"] == "value" else p["v"] - number * amount
