"""Small networks that learn, for tests of what chip and float make of them."""

from __future__ import annotations

import dataclasses
import functools

from compiler import compile_network
from neurochip import (
    LIF,
    STDP,
    Network,
    PoissonInput,
    Population,
    Reward,
    RewardModulation,
    Triplet,
    Uniform,
    all_to_all,
    draw_stimulus,
    fixed_probability,
)

PAIR = STDP(tau_plus=20.0, tau_minus=25.0, a_plus=0.02, a_minus=0.021, w_max=2.0)
SOFT = dataclasses.replace(PAIR, bounds="soft")
CHANGE = dataclasses.replace(PAIR, a_minus=-0.021, a_pre=-0.011)
TRIPLET = dataclasses.replace(
    PAIR, triplet=Triplet(tau_x=60.0, tau_y=80.0, a3_plus=0.006, a3_minus=0.002)
)
REWARD = dataclasses.replace(
    PAIR,
    reward=RewardModulation(
        Reward([0.0, 100.0, 250.0, 700.0], [1.0, -0.5, 0.27, -0.7]),
        tau_eligibility=100.0,
        interval=8.0,
    ),
)
LEAKY = LIF(tau_m=20.0, v_rest=-70.0, v_reset=-70.0, v_thresh=-50.0, tau_refrac=2.0)
NAME = "source->cells"


def driven(stdp=PAIR, *, sources=40, rate=20.0, delivery="after_threshold", **how):
    """Return a network whose input learns."""
    source = PoissonInput("source", sources, rate=rate)
    cells = Population("cells", 10, LEAKY)
    how = {"weight": Uniform(0.8, 1.4), "seed": 1, **how}
    link = all_to_all(source, cells, plasticity=stdp, **how)
    return Network(inputs=[source], populations=[cells], connections=[link], delivery=delivery)


def recurrent(stdp=PAIR, **how):
    """Return a network whose recurrent synapses learn; their name is ``"cells->cells"``."""
    source = PoissonInput("source", 40, rate=20.0)
    cells = Population("cells", 10, LEAKY)
    inside = fixed_probability(
        cells, cells, 0.7, weight=Uniform(0.2, 0.5), seed=1, plasticity=stdp, **how
    )
    links = [all_to_all(source, cells, weight=1.5), inside]
    return Network(inputs=[source], populations=[cells], connections=links)


@functools.cache
def ran(duration=1000.0):
    """Return the driven network, its image and a stimulus."""
    network = driven()
    return network, compile_network(network, dt=1.0), draw_stimulus(network, duration, seed=1)
