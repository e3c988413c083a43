"""A network that gets given spikes: compiled for them, and run on them by whatever draws."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip import (
    LIF,
    ConstantCurrent,
    Emulator,
    Network,
    PoissonInput,
    Population,
    SpikeCounts,
    SpikeInput,
    Stimulus,
    StimulusError,
    compile_network,
    draw_stimulus,
    one_to_one,
    with_stimulus,
)

SOURCE = PoissonInput("source", 5, rate=1300.0)
SILENT = PoissonInput("silent", 5, rate=10.0)
CELLS = Population("cells", 5, LIF(tau_m=10.0))
NETWORK = Network(
    inputs=[SOURCE, SILENT, ConstantCurrent(CELLS, 0.01)],
    populations=[CELLS],
    connections=[one_to_one(SOURCE, CELLS, weight=3.0), one_to_one(SILENT, CELLS, weight=1.0)],
)
SPIKES = SpikeInput("source", 5, np.tile(np.arange(5), 300), np.repeat(np.arange(300.0), 5))
STIMULUS = Stimulus(300.0, (SPIKES, SpikeInput("silent", 5, [], [])))


def test_whatever_draws_its_inputs_gets_these_spikes():
    fed = with_stimulus(NETWORK, STIMULUS)
    for seed in (1, 2):
        assert draw_stimulus(fed, 300.0, seed).digest() == STIMULUS.digest()
    assert len(fed.inputs) == 3


def test_it_runs_like_the_network_itself_on_this_stimulus():
    fed = with_stimulus(NETWORK, STIMULUS)
    image = compile_network(fed, dt=1.0)
    runs = [Emulator(image).run(item) for item in (STIMULUS, draw_stimulus(fed, 300.0, 7))]
    assert runs[0] == runs[1]
    assert runs[0].n_spikes > 0


def test_the_compiler_knows_the_spikes_and_which_input_is_silent():
    report = compile_network(with_stimulus(NETWORK, STIMULUS), dt=1.0).report
    assert "input 'source': 1003 Hz (its spikes)" in str(report)
    assert "input 'silent': 0 Hz" in str(report)
    assert not report.warnings


def test_counts_are_spikes():
    counts = SpikeCounts("source", np.ones((300, 5), int), dt=1.0)
    fed = with_stimulus(NETWORK, Stimulus(300.0, (counts, STIMULUS.trains[1])))
    assert draw_stimulus(fed, 300.0, 1).digest() == STIMULUS.digest()


def test_spikes_of_another_network_are_refused():
    with pytest.raises(StimulusError, match=r"^stimulus: lacks spikes for input 'silent'; "):
        with_stimulus(NETWORK, Stimulus(300.0, (SPIKES,)))
