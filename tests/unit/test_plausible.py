"""Values in V, s, pF or pA get one warning that says what to write; sensible values get none."""

import re
import warnings

import numpy as np
import pytest

from neurochip import (
    LIF,
    CompileError,
    ConstantCurrent,
    Network,
    PoissonInput,
    Population,
    Stimulus,
    Uniform,
    UnitWarning,
    compile_network,
    draw_stimulus,
    one_to_one,
    simulate_reference,
)
from neurochip.network.plausible import units_known

CELL = {"tau_m": 10.0, "v_rest": -70.0, "v_reset": -65.0, "v_thresh": -50.0, "tau_refrac": 5.0}


def network(weight=1.5, delay=0.0, rate=1300.0, **changes):
    source, cells = PoissonInput("s", 5, rate), Population("n", 5, LIF(**{**CELL, **changes}))
    connection = one_to_one(source, cells, weight=weight, delay=delay, seed=1)
    return Network(inputs=[source], populations=[cells], connections=[connection])


def doubts(call):
    """The warnings of a call."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        call()
    return found


def warned(call):
    """Text of the single warning of a call, which points at this file."""
    found = doubts(call)
    assert [item.category for item in found] == [UnitWarning]
    assert found[0].filename == __file__
    return str(found[0].message)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            {
                "tau_m": 0.01,
                "v_rest": -0.07,
                "v_reset": -0.065,
                "v_thresh": -0.05,
                "tau_refrac": 0.005,
            },
            "LIF: tau_m = 0.01 ms, tau_refrac = 0.005 ms, v_rest = -0.07 mV, v_reset = -0.065 mV "
            "and v_thresh = -0.05 mV look like s and V; neurochip takes ms and mV. Write tau_m=10, "
            "tau_refrac=5, v_rest=-70, v_reset=-65, v_thresh=-50, if so.",
        ),
        (
            {"tau_m": 0.02, "tau_syn": 0.005},
            "LIF: tau_m = 0.02 ms and tau_syn = 0.005 ms look like s; neurochip takes ms. Write "
            "tau_m=20, tau_syn=5, if so.",
        ),
        (
            {"tau_refrac": np.full(3, 0.002)},
            "LIF: tau_refrac = 0.002 ms looks like s; neurochip takes ms. Write tau_refrac=2, if "
            "so.",
        ),
        (
            {"v_rest": -0.07},
            "LIF: v_rest = -0.07 mV looks like V; neurochip takes mV. Write v_rest=-70, if so.",
        ),
        (
            {"cm": 250.0, "tau_m": 10.0, "tau_syn": 2.0},
            "LIF: cm = 250 nF looks like pF; neurochip takes nF. Write cm=0.25, if so.",
        ),
        (
            {"cm": 0.25, "tau_m": 10.0, "tau_syn": 2.0, "i_offset": 300.0},
            "LIF: i_offset = 300 nA looks like pA; neurochip takes nA. Write i_offset=0.3, if so.",
        ),
    ],
)
def test_neurons_in_other_units_are_questioned_once(model, message):
    assert warned(lambda: LIF(**model)) == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"weight": 0.0015},
            "connection 's->n': weight = 0.0015 mV looks like V (all input together moves v by "
            "0.019 mV, the threshold lies 20 mV above rest); neurochip takes mV. Write weight=1.5, "
            "if so.",
        ),
        (
            {"weight": Uniform(0.0015, 0.0015)},
            "connection 's->n': weight = 0.0015 mV looks like V (all input together moves v by "
            "0.019 mV, the threshold lies 20 mV above rest); neurochip takes mV. Write weight=1.5, "
            "if so.",
        ),
        (
            {"delay": 0.0015},
            "connection 's->n': delay = 0.0015 ms looks like s; neurochip takes ms. Write "
            "delay=1.5, if so.",
        ),
        (
            {"weight": -87.8, "cm": 0.25, "tau_syn": 2.0},
            "connection 's->n': weight = -87.8 nA looks like pA; neurochip takes nA. Write "
            "weight=-0.0878, if so.",
        ),
    ],
)
def test_a_connection_in_other_units_is_questioned_once(changes, message):
    assert warned(lambda: network(**changes)) == message


def test_a_current_in_pa_is_questioned():
    cells = Population("n", 5, LIF(cm=0.25, tau_m=10.0))
    assert warned(lambda: ConstantCurrent(cells, 375.0)) == (
        "constant current into 'n': amplitude = 375 nA looks like pA; neurochip takes nA. Write "
        "amplitude=0.375, if so."
    )


def test_a_duration_in_seconds_is_questioned():
    assert warned(lambda: draw_stimulus(network(), 1.0, seed=1)) == (
        "stimulus: duration = 1 ms looks like s (it is less than a quarter of the shortest tau_m, "
        "10 ms); neurochip takes ms. Write duration=1000, if so."
    )
    drawn = draw_stimulus(network(), 1000.0, seed=1)
    assert warned(lambda: simulate_reference(network(), drawn, 0.1, duration=0.5)) == (
        "run: duration = 0.5 ms looks like s (the stimulus lasts 1000 ms); neurochip takes ms. "
        "Write duration=500, if so."
    )


def test_a_step_in_seconds_is_questioned_and_the_compiler_says_what_to_write():
    quiet = Network(populations=[Population("n", 2, LIF(**CELL))])
    assert warned(lambda: simulate_reference(quiet, Stimulus(0.01), 1e-4)) == (
        "run: dt = 0.0001 ms looks like s; neurochip takes ms. Write dt=0.1, if so."
    )
    message = (
        "population 'n': tau_m[0] = 10 ms is a decay of 0.041 in 4096 per step of 0.0001 ms and "
        "would round to 0; the longest at this dt is 0.8191 ms. Lengthen dt to at least 0.00123 "
        "ms. If 0.0001 s is meant, write dt=0.1."
    )
    with pytest.raises(CompileError, match=f"^{re.escape(message)}$"):
        compile_network(quiet, dt=1e-4)


@pytest.mark.parametrize(
    "model",
    [
        {"v_rest": 0.0, "v_reset": 0.0, "v_thresh": 1.0},  # without units
        {"v_rest": 0.0, "v_reset": -0.1, "v_thresh": 0.05, "cm": 20.0},
        {"v_rest": 0.0, "v_reset": 10.0, "v_thresh": 20.0},  # Brunel 2000
        {"v_rest": -49.0, "v_reset": -60.0, "tau_syn_E": 5.0, "tau_syn_I": 10.0, "cm": 20.0},
        {"tau_m": 20.0, "tau_syn": 0.01},  # nearly a kick
        {"tau_refrac": 0.1},  # the default of PyNN
        {"tau_m": 0.5, "v_thresh": np.inf},
        {"tau_m": np.inf},
        {"i_offset": -0.5, "cm": 0.25},
    ],
)
def test_sensible_neurons_raise_no_doubt(model):
    assert not doubts(lambda: LIF(**model))


@pytest.mark.parametrize(
    "changes",
    [
        {"weight": 0.0},
        {"weight": 0.004, "rate": 1e6},  # many sources in one train
        {"weight": 0.004, "i_offset": 2.5},  # driven by a current, weakly coupled
        {"weight": 0.0015, "v_rest": 0.0, "v_reset": 0.0, "v_thresh": 20.0},
        {"rate": 1.3},  # silent, but not a unit
        {"delay": 0.05},
        {"weight": 2.0, "cm": 0.25, "tau_syn": 0.5},
    ],
)
def test_sensible_connections_raise_no_doubt(changes):
    assert not doubts(lambda: network(**changes))


def test_a_connection_without_synapses_raises_no_doubt():
    source, cells = PoissonInput("s", 5, 10.0), Population("n", 5, LIF(tau_syn=2.0))
    Network(
        inputs=[source],
        populations=[cells],
        connections=[one_to_one(source, cells, weight=0.1, delay=1.0)],
    )


def test_doubts_can_be_silenced():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UnitWarning)
        assert LIF(tau_m=0.01).tau_m == 0.01


def test_front_ends_which_know_their_units_raise_no_doubt():
    with units_known():
        assert not doubts(lambda: network(delay=0.001, weight=1e-6, tau_m=0.01))
    assert warned(lambda: LIF(tau_m=0.01)).startswith("LIF: tau_m = 0.01 ms looks like s;")
