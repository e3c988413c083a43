"""Wrong lines of the kernels and of what prepares their tables."""

from __future__ import annotations

from mutation.mutant import Mutant

__all__ = ["MUTANTS"]

UPDATE = "neurochip/emulator/update.py"
ARITHMETIC = "neurochip/emulator/arithmetic.py"

MUTANTS = [
    Mutant(
        "the threshold itself spikes",
        UPDATE,
        "(held == 0) & (v > settings[r + at.THRESHOLD])",
        "(held == 0) & (v >= settings[r + at.THRESHOLD])",
        "tests/unit/test_emulator.py::test_v_must_exceed_the_threshold",
    ),
]
