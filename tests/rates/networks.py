"""Networks, feed-forward and recurrent, whose predicted rates are compared with those of runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from neurochip import (
    LIF,
    ConstantCurrent,
    Network,
    PoissonInput,
    Population,
    SpikeInput,
    all_to_all,
    fixed_indegree,
    fixed_probability,
    from_arrays,
    one_to_one,
)

CELL = LIF(tau_m=20.0, v_rest=-65.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=2.0)
CURRENT = LIF(
    tau_m=20.0,
    cm=20.0,
    v_rest=-49.0,
    v_reset=-60.0,
    v_thresh=-50.0,
    tau_refrac=5.0,
    tau_syn_E=5.0,
    tau_syn_I=10.0,
    v_init=-55.0,
)


def noise(rate: float, weight: float, sources: int = 100, cell: LIF = CELL) -> Network:
    """Neurons that each receive Poisson spikes from ``sources`` of their own pool."""
    inputs, cells = PoissonInput("noise", 1000, rate), Population("cells", 200, cell)
    links = fixed_indegree(inputs, cells, sources, weight=weight, seed=1)
    return Network(inputs=[inputs], populations=[cells], connections=[links])


def two_signs(rate: float, g: float, cell: LIF = CELL) -> Network:
    """Excitation of 80 sources, and inhibition of 20 with a weight of -g times as much."""
    plus, minus = PoissonInput("plus", 800, rate), PoissonInput("minus", 200, rate)
    cells = Population("cells", 200, cell)
    links = [
        fixed_indegree(plus, cells, 80, weight=0.4, seed=1, name="plus"),
        fixed_indegree(minus, cells, 20, weight=-0.4 * g, seed=2, name="minus"),
    ]
    return Network(inputs=[plus, minus], populations=[cells], connections=links)


def chain(weight: float) -> Network:
    """Three layers, each driven by the one before."""
    inputs = PoissonInput("noise", 500, 20.0)
    layers = [Population(f"layer{k}", 300, CELL) for k in range(3)]
    links = [
        fixed_indegree(a, b, 100, weight=weight if k else 0.6, seed=k)
        for k, (a, b) in enumerate(zip([inputs, *layers], layers, strict=False))
    ]
    return Network(inputs=[inputs], populations=layers, connections=links)


def regular() -> Network:
    """Neurons of constant currents drive others, which so receive regular trains."""
    drive = Population("drive", 100, CELL)
    follow = Population("follow", 200, CELL)
    current = ConstantCurrent(drive, np.linspace(0.76, 1.5, 100))
    links = fixed_indegree(drive, follow, 40, weight=0.5, seed=1)
    return Network(populations=[drive, follow], connections=[links], inputs=[current])


def currents_of_cuba(
    e: float = 1.62, i: float = -9.0, size: int = 4000, v_init: float | None = None
) -> Network:
    """Brian2's CUBA example, or with other weights and start."""
    model = CURRENT
    n_e = size * 4 // 5
    rng = np.random.default_rng(0)
    start = rng.uniform(-60, -50, size) if v_init is None else np.full(size, v_init)
    keys = {f: getattr(model, f) for f in model.__dataclass_fields__}
    cells = [
        Population(name, n, LIF(**{**keys, "v_init": start[part]}))
        for name, n, part in (
            ("e", n_e, slice(None, n_e)),
            ("i", size - n_e, slice(n_e, None)),
        )
    ]
    links = [
        fixed_probability(a, b, 80 / size, weight=w, seed=2 * k + j)
        for k, (a, w) in enumerate(zip(cells, (e, i), strict=True))
        for j, b in enumerate(cells)
    ]
    return Network(populations=cells, connections=links)


def brunel(
    g: float, eta: float, size: int = 1250, weight: float = 0.4, delay: float = 1.5
) -> Network:
    """Brunel's network (2000, 10.1023/A:1008925309027) with fewer synapses."""
    n_e = size * 4 // 5
    c_e, c_i = n_e // 10, size // 50
    cell = LIF(tau_m=20.0, v_rest=0.0, v_reset=10.0, v_thresh=20.0, tau_refrac=2.0)
    needed = 1000 * 20.0 / (weight * c_e * 20.0)  # Hz for each of c_e sources
    noise = PoissonInput("noise", size, eta * needed * c_e)
    e, i = Population("e", n_e, cell), Population("i", size - n_e, cell)
    links = [
        fixed_indegree(source, target, n, weight=x, delay=delay, seed=s)
        for s, (source, target, n, x) in enumerate(
            [
                (e, e, c_e, weight),
                (e, i, c_e, weight),
                (i, e, c_i, -g * weight),
                (i, i, c_i, -g * weight),
            ]
        )
    ]
    from_noise = np.arange(size)
    for k, (target, part) in enumerate(((e, slice(None, n_e)), (i, slice(n_e, None)))):
        own = from_noise[part]
        links.append(from_arrays(noise, target, own, own - own[0], weight=weight, name=f"noise{k}"))
    return Network(inputs=[noise], populations=[e, i], connections=links)


def drives_of_recurrence(cell: LIF, weight: float, rate: float, inner: float) -> Network:
    """A recurrent population with one input."""
    inputs, cells = PoissonInput("noise", 500, rate), Population("cells", 500, cell)
    links = [
        fixed_indegree(inputs, cells, 50, weight=weight, seed=1),
        fixed_indegree(cells, cells, 50, weight=inner, seed=2),
    ]
    return Network(inputs=[inputs], populations=[cells], connections=links)


def bursts() -> Network:
    """An input whose spikes come in volleys."""
    rng = np.random.default_rng(5)
    times = np.concatenate([t + rng.normal(0, 2, 400) for t in range(50, 1000, 100)])
    ids = rng.integers(0, 200, len(times))
    source, cells = SpikeInput("volleys", 200, ids, np.abs(times)), Population("cells", 200, CELL)
    links = fixed_indegree(source, cells, 50, weight=0.4, seed=1)
    return Network(inputs=[source], populations=[cells], connections=[links])


def ring() -> Network:
    """Excitation wins: every neuron fires at its highest rate."""
    cell = LIF(tau_m=20.0, v_rest=-65.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=5.0)
    return drives_of_recurrence(cell, 0.5, 20.0, 1.5)


def no_leak(weight: float = 0.3) -> Network:
    """Perfect integrators."""
    cell = LIF(tau_m=math.inf, v_rest=-65.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=2.0)
    return noise(10.0, weight, 50, cell)


def inhibition_of_currents() -> Network:
    """Constant currents above threshold, held down by recurrent inhibition."""
    cells = Population("cells", 400, CELL)
    current = ConstantCurrent(cells, np.linspace(0.9, 1.3, 400))
    links = fixed_indegree(cells, cells, 40, weight=-1.0, delay=1.0, seed=1)
    return Network(populations=[cells], connections=[links], inputs=[current])


def in_step() -> Network:
    """Identical neurons with the same current, which all fire in the same step."""
    cells = Population("cells", 400, CELL)
    links = fixed_indegree(cells, cells, 100, weight=-2.0, delay=1.0, seed=1)
    return Network(inputs=[ConstantCurrent(cells, 1.0)], populations=[cells], connections=[links])


def mixed_cells() -> Network:
    """Thresholds and time constants differ within the population."""
    rng = np.random.default_rng(2)
    cell = LIF(
        tau_m=rng.uniform(10, 30, 200),
        v_rest=-65.0,
        v_reset=-65.0,
        v_thresh=rng.uniform(-55, -45, 200),
        tau_refrac=2.0,
    )
    return noise(15.0, 0.5, 100, cell)


def single_sources() -> Network:
    """One strong synapse for each neuron."""
    inputs, cells = PoissonInput("noise", 100, 50.0), Population("cells", 100, CELL)
    links = one_to_one(inputs, cells, weight=16.0)
    return Network(inputs=[inputs], populations=[cells], connections=[links])


def shared() -> Network:
    """All neurons share all sources."""
    inputs, cells = PoissonInput("noise", 50, 30.0), Population("cells", 50, CELL)
    links = all_to_all(inputs, cells, weight=0.5)
    return Network(inputs=[inputs], populations=[cells], connections=[links])


NETWORKS: Mapping[str, Callable[[], Network]] = {
    "noise, below threshold": lambda: noise(10.0, 0.6),
    "noise, above threshold": lambda: noise(30.0, 0.5),
    "noise, nearly silent": lambda: noise(6.0, 0.5),
    "noise of one current": lambda: noise(
        20.0,
        0.12,
        100,
        LIF(tau_m=20.0, v_rest=-65.0, v_reset=-65.0, v_thresh=-50.0, tau_refrac=2.0, tau_syn=5.0),
    ),
    "excitation and inhibition": lambda: two_signs(40.0, 4.5),
    "inhibition wins": lambda: two_signs(40.0, 7.0),
    "cells that differ": mixed_cells,
    "one strong synapse each": single_sources,
    "shared sources": shared,
    "volleys": bursts,
    "three layers": lambda: chain(0.9),
    "regular trains": regular,
    "no leak": no_leak,
    "CUBA": currents_of_cuba,
    "CUBA, weak inhibition": lambda: currents_of_cuba(1.62, -4.0),
    "CUBA, all start alike": lambda: currents_of_cuba(v_init=-55.0),
    "irregular (Brunel, g 5, eta 2)": lambda: brunel(5.0, 2.0),
    "slow (Brunel, g 5, eta 1.1)": lambda: brunel(5.0, 1.1),
    "synchronous (Brunel, g 3, eta 2)": lambda: brunel(3.0, 2.0),
    "strong inhibition (Brunel, g 12, eta 3)": lambda: brunel(12.0, 3.0, weight=1.0),
    "runaway excitation": ring,
    "all in the same step": in_step,
    "inhibited currents": inhibition_of_currents,
    "recurrent excitation": lambda: drives_of_recurrence(CELL, 0.6, 20.0, 0.1),
}
