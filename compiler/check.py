"""Check the arguments of a compilation before anything is computed."""

from __future__ import annotations

from neurochip._support.ranges import POSITIVE
from neurochip._support.values import instance, real
from neurochip.chip.spec import ChipSpec
from neurochip.errors import CompileError
from neurochip.network import Network

__all__ = ["check_request"]


def check_request(network: Network, chip: ChipSpec, dt: float | str) -> float:
    """Check network, chip and dt, and return dt as a float.

    Raises
    ------
    CompileError
        If an argument has the wrong type, or dt is not above 0.
    """
    instance("compile", "network", network, Network, "a Network(...)", error=CompileError)
    instance("compile", "chip", chip, ChipSpec, "a ChipSpec such as LOIHI", error=CompileError)
    return real("compile", "dt", dt, "ms", POSITIVE, error=CompileError)
