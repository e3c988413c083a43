"""Neuron programs: their grammar, their integers and their ranges."""

from __future__ import annotations

import copy
import pickle

import pytest
from program_interpreter import interpret

from neurochip import LOIHI, LOIHI2, PRESETS
from neurochip.programs import OPERATIONS, PROGRAMS, NeuronProgram

LIBRARY = [
    *(PROGRAMS[name](LOIHI2.core) for name in PROGRAMS),
    PROGRAMS["lif_soft_reset"](LOIHI2.core, "many"),
]


SOFT = {"u": 0, "v": 0, "held": 0, "keep_u": 0, "keep_v": 4096, "bias": 0, "refractory": 1}
SOFT |= {"vmin": 1 - 2**23, "vmax": 2**23 - 1, "threshold": 99, "amount": 100}


def registers_with(registers, a):
    """The same registers, with what arrives in this step."""
    registers["a"] = a
    return registers


def integrator(**changes):
    fields = {
        "name": "integrator",
        "state": {"v": 24},
        "parameters": {"threshold": (1, 8388607)},
        "rows": (
            ("v", "add", "v", "a"),
            ("fires", "ge", "v", "threshold"),
            ("below", "sub", "v", "threshold"),
            ("v", "sel", "fires", "below", "v"),
            ("v", "sat", "v", 24),
            (None, "emit", "fires"),
        ),
    }
    return NeuronProgram(**{**fields, **changes})


def test_the_operations_keep_their_order_which_files_hold():
    assert " ".join(OPERATIONS) == (
        "mov add sub mul shl asr rtz min max abs gt ge and sel sat wrap div emit"
    )


def test_a_program_is_a_table_of_integers():
    program = integrator()
    assert program.temporaries == ("fires", "below")
    assert program.constants == (24,)
    # Registers: a 0, v 1, threshold 2, fires 3, below 4, the constant 24 5.
    assert program.table.tolist() == [
        [1, 1, 1, 0, -1],
        [3, 11, 1, 2, -1],
        [4, 2, 1, 2, -1],
        [1, 13, 3, 4, 1],
        [1, 14, 1, 5, -1],
        [-1, 17, 3, -1, -1],
    ]


@pytest.mark.parametrize("program", LIBRARY, ids=lambda program: program.name)
def test_a_program_comes_back_from_its_integers(program):
    back = NeuronProgram.from_integers(
        program.table,
        program.constants,
        temporaries=program.temporaries,
        name=program.name,
        inputs=program.inputs,
        state=program.state,
        parameters=program.parameters,
        payload_bits=program.payload_bits,
    )
    assert back == program
    assert copy.deepcopy(program) == program == pickle.loads(pickle.dumps(program))


def test_ranges_follow_every_row():
    assert integrator().ranges(22) == (
        (-(2**23) - 2**21, 2**23 + 2**21 - 2),
        (0, 1),
        (-(2**23) - 2**21 - (2**23 - 1), 2**23 + 2**21 - 3),
        (-(2**23) - 2**21 - (2**23 - 1), 2**23 + 2**21 - 2),
        (1 - 2**23, 2**23 - 1),
        (0, 1),
    )


@pytest.mark.parametrize("chip", [*PRESETS.values(), LOIHI2], ids=lambda chip: chip.name)
def test_lif_programs_fit_the_registers_of_every_preset(chip):
    for name, options in (("lif", []), ("lif_soft_reset", []), ("lif_soft_reset", ["many"])):
        assert PROGRAMS[name](chip.core, *options).rows


def test_a_soft_reset_lowers_v_by_its_amount():
    program = PROGRAMS["lif_soft_reset"](LOIHI.core)
    registers = dict(SOFT)
    found = []
    for a in (60, 60, 250, 0, 0):
        payload, _ = interpret(program.rows, registers_with(registers, a))
        found.append((registers["v"], payload))
    assert found == [(60, 0), (20, 1), (170, 1), (70, 1), (70, 0)]


def test_several_spikes_a_step_are_the_number_that_fits():
    program = PROGRAMS["lif_soft_reset"](LOIHI2.core, "many")
    registers = dict(SOFT)
    found = []
    for a in (60, 60, 280, 99, -150, 150):
        payload, _ = interpret(program.rows, registers_with(registers, a))
        found.append((registers["v"], payload))
    assert found == [(60, 0), (20, 1), (0, 3), (99, 0), (-51, 0), (99, 0)]


def test_a_sigma_delta_neuron_sends_changes_of_its_activation():
    program = PROGRAMS["sigma_delta"](LOIHI2.core)
    registers = {"sigma": 0, "act": 0, "residue": 0}
    registers |= {"bias": -100, "threshold": 128, "state_exponent": 6}
    found = []
    for a in (200, 20, 64, 300, -900, 0):
        payload, _ = interpret(program.rows, registers_with(registers, a << 6))
        found.append((registers["sigma"], registers["act"], registers["residue"], payload))
    # d = 100; 20 + 100 = 120; 64 + 120 = 184 is sent as 2 (184 / 64 = 2.875, floor); and so on.
    assert found == [
        (200, 100, 100, 0),
        (220, 120, 120, 0),
        (284, 184, 0, 2),
        (584, 484, 0, 4),
        (-316, 0, 0, -8),
        (-316, 0, 0, 0),
    ]
