"""Small networks of the kinds that NEST and neurochip both have, for ``record.py``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurochip import (
    LIF,
    Network,
    PoissonInput,
    Population,
    SpikeInput,
    StepCurrent,
    from_arrays,
)

RULES = {"delivery": "before_threshold", "refractory": "after_spike"}
"""The order of events and the refractory rule of NEST."""

N_SOURCES, N_CELLS, N_EXCITATORY = 40, 80, 64


@dataclass(frozen=True, eq=False)
class Device:
    """A current generator of NEST into some neurons of the first population.

    Parameters
    ----------
    kind : str
        Name of the model in NEST: ``"dc_generator"`` or ``"ac_generator"``.
    parameters : dict
        Its parameters, in pA, ms and Hz.
    ids : ndarray of int
        The neurons.
    """

    kind: str
    parameters: dict[str, float]
    ids: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Described:
    """A network to record: what neurochip describes, and generators that only NEST has."""

    network: Network
    dt: float
    duration: float
    devices: tuple[Device, ...] = ()


def networks() -> dict[str, Described]:
    """Return all networks by name."""
    exponential = {"tau_syn": 5.0}
    two = {"tau_syn_E": 5.0, "tau_syn_I": 10.0}
    delta: dict[str, float] = {}
    return {
        "01_exponential": layer(1, exponential, 0.14),
        "02_two_time_constants": layer(2, two, 0.2, inhibition=-0.1),
        "03_exponential_recurrent": recurrent(3, exponential, 0.14, 0.05, -0.1),
        "04_two_time_constants_recurrent": recurrent(4, two, 0.15, 0.06, -0.1),
        "05_delta": layer(5, delta, 0.7),
        "06_delta_recurrent": recurrent(6, delta, 0.8, 0.4, -1.0),
        "07_exponential_dt1": recurrent(7, exponential, 0.14, 0.05, -0.1, dt=1.0),
        "08_delta_no_refractory_dt1": layer(8, delta, 0.8, dt=1.0, tau_refrac=0.0),
        "09_exponential_no_refractory": layer(9, exponential, 0.14, tau_refrac=0.0),
        "10_one_refractory_step": recurrent(10, delta, 0.8, 0.4, -1.0, tau_refrac=0.1),
        "11_equal_time_constants": layer(11, {"tau_syn": 20.0}, 0.04),
        "12_per_neuron": per_neuron(12),
        "13_signed_weights": signed(13),
        "14_step_currents": step_currents(14),
        "15_dc_and_ac": generators(15),
        "16_initial_currents": initial_currents(16),
        "17_poisson": poisson(17),
        "18_exactly_at_the_threshold": at_the_threshold(),
        "19_currents_alone": currents_alone(),
    }


def cells(rng: np.random.Generator, synapses: dict[str, float], **changes: object) -> Population:
    """Return 80 neurons with random initial v."""
    values = {
        "tau_m": 20.0,
        "v_rest": -60.0,
        "v_reset": -63.0,
        "v_thresh": -50.0,
        "cm": 1.0,
        "tau_refrac": 2.0,
        "i_offset": 0.0,
        "v_init": rng.uniform(-65.0, -51.0, N_CELLS),
    }
    return Population("cells", N_CELLS, LIF(**(values | synapses | changes)))


def spikes(rng: np.random.Generator, dt: float, duration: float, rate: float) -> SpikeInput:
    """Return 40 sources, with at most one spike in a step and none at time 0."""
    n_steps = round(duration / dt)
    steps, ids = np.nonzero(rng.random((n_steps, N_SOURCES)) < rate * dt * 1e-3)
    return SpikeInput("input", N_SOURCES, ids[steps > 0], steps[steps > 0] * dt)


def random_pairs(rng, source, target, n_pairs, weight, dt, pre=None):
    """Connect random pairs, also a neuron with itself and a pair several times.

    Weights are spread by half; delays are whole steps of at least dt up to 5 ms.
    """
    n_pre = np.arange(source.size) if pre is None else pre
    return from_arrays(
        source,
        target,
        rng.choice(n_pre, n_pairs),
        rng.integers(0, target.size, n_pairs),
        weight=np.round(weight * rng.uniform(0.5, 1.5, n_pairs), 4),
        delay=np.round(rng.integers(1, round(5.0 / dt), n_pairs, endpoint=True) * dt, 6),
    )


def layer(seed, synapses, weight, *, inhibition=0.0, dt=0.1, duration=1000.0, **changes):
    """Sources onto neurons that do not reach each other."""
    rng = np.random.default_rng(seed)
    source, target = spikes(rng, dt, duration, 100.0), cells(rng, synapses, **changes)
    links = [random_pairs(rng, source, target, 640, weight, dt)]
    if inhibition:
        links.append(random_pairs(rng, source, target, 320, inhibition, dt))
    return Described(
        Network(inputs=[source], populations=[target], connections=links, **RULES), dt, duration
    )


def recurrent(seed, synapses, weight, excitation, inhibition, *, dt=0.1, **changes):
    """The same; 64 of the neurons excite all, and 16 inhibit all."""
    duration = 1000.0
    rng = np.random.default_rng(seed)
    source, target = spikes(rng, dt, duration, 100.0), cells(rng, synapses, **changes)
    every = np.arange(N_CELLS)
    links = [
        random_pairs(rng, source, target, 640, weight, dt),
        random_pairs(rng, target, target, 500, excitation, dt, every[:N_EXCITATORY]),
        random_pairs(rng, target, target, 250, inhibition, dt, every[N_EXCITATORY:]),
    ]
    return Described(
        Network(inputs=[source], populations=[target], connections=links, **RULES), dt, duration
    )


def per_neuron(seed: int) -> Described:
    """Parameters of each neuron, refractory periods and delays between two steps."""
    rng = np.random.default_rng(seed)
    dt, duration = 0.1, 1000.0
    source = spikes(rng, dt, duration, 100.0)
    target = cells(
        rng,
        {"tau_syn_E": rng.uniform(2.0, 8.0, N_CELLS), "tau_syn_I": rng.uniform(5.0, 12.0, N_CELLS)},
        tau_m=rng.uniform(10.0, 30.0, N_CELLS),
        v_rest=rng.uniform(-62.0, -58.0, N_CELLS),
        v_reset=rng.uniform(-66.0, -62.0, N_CELLS),
        v_thresh=rng.uniform(-51.0, -48.0, N_CELLS),
        cm=rng.uniform(0.7, 1.3, N_CELLS),
        tau_refrac=rng.uniform(0.0, 5.0, N_CELLS),
        i_offset=rng.uniform(0.0, 0.2, N_CELLS),
    )
    links = [
        random_pairs(rng, source, target, 640, 0.2, dt),
        random_pairs(rng, target, target, 250, -0.1, dt),
    ]
    links = [
        from_arrays(
            item.source,
            item.target,
            np.repeat(np.arange(item.source.size), np.diff(item.indptr)),
            item.post,
            weight=item.weight,
            delay=rng.uniform(0.06, 5.0, item.n_synapses),
        )
        for item in links
    ]
    return Described(
        Network(inputs=[source], populations=[target], connections=links, **RULES), dt, duration
    )


def signed(seed: int) -> Described:
    """Weights of both signs in each connection, onto two populations."""
    rng = np.random.default_rng(seed)
    dt, duration = 0.1, 1000.0
    source = spikes(rng, dt, duration, 100.0)
    target = cells(rng, {"tau_syn_E": 3.0, "tau_syn_I": 9.0})
    other = Population("others", 20, LIF(tau_m=15.0, tau_refrac=1.0, v_reset=-65.0))

    def links(pre, post, n_pairs, low, high):
        weight = np.round(rng.uniform(low, high, n_pairs), 4)
        delay = np.round(rng.integers(1, 50, n_pairs) * dt, 6)
        ids = rng.integers(0, pre.size, n_pairs), rng.integers(0, post.size, n_pairs)
        return from_arrays(pre, post, *ids, weight=weight, delay=delay)

    return Described(
        Network(
            inputs=[source],
            populations=[target, other],
            connections=[
                links(source, target, 900, -0.1, 0.4),
                links(source, other, 200, -1.0, 2.4),
                links(target, target, 600, -0.4, 0.4),
                links(target, other, 300, -1.0, 1.5),
                links(other, target, 300, -0.4, 0.5),
            ],
            **RULES,
        ),
        dt,
        duration,
    )


def step_currents(seed: int) -> Described:
    """Currents that begin at time 0 and change every few ms, into each neuron, with synapses."""
    rng = np.random.default_rng(seed)
    described = layer(seed, {"tau_syn": 5.0}, 0.1)
    times = np.arange(0.0, described.duration, 7.3).round(1)
    amplitudes = rng.uniform(-0.1, 0.7, (len(times), N_CELLS)).round(4)
    current = StepCurrent(described.network.populations[0], times, amplitudes)
    network = described.network
    return Described(
        Network(
            inputs=[*network.inputs, current],
            populations=network.populations,
            connections=network.connections,
            **RULES,
        ),
        described.dt,
        described.duration,
    )


def generators(seed: int) -> Described:
    """NEST's own generators of constant and of sine currents."""
    described = layer(seed, {"tau_syn": 5.0}, 0.08, i_offset=0.1)
    every = np.arange(N_CELLS)
    return Described(
        described.network,
        described.dt,
        described.duration,
        (
            Device("dc_generator", {"amplitude": 400.0, "start": 100.0, "stop": 600.0}, every[::2]),
            Device(
                "ac_generator",
                {
                    "amplitude": 200.0,
                    "offset": 250.0,
                    "frequency": 10.0,
                    "phase": 30.0,
                    "start": 50.0,
                    "stop": 900.0,
                },
                every[1::2],
            ),
        ),
    )


def initial_currents(seed: int) -> Described:
    """Both synaptic currents begin at a value of each neuron."""
    rng = np.random.default_rng([seed, 1])
    return layer(
        seed,
        {"tau_syn_E": 5.0, "tau_syn_I": 10.0},
        0.2,
        inhibition=-0.1,
        i_syn_init_E=rng.uniform(0.5, 3.0, N_CELLS).round(4),
        i_syn_init_I=-rng.uniform(0.2, 2.0, N_CELLS).round(4),
    )


def poisson(seed: int) -> Described:
    """Spikes of NEST's own Poisson generators."""
    rng = np.random.default_rng(seed)
    source, target = PoissonInput("input", N_SOURCES, 100.0), cells(rng, {"tau_syn": 5.0})
    links = [
        random_pairs(rng, source, target, 640, 0.15, 0.1),
        random_pairs(rng, target, target, 250, -0.1, 0.1),
    ]
    return Described(
        Network(inputs=[source], populations=[target], connections=links, **RULES), 0.1, 1000.0
    )


def at_the_threshold() -> Described:
    """Kicks that take v exactly to the threshold, where NEST spikes and ``v > v_thresh`` does not.

    v_thresh is the next float below it, so that both spike.
    """
    dt, duration = 0.1, 1000.0
    steps = np.arange(40, 10_000, 40)
    source = SpikeInput("input", 1, np.zeros(len(steps), dtype=int), steps * dt)
    lif = LIF(
        tau_m=5.0,
        v_rest=-60.0,
        v_reset=-60.0,
        v_thresh=np.nextafter(-50.0, -np.inf),
        v_init=-60.0,
        tau_refrac=2.0,
    )
    target = Population("cells", 4, lif)
    links = [
        from_arrays(source, target, np.zeros(4, dtype=int), np.arange(4), weight=weight, delay=0.5)
        for weight in ([10.0, 5.0, 2.5, 9.5], [0.0, 5.0, 7.5, 0.0])
    ]
    return Described(
        Network(inputs=[source], populations=[target], connections=links, **RULES), dt, duration
    )


def currents_alone() -> Described:
    """Three neurons below their threshold with constant currents, a sine, and both."""
    lif = LIF(tau_m=10.0, cm=1.0, v_rest=-65.0, v_reset=-65.0, v_thresh=-40.0, tau_syn=5.0)
    target = Population("cells", 3, lif)
    source = SpikeInput("input", 1, [0], [100.0])
    link = from_arrays(source, target, [0] * 3, range(3), weight=0.1, delay=1.0)
    constant = {"amplitude": 500.0, "start": 20.0, "stop": 150.0}
    sine = {"amplitude": 200.0, "offset": 100.0, "frequency": 10.0, "phase": 180.0}
    devices = (
        Device("dc_generator", constant, np.array([0, 2])),
        Device("ac_generator", sine | {"start": 10.0, "stop": 180.0}, np.array([1])),
        Device("dc_generator", {"amplitude": -700.0, "start": 60.0, "stop": 90.0}, np.array([2])),
    )
    network = Network(inputs=[source], populations=[target], connections=[link], **RULES)
    return Described(network, 0.1, 200.0, devices)
