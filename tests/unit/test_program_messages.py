"""Wrong neuron programs are refused with one message, which names the row."""

from __future__ import annotations

import re

import numpy as np
import pytest

from neurochip import LOIHI, LOIHI2
from neurochip.errors import ProgramError
from neurochip.programs import OPERATIONS, PROGRAMS, NeuronProgram

SILENT = (("v", "mov", 0),)
SHIFTS = "allowed: a constant from 0 to 62, or a parameter within this range."
DIVISORS = "allowed: a constant of at least 1, or a parameter whose lowest value is at least 1."
PARTS = "allowed: (destination, operation, operand, ...), names as text and constants as integers."


def program(rows=SILENT, **changes):
    fields = {
        "name": "x",
        "state": {"v": 24},
        "parameters": {"k": (0, 70), "p": (0, 5), "big": (-(2**31), 2**31 - 1)},
        "rows": rows,
    }
    return NeuronProgram(**{**fields, **changes})


def refused(message, rows=SILENT, **changes):
    with pytest.raises(ProgramError, match=f"^{re.escape(message)}$"):
        program(rows, **changes)


def row(*parts):
    """A program of one row."""
    return (parts,)


def test_a_name_is_written_before_it_is_read():
    refused(
        "program 'x': row 1 (v = add v w): 'w' is read before it is written; known here: a, big, "
        "k, p, v.",
        (("v", "mov", "a"), ("v", "add", "v", "w")),
    )


def test_there_is_no_other_operation():
    names = ", ".join(OPERATIONS)
    refused(
        f"program 'x': row 0 (v = plus v a): there is no operation 'plus'; there are {names}.",
        row("v", "plus", "v", "a"),
    )


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_has_its_number_of_operands(name):
    operands = OPERATIONS[name].operands
    destination = None if name == "emit" else "v"
    given = (1,) * (len(operands) + 1)
    text = " ".join((*(() if name == "emit" else ("v", "=")), name, *map(str, given)))
    refused(
        f"program 'x': row 0 ({text}): {name} has {len(given)} operands; allowed: {name} "
        f"{' '.join(operands)}.",
        row(destination, name, *given),
    )


@pytest.mark.parametrize(("name", "kind"), [("p", "parameter"), ("a", "input")])
def test_parameters_and_inputs_are_not_written(name, kind):
    refused(
        f"program 'x': row 0 ({name} = mov 1): it writes the {kind} '{name}'; allowed: a state or "
        "a temporary.",
        row(name, "mov", 1),
    )


def test_a_program_emits_once():
    refused(
        "program 'x': row 1 (emit 1): row 0 emits already; allowed: one emit. Add or select the "
        "payloads before it.",
        ((None, "emit", 0), (None, "emit", 1)),
    )


def test_only_emit_has_no_destination():
    refused(
        "program 'x': row 0 (v = emit 0): emit has the destination 'v'; allowed: None.",
        row("v", "emit", 0),
    )
    refused(
        "program 'x': row 0 (mov a): its destination is None; allowed: a state or a temporary, "
        "except for emit.",
        row(None, "mov", "a"),
    )


@pytest.mark.parametrize(
    ("operation", "operand", "shown"),
    [
        ("shl", "k", "shift = 'k', a parameter from 0 to 70; " + SHIFTS),
        ("asr", 63, "shift = 63; " + SHIFTS),
        ("rtz", -1, "shift = -1; " + SHIFTS),
        ("shl", "v", "shift = 'v'; " + SHIFTS),
        ("div", "p", "divisor = 'p', a parameter from 0 to 5; " + DIVISORS),
        ("div", 0, "divisor = 0; " + DIVISORS),
        ("div", "a", "divisor = 'a'; " + DIVISORS),
        ("sat", "p", "bits = 'p'; allowed: a constant from 2 to 63."),
        ("sat", 1, "bits = 1; allowed: a constant from 2 to 63."),
        ("wrap", 64, "bits = 64; allowed: a constant from 2 to 63."),
    ],
)
def test_shifts_divisors_and_widths_have_a_range(operation, operand, shown):
    refused(
        f"program 'x': row 0 (t = {operation} a {operand}): {shown}",
        row("t", operation, "a", operand),
    )


def test_no_value_can_leave_64_bits():
    refused(
        "program 'x': row 1 (t = mul t 8) can be -2**65 to 2**65, beyond 64 bits; allowed: -2**63 "
        "to 2**63 - 1. Narrow its operands with sat or wrap, or declare narrower parameters.",
        (("t", "mul", "a", "big"), ("t", "mul", "t", 8)),
    )


def test_a_state_ends_within_its_width():
    refused(
        "program 'x': row 1 (v = add v a): state 'v' can be -2155872256 to 2155872254; allowed "
        "with 24 bits: -8388608 to 8388607. End with sat or wrap, or declare more bits.",
        (("t", "mov", 1), ("v", "add", "v", "a")),
    )


def test_a_payload_fits_its_width():
    refused(
        "program 'x': row 0 (emit a): the payload can be -2147483648 to 2147483647; allowed with 8 "
        "bits: -128 to 127. End with sat or wrap, or declare more bits.",
        row(None, "emit", "a"),
        payload_bits=8,
    )


def test_a_binary_spike_has_no_payload():
    refused(
        "program 'x': row 0 (emit v): the payload can be -8388608 to 8388607; allowed for a binary "
        "spike (payload_bits = 0): 0 to 1. Emit a comparison such as gt, or declare payload_bits.",
        row(None, "emit", "v"),
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["v = add v a"], f"program 'x': row 0 = 'v = add v a'; {PARTS}"),
        ([("v",)], f"program 'x': row 0 = ('v',); {PARTS}"),
        ([("v", "add", "v", 1.5)], f"program 'x': row 0: operand = 1.5; {PARTS}"),
        ([("v", "add", "v", True)], f"program 'x': row 0: operand = True; {PARTS}"),
        (
            [("v", "add", "v", 2**70)],
            "program 'x': row 0: operand = 1180591620717411303424; allowed: -9223372036854775808 "
            "to 9223372036854775807.",
        ),
        (
            [(3, "mov", "a")],
            "program 'x': row 0 = (3, 'mov', 'a'): its destination is 3; allowed: a name of "
            "letters, digits and _, or None for emit.",
        ),
        ("text", "program 'x': rows = 'text'; allowed: a list of rows."),
        ([], "program 'x': 0 rows; allowed: 1 to 512."),
        ([("v", "mov", 0)] * 513, "program 'x': 513 rows; allowed: 1 to 512."),
    ],
)
def test_a_row_is_a_tuple_of_names_and_integers(rows, message):
    refused(message, rows)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"inputs": ("v",)},
            "program 'x': the name 'v' is used twice; allowed: different names for inputs, state "
            "and parameters.",
        ),
        ({"inputs": ()}, "program 'x': 0 inputs; allowed: one or two names."),
        ({"inputs": "a"}, "program 'x': inputs = 'a'; allowed: one or two names."),
        ({"inputs": ("a", "b", "c")}, "program 'x': 3 inputs; allowed: one or two names."),
        (
            {"state": {"v v": 24}},
            "program 'x': a register is named 'v v'; allowed: letters, digits and _.",
        ),
        ({"state": {"v": 33}}, "program 'x': state 'v' = 33; allowed: 2 to 32 bits."),
        ({"state": {"v": 1}}, "program 'x': state 'v' = 1; allowed: 2 to 32 bits."),
        (
            {"state": ["v"]},
            "program 'x': state = ['v']; allowed: a dict of names, each with its bits.",
        ),
        (
            {"parameters": {"k": 3}},
            "program 'x': parameter 'k' = 3; allowed: (lowest, highest) within -2147483648 to "
            "2147483647.",
        ),
        (
            {"parameters": {"k": (3, 1)}},
            "program 'x': parameter 'k' = (3, 1); allowed: (lowest, highest) within -2147483648 to "
            "2147483647.",
        ),
        (
            {"parameters": {"k": (0, 2**31)}},
            "program 'x': parameter 'k' = (0, 2147483648); allowed: (lowest, highest) within "
            "-2147483648 to 2147483647.",
        ),
        (
            {"payload_bits": 40},
            "program 'x': payload_bits = 40; allowed: 2 to 32 bits, or 0 for binary spikes.",
        ),
        ({"name": ""}, "program: name = ''; allowed: a non-empty string."),
    ],
)
def test_what_a_program_declares_has_names_and_widths(changes, message):
    refused(message, **changes)


def test_numbers_that_stand_for_nothing_are_no_program():
    declared = {"name": "x", "inputs": ["a"], "state": {}, "parameters": {}, "payload_bits": 0}
    for line in ([0, 99, -1, -1, -1], [2, 0, 0, -1, -1], [1, 0, 7, -1, -1], [1, 0, -2, -1, -1]):
        message = (
            f"program 'x': row 0 of the table = {line}; allowed: numbers of 18 operations and 2 "
            "registers."
        )
        with pytest.raises(ProgramError, match=f"^{re.escape(message)}$"):
            NeuronProgram.from_integers(np.array([line]), [], temporaries=["t"], **declared)


def test_programs_with_payloads_need_a_core_with_payloads():
    message = (
        "sigma_delta: the core has payload_bits = 0, so its spikes are binary; allowed: a core "
        "with payloads, such as LOIHI2.core."
    )
    with pytest.raises(ProgramError, match=f"^{re.escape(message)}$"):
        PROGRAMS["sigma_delta"](LOIHI.core)


def test_a_soft_reset_makes_one_spike_or_many():
    message = "lif_soft_reset: spikes_per_step = 'two'; allowed: 'one', 'many'."
    with pytest.raises(ProgramError, match=f"^{re.escape(message)}$"):
        PROGRAMS["lif_soft_reset"](LOIHI2.core, "two")
