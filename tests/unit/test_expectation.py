"""The rates that are assumed for neurons and inputs, where they come from, and what they decide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rates.networks import CELL, CURRENT

from compiler import CompileError, CompileOptions, compile_network
from compiler.neurons.drive import mean_field
from compiler.neurons.expectation import expect
from compiler.neurons.rates import input_rates
from neurochip import (
    LIF,
    LOIHI,
    ConstantCurrent,
    Network,
    NetworkError,
    PoissonInput,
    Population,
    SpikeInput,
    Stimulus,
    Uniform,
    all_to_all,
    draw_stimulus,
    fixed_probability,
)
from neurochip.emulator import Emulator
from neurochip.reference import simulate_reference


def pair(source, weight=0.5, seed=None):
    """20 cells that all receive a source, and 5 that all receive the cells."""
    cells, others = Population("cells", 20, CELL), Population("others", 5, CELL)
    links = [
        all_to_all(source, cells, weight=weight, seed=seed),
        all_to_all(cells, others, weight=0.1),
    ]
    return Network(inputs=[source], populations=[cells, others], connections=links)


def balanced(size=1000, spread=0.0):
    """Brian2's CUBA example with fewer neurons: 80 synapses onto each neuron, about 6 Hz."""
    starts = np.random.default_rng(1).uniform(-60, -50, size)
    e = Population("e", size * 4 // 5, replace(CURRENT, v_init=starts[: size * 4 // 5]))
    i = Population("i", size // 5, replace(CURRENT, v_init=starts[size * 4 // 5 :]))

    def weight(mean):
        low, high = sorted((mean * (1 - spread), mean * (1 + spread)))
        return Uniform(low, high) if spread else mean

    links = [
        fixed_probability(a, b, 80 / size, weight=weight(w), seed=k, name=f"{a.name}{b.name}")
        for k, (a, b, w) in enumerate([(e, e, 1.62), (e, i, 1.62), (i, e, -9.0), (i, i, -9.0)])
    ]
    return Network(populations=[e, i], connections=links)


def assumed(report):
    """Expected and assumed rates in words, and their origin, by name."""
    return {row.owner: str(row).split(": ", 1)[1] for row in report.rates}


def test_rates_are_predicted_and_headroom_is_left_for_at_least_10_hz():
    network = pair(PoissonInput("source", 40, rate=45.0))
    solution = mean_field(network)
    expected = expect(network, CompileOptions())
    assert solution.settled
    assert expected.rates["cells"].tolist() == solution.rates["cells"].tolist()
    assert 20.0 < expected.rates["cells"].mean() < 60.0
    assert expected.rates["others"].max() < 1.0
    assert expected.assumed(network.populations[0]).tolist() == expected.rates["cells"].tolist()
    assert expected.assumed(network.populations[1]).tolist() == [10.0] * 5
    report = compile_network(network).report
    rate = f"{expected.rates['cells'][0]:.4g}"
    assert assumed(report)["cells"] == f"{rate} Hz (predicted)"
    assert assumed(report)["others"].endswith(" Hz (predicted); headroom for 10 Hz")
    assert assumed(report)["source"] == "45 Hz (its own rate)"


def test_each_neuron_has_its_own_prediction():
    cells = Population("cells", 300, CELL)
    network = Network(
        inputs=[ConstantCurrent(cells, np.linspace(0.5, 1.5, 300))], populations=[cells]
    )
    solution = mean_field(network)
    run = simulate_reference(network, Stimulus(2000.0), 0.1)
    assert solution.rates["cells"] == pytest.approx(run.rates("cells"), abs=1.0)
    assert len(solution.points["cells"].ids) == 64
    sampled = solution.rates["cells"][solution.points["cells"].ids]
    assert sampled.tolist() == solution.points["cells"].rates.tolist()


def test_synapses_may_be_summed_in_parts(monkeypatch):
    network = balanced(100, spread=0.3)
    whole = mean_field(network).points
    monkeypatch.setattr("compiler.neurons.weights.CHUNK", 7)
    monkeypatch.setattr("compiler.neurons.drive._ROWS", 7)
    for name, point in mean_field(network).points.items():
        assert point.mean == pytest.approx(whole[name].mean)
        assert point.rates == pytest.approx(whole[name].rates)


def test_rates_that_do_not_settle_are_the_highest_of_the_last_round(monkeypatch):
    monkeypatch.setattr("compiler.neurons.drive._ROUNDS", 2)
    network = balanced(100)
    assert not mean_field(network).settled
    assert "Hz (predicted, not settled)" in assumed(compile_network(network).report)["e"]


def test_strong_inhibition_settles():
    cells = Population("cells", 400, CELL)
    current = ConstantCurrent(cells, np.linspace(2.0, 3.0, 400))
    links = [all_to_all(cells, cells, weight=-0.5, delay=1.0)]
    network = Network(inputs=[current], populations=[cells], connections=links)
    solution = mean_field(network)
    assert solution.settled
    assert solution.rates["cells"].mean() == pytest.approx(10.14, abs=0.01)


def test_excitation_without_end_has_a_bound():
    cells = Population("cells", 50, LIF(tau_refrac=0.0))
    source = PoissonInput("source", 50, rate=50.0)
    links = [all_to_all(source, cells, weight=1.0), all_to_all(cells, cells, weight=2.0)]
    solution = mean_field(Network(inputs=[source], populations=[cells], connections=links))
    assert solution.settled
    assert np.isfinite(solution.rates["cells"]).all()


def test_a_number_holds_for_every_neuron_and_for_no_input():
    network = pair(PoissonInput("source", 40, rate=45.0))
    report = compile_network(network, assumed_rate=2.0).report
    assert assumed(report) == {
        "cells": "2 Hz (given)",
        "others": "2 Hz (given)",
        "source": "45 Hz (its own rate)",
    }


@pytest.mark.parametrize("assumed_rate", ["auto", 100.0])
def test_a_recording_gives_the_rates_that_it_has_measured(assumed_rate):
    network = pair(PoissonInput("source", 40, rate=45.0))
    run = simulate_reference(network, draw_stimulus(network, 200.0, 1), 0.5)
    report = compile_network(network, activity=run, assumed_rate=assumed_rate).report
    rate = run.rates("cells")[0]
    assert rate > 10.0
    assert assumed(report)["cells"] == f"{rate:.4g} Hz (measured)"
    assert assumed(report)["others"] == "0 Hz (measured); headroom for 10 Hz"


def test_the_recording_has_to_be_one_of_the_network():
    with pytest.raises(CompileError) as caught:
        compile_network(pair(PoissonInput("source", 4, rate=1.0)), activity=[1.0])
    assert str(caught.value) == ("compile: activity = [1.0]; allowed: a Recording of the network.")


def test_an_input_has_its_own_rate_its_expected_rate_that_of_its_spikes_or_an_assumed_one():
    times = {"ids": [1, 1, 2], "times": [0.0, 10.0, 20.0]}
    assert input_rates(PoissonInput("x", 2, rate=[100.0, 4000.0])).tolist() == [100.0, 4000.0]
    assert input_rates(SpikeInput("x", 3, **times)).tolist() == [0.0, 100.0, 50.0]
    assert input_rates(SpikeInput("x", 3, **times, expected_rate=7.0)).tolist() == [7.0] * 3
    assert input_rates(SpikeInput("x", 1, [0], [0.0])).tolist() == [1000.0]
    assert input_rates(SpikeInput("x", 2, [], [])).tolist() == [100.0, 100.0]


@pytest.mark.parametrize(
    ("source", "origin"),
    [
        (SpikeInput("source", 2, [0, 1], [1.0, 20.0]), "50 Hz (its spikes)"),
        (SpikeInput("source", 2, [], [], expected_rate=[3.0, 4.0]), "3 to 4 Hz (expected_rate)"),
        (SpikeInput("source", 2, [], [], expected_rate=0.0), "0 Hz (expected_rate)"),
        (SpikeInput("source", 2, [], []), "100 Hz (unknown)"),
    ],
)
def test_the_report_says_where_the_rate_of_an_input_comes_from(source, origin):
    report = compile_network(pair(source)).report
    assert assumed(report)["source"] == origin
    told = [text for text in report.warnings if text.startswith("input")]
    assert told == (
        [
            "input 'source': its spikes are not known, so 100 Hz are assumed for each source; give "
            "them, or SpikeInput(..., expected_rate=...)"
        ]
        if "unknown" in origin
        else []
    )


def test_an_expected_rate_that_is_none_is_refused():
    with pytest.raises(NetworkError) as caught:
        SpikeInput("source", 2, [], [], expected_rate=-1.0)
    assert str(caught.value) == (
        "input 'source': expected_rate = -1 Hz; allowed: a finite number of at least 0 Hz."
    )
    with pytest.raises(NetworkError) as caught:
        SpikeInput.from_trains("source", [[], []], expected_rate=[1.0, 2.0, 3.0])
    assert str(caught.value) == (
        "input 'source': expected_rate has 3 values; allowed: one, or 2 (one per source)."
    )


def test_a_stimulus_holds_spikes_and_no_expectations():
    source = SpikeInput("source", 40, [0], [1.0], expected_rate=200.0)
    (train,) = draw_stimulus(pair(source), 10.0, 1).trains
    assert train == SpikeInput("source", 40, [0], [1.0])


def unknown(**changes):
    """40 sources of 200 Hz, whose spikes the compiler is told or not."""
    rng = np.random.default_rng(3)
    spikes = {"ids": rng.integers(0, 40, 2000), "times": np.round(rng.uniform(1, 249, 2000), 1)}
    model = LIF(tau_m=20.0, v_rest=-60.0, v_reset=-63.0, v_thresh=-50.0, tau_refrac=2.1)
    source = SpikeInput("s", 40, **{**spikes, **changes})
    cells = Population("p", 80, model)
    network = Network(
        inputs=[source],
        populations=[cells],
        connections=[fixed_probability(source, cells, 0.2, weight=2.1, seed=1)],
        delivery="before_threshold",
    )
    return network, Stimulus(250.0, (SpikeInput("s", 40, **spikes),))


@pytest.mark.parametrize("expected_rate", [None, 200.0])
def test_inputs_that_become_known_after_compilation_find_headroom(expected_rate):
    """Without any, the accumulator once wrapped and a fifth of the spikes were missing."""
    network, stimulus = unknown(ids=[], times=[], expected_rate=expected_rate)
    run = Emulator(compile_network(network, dt=0.1)).run(stimulus)
    wanted = simulate_reference(unknown()[0], stimulus, 0.1)
    assert run.counters["accumulator_wraps"] == 0
    assert run.n_spikes == pytest.approx(wanted.n_spikes, rel=0.02)


def test_weights_use_most_of_their_levels_where_neurons_fire_rarely():
    """At 100 Hz for each neuron the excitatory weights once had 2 levels of 255."""
    network = balanced(spread=0.3)
    images = {rate: compile_network(network, assumed_rate=rate) for rate in ("auto", 100.0)}
    levels = {
        rate: image.report.row("ee", "weight").registers["mantissa"].high
        for rate, image in images.items()
    }
    assert levels["auto"] >= 3 * levels[100.0]
    run = Emulator(images["auto"]).run(Stimulus(500.0))
    assert not [
        name for name, n in run.counters.items() if n and ("wrap" in name or "clip" in name)
    ]


def test_few_levels_are_a_warning_that_names_the_cause_and_the_options():
    network = balanced(spread=0.3)
    report = compile_network(network, LOIHI, assumed_rate=300.0).report
    row = report.row("ee", "weight")
    levels = int(row.registers["mantissa"].high)
    assert levels < 32
    assert row.warning.split("; the summed")[0] == (
        f"only {levels} of 255 weight levels are used, so weights are off by up to "
        f"{100 * abs(row.relative_error):.2g} % of the largest: the scale of 'e' is bounded by its "
        "peak of voltage_low at the assumed rates; if sources fire less, state it (activity, "
        "assumed_rate, expected_rate), or lower headroom"
    )


def test_few_levels_are_no_warning_where_they_express_the_weights():
    report = compile_network(balanced(), assumed_rate=100.0).report
    row = report.row("ee", "weight")
    assert row.registers["mantissa"].high < 32
    assert abs(row.relative_error) < 0.01
    assert row.warning == ""


def test_few_levels_that_a_threshold_causes_keep_their_sums_with_moments():
    source, cells = PoissonInput("source", 40, rate=45.0), Population("cells", 20, CELL)
    weights = all_to_all(source, cells, weight=Uniform(0.001, 0.002), seed=1)
    current = ConstantCurrent(cells, 0.5)
    network = Network(inputs=[source, current], populations=[cells], connections=[weights])
    warning = compile_network(network).report.row("source->cells", "weight").warning
    assert "the scale of 'cells' is bounded by its threshold; weight_rounding='moments'" in warning
