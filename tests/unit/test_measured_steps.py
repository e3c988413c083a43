"""``measure_dt``: the error of each step, measured by runs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from compiler import CompileOptions
from neurochip import (
    LIF,
    LOIHI,
    Emulator,
    Network,
    PoissonInput,
    Population,
    choose_dt,
    compile_network,
    draw_stimulus,
    one_to_one,
    simulate_reference,
)
from neurochip.errors import AnalysisError
from neurochip.tuning import measure_dt


def driven(rate=1300.0, **parameters):
    model = {"tau_m": 10.0, "v_rest": -70.0, "v_thresh": -50.0, "tau_refrac": 5.0, **parameters}
    source, cells = PoissonInput("source", 40, rate=rate), Population("cells", 40, LIF(**model))
    links = [one_to_one(source, cells, weight=1.5)]
    return Network(inputs=[source], populations=[cells], connections=links)


NETWORK = driven()
STIMULUS = draw_stimulus(NETWORK, 1000.0, seed=1)


def test_the_measured_parts_are_those_of_runs_by_hand():
    choice = measure_dt(NETWORK, STIMULUS, candidates=[1.0, 0.5], fine_dt=0.05)
    assert choice.measured
    assert [item.dt for item in choice.candidates] == [0.5, 1.0]
    fine = simulate_reference(NETWORK, STIMULUS, 0.05).rates("cells").mean()
    for item in choice.candidates:
        grid = simulate_reference(NETWORK, STIMULUS, item.dt).rates("cells").mean()
        chip = Emulator(compile_network(NETWORK, dt=item.dt)).run(STIMULUS).rates("cells").mean()
        assert item.grid == pytest.approx(grid / fine - 1)
        assert item.registers == pytest.approx((chip - grid) / fine)
        assert item.total == pytest.approx(chip / fine - 1)
        assert item.error == pytest.approx(abs(item.grid) + abs(item.registers))
    assert str(choice).startswith("Measured error of the rates on loihi\n")
    assert choice.dt == 0.5


def test_options_and_chip_are_those_of_the_compiler():
    narrow = LOIHI.what_if(decay_bits=6)
    errors = [
        measure_dt(
            NETWORK,
            STIMULUS,
            narrow,
            candidates=[0.5],
            fine_dt=0.5,
            options=CompileOptions(gain=gain),
        ).best
        for gain in ("impulse", "auto")
    ]
    assert [item.grid for item in errors] == [0, 0]
    assert abs(errors[0].registers) > 10 * abs(errors[1].registers)


def test_the_predicted_error_of_a_step_is_near_the_measured_one():
    predicted = choose_dt(NETWORK, candidates=[0.25, 1.0]).candidates
    measured = measure_dt(NETWORK, STIMULUS, candidates=[0.25, 1.0]).candidates
    for one, other in zip(predicted, measured, strict=True):
        assert one.grid == pytest.approx(other.grid, rel=0.2)


def test_a_step_that_does_not_fit_is_kept_with_the_reason():
    network = driven(tau_refrac=20.0)
    stimulus = draw_stimulus(network, 200.0, seed=1)
    choice = measure_dt(network, stimulus, candidates=[0.1, 1.0])
    assert "tau_refrac[0] = 20 ms needs refractory register" in choice.candidates[0].problem
    assert math.isnan(choice.candidates[0].error)
    assert choice.dt == 1.0
    with pytest.raises(AnalysisError) as caught:
        measure_dt(network, stimulus, candidates=[0.1])
    assert str(caught.value).startswith(
        "measure_dt: no step from 0.1 to 0.1 ms fits; at 0.1 ms: population 'cells': tau_refrac[0]"
    )


def test_silent_populations_count_for_nothing_and_a_silent_network_is_refused():
    quiet = driven(rate=1.0)
    with pytest.raises(AnalysisError) as caught:
        measure_dt(quiet, draw_stimulus(quiet, 100.0, seed=1), candidates=[1.0])
    assert str(caught.value) == (
        "measure_dt: no neuron fires in float64 in steps of 0.1 ms; allowed: a stimulus under "
        "which some fire. choose_dt judges silent neurons by their time constants."
    )
    silent = Population("silent", 400)
    both = Network(
        inputs=NETWORK.inputs,
        populations=[*NETWORK.populations, silent],
        connections=NETWORK.connections,
    )
    alone, with_silent = (
        measure_dt(item, STIMULUS, candidates=[1.0], fine_dt=0.1).best for item in (NETWORK, both)
    )
    assert np.isclose(alone.grid, with_silent.grid)


def test_steps_are_checked():
    for candidates in ([], 0.1):
        with pytest.raises(AnalysisError) as caught:
            measure_dt(NETWORK, STIMULUS, candidates=candidates)
        assert str(caught.value) == (
            f"measure_dt: candidates = {candidates!r}; allowed: steps in ms, at least one."
        )
    with pytest.raises(AnalysisError) as caught:
        measure_dt(NETWORK, STIMULUS, candidates=[0.0])
    assert str(caught.value) == "measure_dt: candidates = 0.0 ms; allowed: a step above 0 ms."
