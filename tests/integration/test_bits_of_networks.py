"""Answers of different seeds about the bits of a recurrent network do not contradict each other."""

from __future__ import annotations

import pytest

from neurochip import LIF, Conclusion, Network, PoissonInput, Population, bits, fixed_indegree

WIDTHS = (8, 5, 4, 3, 2, 1)


def balanced():
    """800 excitatory neurons and two inhibitory populations, coupled by delta synapses.

    A single changed synapse moves the rates of single neurons by several percent.
    """
    lif = LIF(tau_m=20.0, v_rest=0.0, v_reset=10.0, v_thresh=20.0, tau_refrac=2.0)
    outside = PoissonInput("outside", 1000, rate=20.0)
    populations = [
        Population(name, size, lif) for name, size in (("E", 800), ("P", 120), ("S", 80))
    ]
    wires = []
    for seed, target in enumerate(populations):
        wires.append(fixed_indegree(outside, target, 150, weight=0.4, seed=10 + seed))
        for source, indegree, weight in zip(
            populations, (80, 12, 8), (0.4, -2.0, -2.0), strict=True
        ):
            wires.append(
                fixed_indegree(source, target, indegree, weight=weight, delay=1.5, seed=20 + seed)
            )
    return Network(inputs=[outside], populations=populations, connections=wires)


@pytest.mark.slow
def test_three_recurrent_populations_get_one_monotone_answer_whatever_the_seeds():
    network = balanced()
    first, other, many = (
        bits(network, widths=WIDTHS, dt=0.25, seeds=seeds, seed=seed)
        for seeds, seed in ((8, 1), (8, 101), (24, 1))
    )
    for answer in (first, other, many):
        assert answer.not_enough == 2
        assert answer.enough in (3, 4, 5, 8)
        assert set(answer.undecided) == {w for w in WIDTHS if 2 < w < answer.enough}
        assert all(answer.conclusions[w] is Conclusion.UNDECIDED for w in answer.undecided)
        assert answer.resolution < 0.02
        assert all(answer.seeds_to_decide(w) > len(answer.seeds) for w in answer.undecided)
        assert {item.population for item in answer.results} == {"E", "P", "S"}
        assert set(answer.floor) == {"E", "P", "S"}
    assert many.enough <= first.enough
    assert many.resolution < 0.02
    # The floor of a recurrent network is as wide as the intervals of the chip.
    low, high = many.floor["E"]
    assert 0.002 < high - low < 0.03
