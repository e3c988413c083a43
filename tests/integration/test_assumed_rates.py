"""Brian2's CUBA example on the chip: weights that use their registers, and the rates of float64."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rates.networks import CURRENT

from compiler import compile_network
from neurochip import Network, Population, Stimulus, from_arrays
from neurochip.emulator import Emulator
from neurochip.reference import simulate_reference

N, START = 4000, 300.0  # neurons; ms before spikes count


def cuba(v_init):
    rng = np.random.default_rng(1)
    cells = Population("cells", N, replace(CURRENT, v_init=v_init))
    links = []
    for name, first, last, weight in (("e", 0, 3200, 1.62), ("i", 3200, N, -9.0)):
        pre, post = np.nonzero(rng.random((last - first, N)) < 0.02)
        links.append(from_arrays(cells, cells, pre + first, post, weight=weight, name=name))
    return Network(populations=[cells], connections=links)


@pytest.mark.slow
def test_the_rate_of_cuba_is_that_of_float_over_initial_states_and_nothing_overflows():
    """At 100 Hz for each neuron the weights were 2 and -11, and the rate was 6 to 8 % too high.

    A run scatters by 1.5 %; over 10 states the mean was -0.12 % with a standard error of 0.38 %.
    """
    errors = []
    for seed in range(4):
        network = cuba(np.random.default_rng(100 + seed).uniform(-60, -50, N))
        stimulus = Stimulus(1500.0)
        image = compile_network(network, dt=0.1)
        chip = Emulator(image).run(stimulus)
        reference = simulate_reference(network, stimulus, 0.1)
        found, wanted = ((run.times("cells") >= START).sum() for run in (chip, reference))
        errors.append(100 * (found / wanted - 1))
        overflows = {k: n for k, n in chip.counters.items() if "wraps" in k or "clips" in k}
        assert not any(overflows.values()), overflows
        for name in "ei":
            row = image.report.row(name, "weight")
            assert abs(row.relative_error) < 0.01
            assert "levels" not in row.warning
    assert abs(np.mean(errors)) < 3.0
