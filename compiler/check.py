"""Pass 0: what was asked for, before anything is computed."""

from __future__ import annotations

import math
import numbers

from neurochip.errors import CompileError
from neurochip.hardware import ChipSpec
from neurochip.network import Network

__all__ = ["check_request"]


def check_request(network: Network, chip: ChipSpec, dt: float | str) -> float:
    """Return dt as a float.

    Raises
    ------
    CompileError
        If an argument is of another kind, or dt is not above 0.
    """
    if not isinstance(network, Network):
        raise CompileError(f"compile: network = {network!r}; allowed: a Network(...).")
    if not isinstance(chip, ChipSpec):
        raise CompileError(f"compile: chip = {chip!r}; allowed: a ChipSpec such as LOIHI.")
    number = isinstance(dt, numbers.Real) and not isinstance(dt, bool)
    if not number or not 0 < float(dt) < math.inf:
        raise CompileError(f"compile: dt = {dt!r} ms; allowed: a number above 0.")
    return float(dt)
