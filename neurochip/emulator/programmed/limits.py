"""The values that the host may write between two steps."""

from __future__ import annotations

import numpy as np

from ...chip.registers import decode_voltage_limits
from ...image import ChipImage
from ...typing import Int32Array

__all__ = ["voltage_limits"]


def voltage_limits(image: ChipImage) -> tuple[Int32Array, Int32Array]:
    """Return the lowest and the highest v that each compartment can hold.

    It is the width of the register; a program with parameters ``vmin`` and ``vmax`` limits v to
    them, too.
    """
    registers = image.compartments
    low, high = decode_voltage_limits(
        registers.vmin_exponent, registers.vmax_exponent, image.chip.core
    )
    for group in image.programs:
        top = (1 << (group.program.state.get("v", 32) - 1)) - 1
        given = dict(zip(group.program.parameters, group.parameters, strict=True))
        low[group.compartments] = np.maximum(given.get("vmin", -top), -top)
        high[group.compartments] = np.minimum(given.get("vmax", top), top)
    return low, high
