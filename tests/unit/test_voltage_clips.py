"""Clips of v where neurons run as programs: counted and told as those of the core's own neuron."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from compiler import compile_network
from neurochip import (
    LIF,
    LOIHI,
    LOIHI2,
    STDP,
    Emulator,
    Learning,
    Network,
    Plasticity,
    PoissonInput,
    Population,
    SpikeInput,
    Stimulus,
    all_to_all,
)
from neurochip.errors import ChipOverflowError, ChipOverflowWarning
from neurochip.image import PeriodicReset, ProgramGroup
from neurochip.image.program import SignMode, Synapses, program
from neurochip.learning import LearningRule
from neurochip.programs import PROGRAMS, NeuronProgram

WHO = "compartments"
REGISTERS = {
    # below vmin; above vmax, which is below the threshold; above both, so that it spikes; held
    "bias_mantissa": [-100, 4000, 4000, -100],
    "vmin_exponent": [3, 23, 23, 3],
    "vmax_exponent": [7, 0, 0, 7],
    "threshold_mantissa": [10, 2**17 - 1, 7, 1],
    "refractory": [1, 1, 1, 5],
    "v_init": [0, 0, 0, 300],
}
NEVER = PeriodicReset(np.arange(4, dtype=np.int32), 1000, 999)
LEARNS = Learning((Plasticity(0, LearningRule("x0")),))


def images():
    """Return four compartments as they are, beside a periodic reset, and beside learning."""
    synapse = Synapses("inputs", [0], [0], 0, SignMode.MIXED)
    plain = program(LOIHI, REGISTERS, [synapse], n_inputs=1)
    return plain, *(
        dataclasses.replace(plain, **parts)
        for parts in ({"resets": (NEVER,)}, {"learning": LEARNS})
    )


def exactly(message):
    return f"^{re.escape(message)}$"


def test_clips_count_alike_beside_resets_and_learning():
    plain, *others = (Emulator(image, warn=False).run_steps(9) for image in images())
    # v is cut off from the first step on; compartment 2 spikes instead; compartment 3 spikes in
    # step 0 and is held for 4 steps, then falls below vmin.
    assert plain.overflows == {WHO: {"voltage_clips_low": 13, "voltage_clips_high": 9}}
    for other in others:
        assert other.overflows == plain.overflows
        assert other.counters.items() >= plain.counters.items()


def test_clips_warn_alike_beside_resets_and_learning():
    texts = []
    for image in images():
        with pytest.warns(ChipOverflowWarning) as caught:
            Emulator(image).run_steps(9)
        texts.append(str(caught[0].message))
    assert len(set(texts)) == 1
    assert texts[0] == (
        "run: population 'compartments': v was held at its lower limit 13 times, v was held at its "
        "upper limit 9 times. v at its lower limit forgets the inhibition that goes beyond it. v "
        "at its upper limit is cut off and reaches no threshold above it. Use smaller weights and "
        "biases, or a chip with wider registers."
    )


def test_the_first_clip_ends_a_strict_run():
    for image in images():
        message = (
            "compartment 0: at step 0 v was held at its lower limit. Compile with more headroom, "
            "or run with strict=False to count such events."
        )
        with pytest.raises(ChipOverflowError, match=exactly(message)):
            Emulator(image, strict=True).run_steps(9)


def test_wraps_of_u_and_of_its_sum_with_the_bias_have_their_own_counters():
    registers = {
        "u_init": [-(2**23) + 1, 2**23 - 1],
        "decay_u": 0,
        "decay_u_offset": 0,
        "bias_mantissa": [0, 4000],
        "threshold_mantissa": 2**17 - 1,
    }
    synapse = Synapses("inputs", [0], [0], -254, SignMode.MIXED, exponent=6)
    plain = program(LOIHI, registers, [synapse], n_inputs=1)
    beside = dataclasses.replace(plain, learning=LEARNS)
    found = [Emulator(each, warn=False).run_steps(1, [-1], [0]) for each in (plain, beside)]
    assert found[0].counters["current_wraps"] == found[0].counters["input_wraps"] == 1
    assert found[1].overflows == found[0].overflows


def test_a_held_neuron_counts_no_sum_with_the_bias():
    registers = {"u_init": 2**23 - 1, "decay_u": 0, "decay_u_offset": 0, "refractory": 3}
    # v spikes in step 0, since its start is above the threshold; u stays, and wraps with the bias
    registers |= {"v_init": 2**23 - 1, "bias_mantissa": 4000, "threshold_mantissa": 1}
    registers["decay_v"] = 0
    synapse = Synapses("inputs", [0], [0], 0, SignMode.MIXED)
    plain = program(LOIHI, registers, [synapse], n_inputs=1)
    beside = dataclasses.replace(plain, learning=LEARNS)
    found = [Emulator(each, warn=False).run_steps(3) for each in (plain, beside)]
    assert found[0].overflows == {WHO: {"input_wraps": 1}}
    assert found[1].overflows == found[0].overflows


def test_only_a_parameter_is_a_limit_of_v():
    lazy = NeuronProgram(
        name="lazy",
        state={"v": 25, "vmin": 25},
        parameters={"bias": (-(2**23), 2**23)},
        rows=(("v", "add", "v", "bias"), ("v", "max", "v", "vmin"), ("v", "min", "v", 0)),
    )
    state = {"v": -5, "vmin": 1 - 2**23}
    group = ProgramGroup.fill(lazy, [0], state=state, parameters={"bias": -(2**23)})
    image = program(LOIHI2, {}, n_compartments=1, programs=[group])
    assert Emulator(image, warn=False).run_steps(3).overflows == {}


def inhibited(model, chip, plasticity=None):
    """Run a neuron that inputs inhibit without end, which its compilation does not expect."""
    inputs = [PoissonInput("inhibition", 3, 0.1), PoissonInput("learned", 5, 20.0)]
    cell = Population("cell", 1, model)
    wires = [
        all_to_all(inputs[0], cell, weight=-8.0),
        all_to_all(inputs[1], cell, weight=1.0, plasticity=plasticity),
    ]
    network = Network(inputs=inputs, populations=[cell], connections=wires)
    emulator = Emulator(compile_network(network, chip, dt=1.0))
    times = np.repeat(np.arange(100.0), 3)
    spikes = SpikeInput("inhibition", 3, np.tile(np.arange(3), 100), times)
    return emulator.run(Stimulus(100.0, (spikes, SpikeInput("learned", 5, [], []))))


def test_a_network_that_learns_warns_of_inhibition_that_v_cannot_hold():
    with pytest.warns(
        ChipOverflowWarning,
        match="^run: population 'cell': v was held at its lower limit [0-9]+ times. v at its lower "
        "limit forgets the inhibition that goes beyond it. Compile with a higher headroom",
    ):
        inhibited(LIF(tau_m=200.0), LOIHI, STDP(20.0, 25.0, 0.02, 0.021, w_max=2.0))


def test_a_limit_of_the_register_counts_and_a_lowest_v_of_the_model_does_not():
    with pytest.warns(ChipOverflowWarning, match="v was held at its lower limit"):
        run = inhibited(LIF(tau_m=200.0, reset="subtract"), LOIHI2)
    assert run.overflows.keys() == {"cell"}
    assert inhibited(LIF(tau_m=200.0, reset="subtract", v_min=-80.0), LOIHI2).overflows == {}


def soft(bias, **parameters):
    """Run a neuron whose spike lowers v by 1000, for three steps."""
    neuron = {"keep_u": 0, "keep_v": 4096, "vmin": 1 - 2**23, "vmax": 2**23 - 1}
    neuron |= {"threshold": 1000, "amount": 1000, "refractory": 1, "bias": bias}
    group = ProgramGroup.fill(
        PROGRAMS["lif_soft_reset"](LOIHI2.core), [0], parameters=neuron | parameters
    )
    image = program(LOIHI2, {}, n_compartments=1, programs=[group])
    return Emulator(image, warn=False).run_steps(3)


def test_a_clip_counts_where_it_changes_what_a_step_leaves():
    # A reset that subtracts keeps what is above the threshold, so what vmax cuts off is lost.
    assert soft(500, vmax=400).counters["voltage_clips_high"] == 3
    assert soft(1500, vmax=1100).counters["voltage_clips_high"] == 3
    # A v that the threshold compares first, and then lowers to the same, loses nothing.
    assert soft(-10, vmin=1 - 2**23).counters["voltage_clips_low"] == 0
    # Held neurons keep their v, whatever they would have become.
    held = soft(1500, vmax=1100, refractory=3)
    assert len(held.ids[WHO]) == 1
    assert held.counters["voltage_clips_high"] == 1


def test_any_program_may_limit_its_v():
    integrator = NeuronProgram(
        name="integrator",
        state={"v": 25},
        parameters={"bias": (-(2**23), 2**23), "vmin": (-(2**23), 0), "vmax": (0, 2**23)},
        rows=(
            ("v", "add", "v", "bias"),
            ("v", "max", "v", "vmin"),
            ("v", "min", "v", "vmax"),
        ),
    )
    parameters = {"bias": [-(2**22), -(2**22), 2**22], "vmin": [1 - 2**23, -5, -5], "vmax": 2**23}
    group = ProgramGroup.fill(integrator, range(3), parameters=parameters)
    image = program(LOIHI2, {}, n_compartments=3, programs=[group])
    found = Emulator(image, warn=False).run_steps(4)
    # Beyond the lowest v of the core's registers from step 2 on, and beyond vmax in steps 3 and 4.
    assert found.overflows == {WHO: {"voltage_clips_low": 3, "voltage_clips_high": 2}}


def test_wraps_of_a_child_are_those_of_its_neuron():
    registers = {
        "join": [0, 1],
        "u_init": [-(2**23) + 1, 0],
        "decay_u": 0,
        "decay_u_offset": 0,
        "threshold_mantissa": 2**17 - 1,
    }
    synapse = Synapses("inputs", [0], [0], -254, SignMode.MIXED, exponent=6)
    pair = program(LOIHI, registers, [synapse], n_inputs=1)
    beside = dataclasses.replace(pair, learning=LEARNS)
    assert Emulator(beside, warn=False).run_steps(1, [-1], [0]).overflows == {
        WHO: {"current_wraps": 1}
    }
