"""Published networks with the rules of NEST, of thousands of neurons, for ``large.py``."""

from __future__ import annotations

import numpy as np
from against_nest.networks import RULES
from potjans_diesmann import describe

from neurochip import (
    LIF,
    Network,
    PoissonInput,
    Population,
    fixed_indegree,
    fixed_probability,
)

__all__ = ["CIRCUITS"]


def brunel(seed: int, g: float = 5.0) -> Network:
    """Return the network of Brunel (2000, 10.1023/A:1008925309027) with 2,500 neurons.

    Kicks of 0.2 mV excite, kicks g times as large inhibit, and a neuron has a tenth of all neurons
    as sources. External kicks come at twice the rate that takes v to the threshold, from 2,000
    sources of which each neuron has 200.
    """
    lif = LIF(tau_m=20.0, v_rest=0.0, v_reset=10.0, v_thresh=20.0, v_init=0.0, tau_refrac=2.0)
    exc, inh = Population("E", 2000, lif), Population("I", 500, lif)
    external = PoissonInput("external", 2000, rate=50.0)
    connections = [
        fixed_indegree(source, target, n, weight=weight, delay=1.5, seed=seed)
        for source, n, weight in ((external, 200, 0.2), (exc, 200, 0.2), (inh, 50, -0.2 * g))
        for target in (exc, inh)
    ]
    return Network(inputs=[external], populations=[exc, inh], connections=connections, **RULES)


def vogels_abbott(seed: int) -> Network:
    """Return the network with currents of Vogels and Abbott (2005, 10.1523/JNEUROSCI.3508-05.2005).

    As in benchmark 2 of Brette et al. (2007, 10.1007/s10827-007-0038-6) and in PyNN's script of it:
    4,000 neurons that fire without input.
    """
    rng = np.random.default_rng(seed)
    populations = [
        Population(
            name,
            size,
            LIF(
                tau_m=20.0,
                cm=0.2,
                v_rest=-49.0,
                v_reset=-60.0,
                v_thresh=-50.0,
                tau_refrac=5.0,
                tau_syn_E=5.0,
                tau_syn_I=10.0,
                v_init=rng.uniform(-60.0, -50.0, size),
            ),
        )
        for name, size in (("E", 3200), ("I", 800))
    ]
    exc, inh = populations
    connections = [
        fixed_probability(source, target, 0.02, weight=weight, delay=0.2, seed=seed)
        for source, weight in ((exc, 0.0162), (inh, -0.09))
        for target in populations
    ]
    return Network(populations=populations, connections=connections, **RULES)


def microcircuit(seed: int) -> Network:
    """Return the cortical microcircuit of Potjans and Diesmann at 5 %."""
    return describe(0.05, background="poisson", seed=seed, **RULES)


CIRCUITS = {
    "Brunel, g = 5": brunel,
    "Vogels and Abbott": vogels_abbott,
    "microcircuit": microcircuit,
}
