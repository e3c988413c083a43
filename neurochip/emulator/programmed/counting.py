"""The overflows that programs count: which row counts as what (semantics 7 and 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ...chip.core import CoreSpec
from ...chip.registers import OVERFLOWS, PROGRAM_OVERFLOWS, decode_voltage_limits
from ...programs import NeuronProgram

__all__ = ["COUNTED", "EFFECTIVE", "LOW", "UNHELD", "Counting", "counting_of"]

COUNTED = (*OVERFLOWS, *PROGRAM_OVERFLOWS)
"""All overflows, in the order of ``State.overflows``."""

LOW, _HIGH = COUNTED.index("voltage_clips_low"), COUNTED.index("voltage_clips_high")

EFFECTIVE = (LOW, _HIGH)
"""Kinds that count in a step only if their rows change what the step leaves."""

UNHELD = COUNTED.index("input_wraps")
"""The kind that does not count while a neuron of the core is held."""

_LIMITS = {("max", "vmin"): LOW, ("min", "vmax"): _HIGH}
_WIDTHS = {
    "sat": COUNTED.index("program_clips"),
    "wrap": COUNTED.index("program_wraps"),
}
_OWN_WIDTHS = {
    "u": COUNTED.index("current_wraps"),
    "u2": COUNTED.index("current_wraps"),
    "x": UNHELD,
}


class Counting(NamedTuple):
    """Say what the rows of a program count.

    ``kinds`` has the place in ``COUNTED`` of each row that counts, by its number. A v that is
    raised to ``vmin`` counts if ``vmin`` is not above ``lowest``, the least that the register
    holds; a higher one belongs to the model. None: every ``vmin`` is that of a register.
    """

    kinds: Mapping[int, int]
    lowest: int | None


def counting_of(program: NeuronProgram, core: CoreSpec, own: bool) -> Counting:
    """Return what the rows of a program count.

    Parameters
    ----------
    program : NeuronProgram
        The program.
    core : CoreSpec
        Its core, which has the lowest v of a register.
    own : bool
        Whether it stands for the neuron of the core, with all of its counters.
    """
    kinds = {}
    for index, (destination, name, *operands) in enumerate(program.rows):
        if name in _WIDTHS:
            kinds[index] = _OWN_WIDTHS[destination] if own else _WIDTHS[name]
        elif operands[-1] in program.parameters and (name, operands[-1]) in _LIMITS:
            kinds[index] = _LIMITS[name, operands[-1]]
    low, _ = decode_voltage_limits(core.vmin_exponent_max, core.vmax_exponent_max, core)
    return Counting(kinds, None if own else int(low))
