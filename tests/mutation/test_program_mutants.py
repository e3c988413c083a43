"""Deliberately wrong operations of neuron programs: would the random programs notice?

Each mutant is the interpreter with one operation broken. It must differ from the interpreter on the
programs of the differential test between interpreter and kernels, in the state or in a payload; a
kernel with the same error would then fail that test.
"""

from __future__ import annotations

import numpy as np
import pytest
from program_interpreter import MEANING, toward_zero
from random_programs import random_program, random_run, run_interpreter

PROGRAMS = 600


def narrow(bits):
    """Two's complement of a width, which an operation on narrow integers computes with."""
    return lambda value: MEANING["wrap"](value, bits)


def nearest(a, bits):
    return (a + 2**bits // 2) // 2**bits


int32, int64 = narrow(32), narrow(64)
WRONG = {
    "mov gives 0": ("mov", lambda a: 0),
    "mov keeps 32 bits": ("mov", int32),
    "add keeps 32 bits": ("add", lambda a, b: int32(a + b)),
    "add saturates at 32 bits": ("add", lambda a, b: MEANING["sat"](a + b, 32)),
    "sub exchanges its operands": ("sub", lambda a, b: b - a),
    "sub keeps 32 bits": ("sub", lambda a, b: int32(a - b)),
    "mul keeps 32 bits": ("mul", lambda a, b: int32(a * b)),
    "mul of the low 32 bits": ("mul", lambda a, b: int32(a) * int32(b)),
    "shl keeps 32 bits": ("shl", lambda a, bits: int32(a << bits)),
    "shl by 31 bits at most": ("shl", lambda a, bits: a << (bits % 32)),
    "asr rounds toward zero": ("asr", toward_zero),
    "asr rounds to nearest": ("asr", nearest),
    "asr is logical": ("asr", lambda a, bits: int64((a % 2**64) >> bits)),
    "asr by 31 bits at most": ("asr", lambda a, bits: a >> (bits % 32)),
    "rtz rounds toward minus infinity": ("rtz", lambda a, bits: a >> bits),
    "rtz rounds away from zero": ("rtz", lambda a, bits: -(-a >> bits) if a > 0 else a >> bits),
    "rtz adds a bit too many": ("rtz", lambda a, bits: (a + (2**bits if a < 0 else 0)) >> bits),
    "min is max": ("min", max),
    "min of magnitudes": ("min", lambda a, b: min(a, b, key=abs)),
    "max is min": ("max", min),
    "abs does nothing": ("abs", lambda a: a),
    "abs inverts all bits": ("abs", lambda a: ~a if a < 0 else a),
    "gt is ge": ("gt", MEANING["ge"]),
    "gt is lt": ("gt", lambda a, b: int(a < b)),
    "gt compares 32 bits": ("gt", lambda a, b: int(int32(a) > int32(b))),
    "gt gives -1": ("gt", lambda a, b: -int(a > b)),
    "ge is gt": ("ge", MEANING["gt"]),
    "ge is unsigned": ("ge", lambda a, b: int(a % 2**64 >= b % 2**64)),
    "and is or": ("and", lambda a, b: a | b),
    "and of truth": ("and", lambda a, b: int(bool(a and b))),
    "sel exchanges its operands": ("sel", lambda c, a, b: a if c == 0 else b),
    "sel asks for a positive c": ("sel", lambda c, a, b: a if c > 0 else b),
    "sel asks for the lowest bit of c": ("sel", lambda c, a, b: a if c & 1 else b),
    "sat wraps": ("sat", MEANING["wrap"]),
    "sat has one value more below": (
        "sat",
        lambda a, bits: max(min(a, 2 ** (bits - 1) - 1), -(2 ** (bits - 1))),
    ),
    "sat has a bit more": ("sat", lambda a, bits: MEANING["sat"](a, bits + 1)),
    "sat only above": ("sat", lambda a, bits: min(a, 2 ** (bits - 1) - 1)),
    "wrap saturates": ("wrap", MEANING["sat"]),
    "wrap has no sign": ("wrap", lambda a, bits: a % 2**bits),
    "wrap has a bit less": ("wrap", lambda a, bits: MEANING["wrap"](a, bits - 1)),
    "wrap includes the upper end": ("wrap", lambda a, bits: -MEANING["wrap"](-a, bits)),
    "div rounds toward zero": ("div", lambda a, p: -(-a // p) if a < 0 else a // p),
    "div rounds up": ("div", lambda a, p: -(-a // p)),
    "div of the low 32 bits": ("div", lambda a, p: int32(a) // p),
    "emit loses the sign": ("emit", abs),
    "emit sends 1": ("emit", lambda x: int(x != 0)),
    "emit sends positive payloads only": ("emit", lambda x: max(x, 0)),
}


@pytest.fixture(scope="module")
def runs():
    """Random programs with random values, and what the interpreter makes of them."""
    rng = np.random.default_rng(2001)
    found = []
    for _ in range(PROGRAMS):
        program = random_program(rng)
        run = random_run(program, rng)
        found.append((program, run, run_interpreter(program, *run)))
    return found


def is_other(found, right):
    return not all(np.array_equal(a, b) for a, b in zip(found[:2], right[:2], strict=True))


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_operation_is_noticed(wrong, runs):
    name, function = WRONG[wrong]
    meaning = {**MEANING, name: function}
    assert any(
        is_other(run_interpreter(program, *run, meaning), right)
        for program, run, right in runs
        if any(row[1] == name for row in program.rows)
    )


def test_every_operation_has_a_mutant():
    assert {name for name, _ in WRONG.values()} == MEANING.keys()
