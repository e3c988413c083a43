"""The library of neuron programs, each against a loop that is written from its equations."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest
from program_interpreter import interpret

from neurochip import LOIHI, LOIHI2, PRESETS, Emulator
from neurochip.errors import ProgramError
from neurochip.image.program import SignMode, Synapses, program
from neurochip.programs import OPERATIONS, PROGRAMS

CORE = LOIHI2.core
HIGHEST = 2**23 - 1
MEMBRANE = {"keep_u": 3000, "keep_v": 3900, "bias": 700, "vmin": -HIGHEST, "vmax": HIGHEST}
GRADED = ("delta", "graded_product", "graded_product_of_last", "graded_relu", "graded_vector")
GRADED += ("sigma", "sigma_delta", "sigma_delta_identity", "ternary")
SNNTORCH = [("subtract", True), ("subtract", False), ("zero", True), ("zero", False)]


def kicks(seed, steps=400):
    """Random input that often takes a neuron far above its threshold, and below 0."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(-40_000, 90_000, steps)
    return [
        int(size) if some else 0 for size, some in zip(sizes, rng.random(steps) < 0.4, strict=True)
    ]


def states_of(program, parameters, inputs, names=("u", "v")):
    """State and payload of a program after each step, by the plain interpreter."""
    registers = dict.fromkeys(program.state, 0) | parameters
    found = []
    for arrived in inputs:
        values = arrived if isinstance(arrived, tuple) else (arrived,)
        registers |= dict(zip(program.inputs, values, strict=True))
        payload, _ = interpret(program.rows, registers)
        found.append((*(registers[name] for name in names), payload))
    return found


def weighed(*mantissas):
    """Turn sums of mantissas into what arrives, which is in units of a weight."""
    return tuple(mantissa << CORE.weight_shift for mantissa in mantissas)


def kept(value, keep):
    """``value * keep / 4096``, rounded toward zero."""
    return abs(value) * keep // 4096 * (1 if value >= 0 else -1)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("chip", [*PRESETS.values(), LOIHI2], ids=lambda chip: chip.name)
def test_every_program_fits_every_chip_that_has_its_spikes(name, chip):
    if name in GRADED and not chip.core.payload_bits:
        message = (
            f"{name}: the core has payload_bits = 0, so its spikes are binary; allowed: a core "
            "with payloads, such as LOIHI2.core."
        )
        with pytest.raises(ProgramError, match=f"^{re.escape(message)}$"):
            PROGRAMS[name](chip.core)
    else:
        program = PROGRAMS[name](chip.core)
        assert (program.payload_bits != 0) == (name in GRADED)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_says_its_source_and_its_proof(name):
    text = PROGRAMS[name].__doc__
    assert "Source: " in text
    assert "Proof: " in text


def test_the_library_uses_every_operation():
    used = {row[1] for name in PROGRAMS for row in PROGRAMS[name](CORE).rows}
    used |= {row[1] for row in PROGRAMS["lif_soft_reset"](CORE, "many").rows}
    assert set(OPERATIONS) - used == set()


# --- two currents --------------------------------------------------------------------------------


@pytest.mark.parametrize("reset", ["value", "subtract", "subtract_and_raise"])
def test_two_inputs_have_currents_of_their_own_and_one_potential(reset):
    program = PROGRAMS["lif_two_inputs"](CORE, reset)
    parameters = {**MEMBRANE, "keep_u2": 1500, "threshold": 60_000, "refractory": 3}
    if reset != "value":
        parameters["amount"] = 50_000
    inputs = list(zip(kicks(1), kicks(2), strict=True))
    found = states_of(program, parameters, inputs, ("u", "u2", "v"))
    u = u2 = v = held = 0
    for (a, b), (found_u, found_u2, found_v, payload) in zip(inputs, found, strict=True):
        u, u2 = kept(u, 3000) + a, kept(u2, 1500) + b
        new = kept(v, 3900) + u + u2 + 700
        if held:
            new = 0 if reset == "value" else v
        raised = 50_000 if reset == "subtract_and_raise" and v > 60_000 else 0
        spike = not held and new > 60_000 + raised
        if spike:
            new = 0 if reset == "value" else new - 50_000
        v, held = new, 2 if spike else max(held - 1, 0)
        assert (found_u, found_u2, found_v, payload) == (u, u2, v, spike)
    assert 10 < sum(payload for *_, payload in found) < 390


def test_without_a_second_input_it_is_the_neuron_with_one():
    parameters = {**MEMBRANE, "threshold": 60_000, "refractory": 2}
    one = states_of(PROGRAMS["lif"](CORE), parameters, kicks(3))
    pairs = [(a, 0) for a in kicks(3)]
    assert states_of(PROGRAMS["lif_two_inputs"](CORE), parameters | {"keep_u2": 5}, pairs) == one


def test_two_inputs_give_the_integers_of_a_child_and_its_parent():
    """The core's own neurons with a join, on input that wraps the accumulated currents too."""
    rng = np.random.default_rng(8)
    pairs, steps = 12, 300
    size = 2 * pairs
    registers = {
        "join": [0, 1] * pairs,
        "decay_u": rng.integers(0, 600, size),
        "decay_v": rng.integers(0, 600, size),
        "bias_mantissa": [0, 900] * pairs,
        "threshold_mantissa": [0, 20_000] * pairs,
        "refractory": [1, 3] * pairs,
    }
    mantissas = rng.integers(100, 256, size)
    one_to_one = Synapses(
        "inputs",
        pre=range(size),
        target=range(size),
        mantissa=mantissas,
        sign_mode=SignMode.EXCITATORY,
        exponent=5,
    )
    image = program(LOIHI, registers, [one_to_one], n_inputs=size)
    spikes = rng.random((steps, size)) < np.linspace(0.05, 0.5, size)
    recording = Emulator(image, warn=False).run_steps(
        steps, *np.nonzero(spikes[1:]), record=["u", "v"]
    )
    u, v = (recording.trace("compartments", name).values for name in ("u", "v"))
    sent = np.zeros((steps, size), dtype=int)
    sent[recording.steps["compartments"], recording.ids["compartments"]] = 1
    arrived = (spikes * (mantissas << 11)).astype(int)
    arrived[0] = 0
    for child in range(0, size, 2):
        parent = child + 1
        parameters = {
            "keep_u": 4095 - int(registers["decay_u"][parent]),
            "keep_u2": 4095 - int(registers["decay_u"][child]),
            "keep_v": 4096 - int(registers["decay_v"][parent]),
            "bias": 900,
            "vmin": 1 - 2**23,
            "vmax": 2**23 - 1,
            "threshold": 20_000 << 6,
            "refractory": 3,
        }
        inputs = arrived[:, [parent, child]].tolist()
        neuron = PROGRAMS["lif_two_inputs"](LOIHI.core)
        found = states_of(neuron, parameters, map(tuple, inputs), ("u", "u2", "v"))
        wanted = zip(u[:, parent], u[:, child], v[:, parent], sent[:, parent], strict=True)
        assert found == list(wanted), child
    assert recording.counters["current_wraps"] > 0
    assert recording.counters["input_wraps"] > 0
    assert sent[:, 1::2].sum() > 100


def test_two_inputs_can_spike_several_times_a_step():
    parameters = {**MEMBRANE, "keep_v": 4096, "bias": 0, "threshold": 99, "refractory": 1}
    parameters |= {"keep_u": 0, "keep_u2": 0, "amount": 100}
    program = PROGRAMS["lif_two_inputs"](CORE, "subtract", "many")
    found = states_of(program, parameters, [(60, 30), (200, 60), (0, -60), (0, 0)], ("v",))
    assert found == [(90, 0), (50, 3), (-10, 0), (-10, 0)]


def test_several_spikes_need_a_reset_that_leaves_something():
    message = (
        "lif_two_inputs: spikes_per_step = 'many' with reset = 'value'; allowed: 'many' with reset "
        "= 'subtract', since a reset to a value leaves nothing for a second spike."
    )
    with pytest.raises(ProgramError, match=f"^{re.escape(message)}$"):
        PROGRAMS["lif_two_inputs"](CORE, "value", "many")


# --- snnTorch ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reset", "delayed"), SNNTORCH)
def test_the_resets_of_snntorch(reset, delayed):
    program = PROGRAMS["snntorch"](CORE, reset, delayed)
    parameters = MEMBRANE | {"threshold": 60_000}
    if reset == "subtract":
        parameters["amount"] = 60_000
    inputs = kicks(4)
    found = states_of(program, parameters, inputs)
    u = v = 0
    for a, (found_u, found_v, payload) in zip(inputs, found, strict=True):
        last = v > 60_000
        u = kept(u, 3000) + a
        v = kept(v, 3900) + u + 700
        if reset == "subtract":
            spike = v - 60_000 * last > 60_000
            v -= 60_000 * (last if delayed else spike)
        else:
            if delayed and last:
                v = 0
            spike = v > 60_000
            if spike and not delayed:
                v = 0
        assert (found_u, found_v, payload) == (u, v, spike)
    assert 10 < sum(payload for *_, payload in found) < 390


def test_a_subtraction_without_delay_raises_the_threshold():
    """The program of networks, which has a refractory counter, too."""
    parameters = MEMBRANE | {"threshold": 60_000, "amount": 50_000}
    own = states_of(PROGRAMS["snntorch"](CORE, "subtract", False), parameters, kicks(5))
    raising = PROGRAMS["lif_soft_reset"](CORE, raises=True)
    assert states_of(raising, parameters | {"refractory": 1}, kicks(5)) == own
    plain = PROGRAMS["lif_soft_reset"](CORE)
    assert states_of(plain, parameters | {"refractory": 1}, kicks(5)) != own


def test_a_reset_to_zero_without_delay_is_that_of_the_core():
    parameters = MEMBRANE | {"threshold": 60_000}
    undelayed = states_of(PROGRAMS["snntorch"](CORE, "zero", False), parameters, kicks(5))
    assert undelayed == states_of(PROGRAMS["lif"](CORE), parameters | {"refractory": 1}, kicks(5))


# --- adaptive threshold --------------------------------------------------------------------------


def test_the_threshold_of_an_adaptive_neuron_rises_at_each_spike_and_decays():
    parameters = MEMBRANE | {"threshold": 60_000, "keep_w": 4000, "step_w": 15_000}
    inputs = kicks(6)
    found = states_of(PROGRAMS["lif_adaptive"](CORE), parameters, inputs, ("u", "v", "w"))
    u = v = w = 0
    for a, (*state, payload) in zip(inputs, found, strict=True):
        u = kept(u, 3000) + a
        v = kept(v, 3900) + u + 700
        w = kept(w, 4000)
        spike = v > 60_000 + w
        if spike:
            v, w = 0, w + 15_000
        assert (*state, payload) == (u, v, w, spike)
    assert 10 < sum(payload for *_, payload in found) < 390


def test_an_adaptive_neuron_whose_threshold_stays_is_that_of_the_core():
    parameters = MEMBRANE | {"threshold": 60_000}
    adaptive = parameters | {"keep_w": 4000, "step_w": 0}
    assert states_of(PROGRAMS["lif_adaptive"](CORE), adaptive, kicks(7)) == states_of(
        PROGRAMS["lif"](CORE), parameters | {"refractory": 1}, kicks(7)
    )


# --- limits --------------------------------------------------------------------------------------


def test_a_sum_stops_at_the_width_of_its_register():
    program = PROGRAMS["sigma"](CORE)
    assert states_of(program, {}, weighed(HIGHEST, 5, -1), ("sigma",)) == [
        (HIGHEST, HIGHEST),
        (HIGHEST, HIGHEST),
        (HIGHEST - 1, HIGHEST - 1),
    ]


def test_a_payload_stops_at_its_width():
    product = PROGRAMS["graded_product"](CORE)
    parameters = {"threshold": 0, "exponent": 0}
    assert states_of(product, parameters, [weighed(5000, 5000), weighed(-3, 7)], ()) == [
        (HIGHEST,),
        (-21,),
    ]


def test_a_vector_neuron_sends_what_exceeds_its_threshold():
    """In either direction; one with a ReLU only above it."""
    for name, sent in (("graded_vector", [0, 8, -8, 0]), ("graded_relu", [0, 8, 0, 0])):
        program = PROGRAMS[name](CORE)
        found = states_of(program, {"threshold": 7}, weighed(7, 8, -8, -7), ())
        assert found == [(payload,) for payload in sent]


def test_a_product_is_rounded_toward_minus_infinity():
    product = PROGRAMS["graded_product"](CORE)
    parameters = {"threshold": 0, "exponent": 2}
    inputs = [weighed(3, 7), weighed(-3, 7), weighed(1, 3)]
    assert states_of(product, parameters, inputs, ()) == [(5,), (-6,), (0,)]


def test_a_core_of_the_first_generation_runs_what_spikes_with_one_bit():
    binary = set(PROGRAMS) - set(GRADED)
    assert binary == {
        "lif",
        "lif_adaptive",
        "lif_soft_reset",
        "lif_two_inputs",
        "resonate_and_fire",
        "rf_izhikevich",
        "snntorch",
    }
    for name in binary:
        assert PROGRAMS[name](LOIHI.core).payload_bits == 0


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_chip_in_place_of_its_core_is_refused(name):
    with pytest.raises(ProgramError) as caught:
        PROGRAMS[name](LOIHI2)
    assert str(caught.value).startswith(f"{name}: core = ChipSpec('loihi2', 128 cores, ")
    assert str(caught.value).endswith("; allowed: a CoreSpec, such as LOIHI2.core.")
    assert pickle.loads(pickle.dumps(PROGRAMS[name])) is PROGRAMS[name]
