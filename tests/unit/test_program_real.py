"""Neuron programs in real numbers: snnTorch's spikes, the error of rounding, and messages."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from conformance.program_arrays import run_program

from neurochip import LOIHI2, NeuronProgram, simulate_program
from neurochip.errors import ProgramError
from neurochip.programs import OPERATIONS, PROGRAMS

CORE = LOIHI2.core
CONFORMANCE = Path(__file__).parents[1] / "conformance"
NETWORKS = CONFORMANCE / "snntorch_networks.npz"
NEURONS = CONFORMANCE / "snntorch_neurons.npz"
RESONATOR = {"keep_cos": 2880, "keep_sin": 2880, "threshold": 2000, "input_exponent": 0}


def networks():
    with np.load(NETWORKS) as stored:
        names = sorted(key.removesuffix("_x") for key in stored if key.endswith("_x"))
        return {
            name: {
                key.removeprefix(f"{name}_"): stored[key].astype(np.float64)
                for key in stored
                if key.startswith(f"{name}_")
            }
            for name in names
        }


@pytest.mark.parametrize("name", networks())
def test_the_program_gives_the_spikes_that_snntorch_gave(name):
    network = networks()[name]
    kind, reset, delay = name.split("_")
    # Leaky keeps the input of the step after a spike, so its delayed reset to zero is at once.
    delayed = delay == "delay" and (kind, reset) != ("leaky", "zero")
    program = PROGRAMS["snntorch"](CORE, reset, delayed)
    parameters = {"keep_u": 4096 * network["alpha"], "keep_v": 4096 * network["beta"], "bias": 0}
    parameters |= {"vmin": -np.inf, "vmax": np.inf, "threshold": 1.0}
    if reset == "subtract":
        parameters["amount"] = 1.0
    spikes = network["x"]
    for layer in (1, 2):
        arrived = spikes @ network[f"weight{layer}"].T + network[f"bias{layer}"]
        _, spikes = simulate_program(program, arrived, parameters)
    assert (spikes == network["spikes"]).all()


def test_the_networks_of_snntorch_spike():
    sent = {name: int(network["spikes"].sum()) for name, network in networks().items()}
    assert sent == {
        "leaky_subtract_delay": 39,
        "leaky_subtract_nodelay": 17,
        "leaky_zero_delay": 0,
        "leaky_zero_nodelay": 9,
        "syn_subtract_delay": 0,
        "syn_subtract_nodelay": 289,
        "syn_zero_delay": 22,
        "syn_zero_nodelay": 296,
    }


@pytest.mark.parametrize("delay", ["delayed", "at_once"])
@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("kind", ["leaky", "synaptic"])
def test_the_program_gives_every_value_of_a_neuron_of_snntorch(kind, reset, delay):
    """Both compute the same products and sums in float64, so no bit differs."""
    prefix = f"{kind}_{reset}_{delay}_"
    with np.load(NEURONS) as stored:
        recorded = {key.removeprefix(prefix): stored[key] for key in stored if prefix in key}
    keeps_input = (kind, reset) == ("leaky", "zero")
    program = PROGRAMS["snntorch"](CORE, reset, delay == "delayed" and not keeps_input)
    parameters = {"bias": 0, "vmin": -np.inf, "vmax": np.inf}
    parameters |= {name: recorded[name] for name in ("keep_u", "keep_v", "threshold")}
    if reset == "subtract":
        parameters["amount"] = recorded["threshold"]
    states, spikes = simulate_program(program, recorded["inputs"], parameters)
    assert recorded["spikes"].sum() > 50
    assert (spikes == recorded["spikes"]).all()
    same = states["v"] == recorded["v"]
    # Leaky's delayed reset leaves v as it is until the next step.
    assert (same | (spikes == 1) if keeps_input and delay == "delayed" else same).all()
    if kind == "synaptic":
        assert (states["u"] == recorded["u"]).all()


@pytest.mark.parametrize(
    ("operation", "operands", "result"),
    [
        ("mov", ["a"], -7.5),
        ("add", ["a", "b"], -5.5),
        ("sub", ["a", "b"], -9.5),
        ("mul", ["a", "b"], -15.0),
        ("shl", ["a", 3], -60.0),
        ("asr", ["a", "p"], -1.875),
        ("rtz", ["a", 1], -3.75),
        ("min", ["a", "b"], -7.5),
        ("max", ["a", "b"], 2.0),
        ("abs", ["a"], 7.5),
        ("gt", ["b", 2], 0.0),
        ("ge", ["b", 2], 1.0),
        ("and", ["b", 3], 2.0),
        ("sel", ["a", "a", "b"], -7.5),
        ("sat", ["a", 3], -7.5),
        ("wrap", ["a", 3], -7.5),
        ("div", ["a", "p"], -4.0),
    ],
)
def test_every_operation_has_a_meaning_for_real_numbers(operation, operands, result):
    bounds = (("x", "sat", operands[0], 16),) if operation == "shl" else ()
    first = "x" if bounds else operands[0]
    program = NeuronProgram(
        name="one",
        inputs=("a", "b"),
        state={"r": 32},
        parameters={"p": (1, 60)},
        rows=(*bounds, ("r", operation, first, *operands[1:]), ("r", "sat", "r", 32)),
    )
    states, payload = simulate_program(program, ([[-7.5]], [[2.0]]), {"p": 2})
    assert states["r"].tolist() == [[result]]
    assert payload.tolist() == [[0.0]]


def test_the_table_of_real_numbers_has_every_operation():
    from neurochip.programs.real import _REAL

    assert list(_REAL) == list(OPERATIONS)


def test_without_divisions_it_gives_the_integers():
    rng = np.random.default_rng(1)
    level = rng.integers(-500, 500, (50, 7)) << CORE.weight_shift
    parameters = {"threshold": 90, "state_exponent": 0, "bias": rng.integers(-200, 200, 7)}
    program = PROGRAMS["sigma_delta"](CORE)
    states, payload = simulate_program(program, level, parameters)
    integers = run_program(program, [level], parameters)
    assert (payload == integers["payload"]).all()
    assert all((states[name] == integers[name]).all() for name in states)


def test_rounding_moves_a_resonator_by_less_than_two_units_a_step_and_part():
    """A rotation rounds four products, two in each part, each by less than one unit.

    It keeps 0.994 of the amplitude, so errors before it do not grow.
    """
    rng = np.random.default_rng(2)
    kicks = [rng.integers(-900, 900, (300, 20)) << CORE.weight_shift for _ in "ab"]
    program = PROGRAMS["resonate_and_fire"](CORE)
    states, _ = simulate_program(program, kicks, RESONATOR)
    integers = run_program(program, kicks, RESONATOR)
    errors = np.hypot(*(states[part] - integers[part] for part in ("re", "im")))
    steps = np.arange(1, 301)[:, None]
    assert (errors < 2 * np.sqrt(2) * steps).all()
    assert errors[-1].min() > 0


def test_state_and_parameters_may_differ_between_neurons():
    program = PROGRAMS["lif"](CORE)
    parameters = {"keep_u": 0, "keep_v": [2048, 4096], "bias": 0, "vmin": -np.inf, "vmax": np.inf}
    parameters |= {"threshold": 100, "refractory": 1}
    states, payload = simulate_program(program, [[0, 0], [51, 51]], parameters, state={"v": 99})
    assert states["v"].tolist() == [[49.5, 99.0], [75.75, 0.0]]
    assert payload.tolist() == [[0, 0], [0, 1]]


@pytest.mark.parametrize(
    ("inputs", "parameters", "state", "message"),
    [
        (
            [[[1.0]]],
            RESONATOR,
            None,
            "program 'resonate_and_fire': 1 inputs; allowed: two arrays, for a and b.",
        ),
        (
            ([[1.0]], [[1.0, 2.0]]),
            RESONATOR,
            None,
            "program 'resonate_and_fire': input 'b' has shape (1, 2); allowed: (1, 1).",
        ),
        (
            ([1.0], [1.0]),
            RESONATOR,
            None,
            "program 'resonate_and_fire': input 'a' has shape (1,); allowed: (n_steps, n_neurons).",
        ),
        (
            ([[1.0]], [["x"]]),
            RESONATOR,
            None,
            "program 'resonate_and_fire': input 'b' = [['x']]; allowed: numbers, shape (n_steps, "
            "n_neurons).",
        ),
        (
            ([[1.0]], [[1.0]]),
            None,
            None,
            "program 'resonate_and_fire': parameter 'keep_cos' is missing; allowed: a value for "
            "each of keep_cos, keep_sin, threshold, input_exponent.",
        ),
        (
            ([[1.0]], [[1.0]]),
            RESONATOR | {"period": 7},
            None,
            "program 'resonate_and_fire': no parameter 'period'; there are keep_cos, keep_sin, "
            "threshold, input_exponent.",
        ),
        (
            ([[1.0]], [[1.0]]),
            RESONATOR,
            {"v": 0},
            "program 'resonate_and_fire': no state 'v'; there are re, im.",
        ),
        (
            ([[1.0]], [[1.0]]),
            RESONATOR,
            {"re": [1, 2]},
            "program 'resonate_and_fire': re has shape (2,); allowed: a number or (1,).",
        ),
    ],
)
def test_a_wrong_input_or_name_is_refused_with_one_message(inputs, parameters, state, message):
    program = PROGRAMS["resonate_and_fire"](CORE)
    with pytest.raises(ProgramError, match=f"^{re.escape(message)}$"):
        simulate_program(program, inputs, parameters, state=state)


def test_something_else_is_not_a_program():
    message = "program: program = 'lif'; allowed: a NeuronProgram(...)."
    with pytest.raises(ProgramError, match=f"^{re.escape(message)}$"):
        simulate_program("lif", [[1.0]])
