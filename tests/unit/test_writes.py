"""Bias registers written during a run: which arrays are allowed, and how writes are grouped."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip import LOIHI, program
from neurochip.emulator import Emulator
from neurochip.emulator.writes import GivenWrites
from neurochip.errors import EmulatorError


def emulator():
    registers = {"decay_u": [0, 0], "decay_v": [0, 0], "threshold_mantissa": [100, 100]}
    return Emulator(program(LOIHI, registers))


@pytest.mark.parametrize(
    ("writes", "message"),
    [
        (
            ([0], [0], [1]),
            "writes hold 3 arrays; allowed: four arrays (steps, compartments, mantissas, "
            "exponents).",
        ),
        (
            ([0, 1], [0], [1], [0]),
            "writes have shapes (2,), (1,), (1,), (1,); allowed: four one-dimensional arrays of "
            "one length.",
        ),
        (([-1], [0], [1], [0]), "steps of writes[0] = -1; allowed: 0 to 2147483647."),
        (([0], [2], [1], [0]), "compartments of writes[0] = 2; allowed: 0 to 1."),
        (([0], [0], [4096], [0]), "mantissas of writes[0] = 4096; allowed: -4096 to 4095."),
        (([0], [0], [1], [8]), "exponents of writes[0] = 8; allowed: 0 to 7."),
        (([0], [0], [1.5], [0]), "mantissas of writes are of type float64; allowed: integers."),
    ],
)
def test_writes_that_no_register_holds_are_refused(writes, message):
    with pytest.raises(EmulatorError) as caught:
        emulator().run_steps(3, writes=writes)
    assert str(caught.value) == f"emulator: {message}"


def test_writes_are_grouped_by_step_in_their_order():
    steps = np.array([3, 1, 3, 9])
    writes = GivenWrites(steps, np.array([0, 1, 0, 1], np.int32), np.array([5, 6, 7, 8], np.int32))
    rows = writes.from_step(1).rows(0, 4)
    assert rows.starts.tolist() == [0, 1, 1, 3, 3]
    assert rows.compartments.tolist() == [1, 0, 0]
    assert rows.values.tolist() == [6, 5, 7]


def test_writes_before_and_after_a_run_are_ignored():
    run = emulator()
    run.run_steps(3)
    recording = run.run_steps(2, writes=([2, 4, 5], [0, 0, 0], [9, 2, 9], [0, 0, 0]), record=["v"])
    assert recording.trace("compartments", "v").values[:, 0].tolist() == [0, 2]
