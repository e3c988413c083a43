"""Relays of delayed connections that learn: the same spikes and weights, pairs in their order."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from plastic_networks import NAME, PAIR, REWARD, TRIPLET, driven, recurrent

from compiler import compile_network
from neurochip import (
    LIF,
    Emulator,
    Network,
    Population,
    SpikeInput,
    Uniform,
    WeightProbe,
    all_to_all,
    compare_learning,
    draw_stimulus,
    simulate_reference,
    with_relays,
)
from neurochip.errors import CompileError, NetworkError, NeurochipWarning
from neurochip.network.relays import needs_relays

INSIDE = "cells->cells"


def exactly(message):
    return f"^{re.escape(message)}$"


def spikes_of(run, population):
    return run.steps[population].tolist(), run.ids[population].tolist()


def learned(network, dt, name=INSIDE, duration=400.0):
    """Return the spikes of the cells, and the weights by time and (source, target)."""
    stimulus = draw_stimulus(network, duration, seed=2)
    run = simulate_reference(network, stimulus, dt, record=[WeightProbe(name, every=20)])
    return spikes_of(run, "cells"), run.weights[name].values


@pytest.mark.parametrize("stdp", [PAIR, TRIPLET, REWARD], ids=["pairs", "triplets", "reward"])
@pytest.mark.parametrize(("delay", "dt"), [(5.0, 1.0), (3.0, 0.5)])
def test_spikes_and_weights_of_float_are_those_of_the_delayed_network(stdp, delay, dt):
    network = recurrent(stdp, delay=delay)
    relayed = with_relays(network, dt)
    spikes, weights = learned(network, dt)
    assert len(spikes[0]) > 50
    assert np.ptp(weights, axis=0).max() > 0.01
    again, same = learned(relayed, dt)
    assert again == spikes
    assert np.array_equal(same, weights)


def test_delays_of_their_own_have_relays_of_their_own():
    """Which the compiler refuses without them; synapses are then sorted by source and delay."""
    network = recurrent(delay=Uniform(1.0, 6.0))
    with pytest.raises(CompileError, match="1 to 6 steps; allowed: one delay for all synapses"):
        compile_network(network, dt=1.0)
    relayed = with_relays(network, 1.0)
    before, after = network.connections[1], relayed.connections[2]
    order = np.lexsort((np.floor(before.delay + 0.5), before.pre))
    assert after.post.tolist() == before.post[order].tolist()
    assert after.weight.tolist() == before.weight[order].tolist()
    spikes, weights = learned(network, 1.0)
    again, same = learned(relayed, 1.0)
    assert again == spikes
    assert np.array_equal(same, weights[:, order])
    assert compile_network(relayed, dt=1.0).learning is not None


def test_the_chip_relays_every_spike_after_the_delay_but_for_the_step_of_the_synapse():
    network = with_relays(recurrent(delay=5.0), 1.0)
    image = compile_network(network, dt=1.0)
    run = Emulator(image).run(draw_stimulus(network, 400.0, seed=2))
    sent = [(step + 5, cell) for step, cell in zip(*spikes_of(run, "cells"), strict=True)]
    relays = f"{INSIDE} relays"
    found = list(zip(*spikes_of(run, relays), strict=True))
    assert found == [pair for pair in sent if pair[0] < 400]
    assert "pairs" not in {row.parameter for row in image.symbols.report.rows}


def test_a_relay_sends_spikes_of_steps_in_a_row():
    source = SpikeInput("source", 1, np.zeros(6, dtype=int), [1.0, 2.0, 3.0, 7.0, 8.0, 20.0])
    cell = Population("cell", 1, LIF(tau_syn=5.0))
    link = all_to_all(source, cell, weight=0.1, delay=3.0, plasticity=dataclasses.replace(PAIR))
    network = with_relays(Network(inputs=[source], populations=[cell], connections=[link]), 1.0)
    stimulus = draw_stimulus(network, 30.0, seed=1)
    image = compile_network(network, dt=1.0)
    for run in (simulate_reference(network, stimulus, 1.0), Emulator(image).run(stimulus)):
        assert run.steps["source->cell relays"].tolist() == [4, 5, 6, 10, 11, 23]


@pytest.mark.slow
def test_relays_take_away_the_error_of_the_delay():
    """The delay is 20 steps, in which the chip sees many pairs in the other order."""
    network, found = recurrent(delay=20.0), []
    for each in (network, with_relays(network, 1.0)):
        image = compile_network(each, dt=1.0)
        stimulus = draw_stimulus(each, 2000.0, seed=1)
        found.append(compare_learning(each, image, stimulus, seeds=4).connections[INSIDE])
    delayed, relayed = (item.open_loop for item in found)
    assert (delayed.within_spread, relayed.within_spread) == (False, True)
    assert abs(delayed.bias) > 50.0  # weight steps, of 255
    assert abs(relayed.bias) < 2.0


def test_relays_hold_for_one_step():
    network = with_relays(recurrent(delay=5.0), 1.0)
    assert network.dt == 1.0
    message = "compile: dt = 0.5 ms, but the network was made for steps of 1 ms, and its kicks or"
    with pytest.raises(CompileError, match=f"{message} relays hold for no others"):
        compile_network(network, dt=0.5)
    assert with_relays(network) is network


def test_networks_that_need_no_relays_stay_as_they_are():
    for network in (recurrent(delay=0.0), recurrent(delay=1.0), driven()):
        assert with_relays(network, 1.0) is network
    still = recurrent(delay=5.0)
    links = [dataclasses.replace(item, plasticity=None) for item in still.connections]
    fixed = dataclasses.replace(still, connections=links)
    assert with_relays(fixed, 1.0) is fixed


def test_an_input_that_spikes_more_often_than_its_relay_warns():
    message = (
        "with_relays: connection 'source->cells': 0.99 % of the spikes of input 'source' come in a "
        "step with an earlier one of their source; a relay makes one spike of them. Shorten dt."
    )
    with pytest.warns(NeurochipWarning, match=exactly(message)):
        relayed = with_relays(driven(delay=4.0), 1.0)
    assert [item.name for item in relayed.connections] == [f"{NAME} to its relays", NAME]


def test_what_relays_cannot_do_is_refused():
    mixed = recurrent(delay=Uniform(0.0, 6.0))
    message = (
        "with_relays: connection 'cells->cells' has delays of 0 to 6 steps; allowed: at least one "
        "step of 1 ms for all of its synapses, which a relay takes. Split the connection."
    )
    with pytest.raises(NetworkError, match=exactly(message)):
        with_relays(mixed, 1.0)
    early = driven(delay=4.0, delivery="before_threshold")
    message = (
        "with_relays: connection 'source->cells' comes from the input 'source', whose spikes act "
        "before the threshold of their step; allowed: a source that is a population, or another "
        "delivery."
    )
    with pytest.raises(NetworkError, match=exactly(message)):
        with_relays(early, 1.0)
    with pytest.raises(NetworkError, match=r"^with_relays: dt is missing; allowed: a step"):
        with_relays(recurrent(delay=5.0))


@pytest.mark.parametrize(("dt", "steps"), [(1e-300, "5e+300"), (5.0 / 2**31, "2147483648")])
def test_a_delay_that_no_run_reaches_is_refused(dt, steps):
    message = (
        f"with_relays: connection 'cells->cells': a delay of 5 ms is {steps} steps of {dt:g} ms; "
        "allowed: at most 2147483647 steps. Shorten it or raise dt."
    )
    with pytest.raises(NetworkError, match=exactly(message)):
        with_relays(recurrent(delay=5.0), dt)
    assert needs_relays(recurrent(delay=5.0).connections[1], 5.0 / (2**31 - 1))
