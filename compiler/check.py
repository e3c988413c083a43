"""Check the arguments of a compilation before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurochip._support.values import instance
from neurochip.chip.registers import SignMode
from neurochip.chip.spec import ChipSpec
from neurochip.errors import CompileError, FitError
from neurochip.network import Network
from neurochip.network.time_step import own_step

from .learning.check import check_engine, check_steps
from .synapses.formats import exponents, grid, sign_mode_of
from .synapses.projections import Projection

__all__ = ["check_request", "check_signs", "check_subject"]


def check_request(network: Network, chip: ChipSpec, dt: float | str | None) -> float:
    """Check network, chip and dt, and return dt as a float: by default the network's own, or 0.1.

    Raises
    ------
    CompileError
        If an argument has the wrong type, dt is not above 0 or not the network's own, or the chip
        cannot do a plasticity.
    """
    check_subject(network, chip)
    step = own_step("compile", network, dt, CompileError, default=0.1)
    check_steps(network, step)
    return step


def check_subject(network: Network, chip: ChipSpec) -> None:
    """Raise a CompileError if one has the wrong type, or no step lets the chip do a plasticity."""
    instance("compile", "network", network, Network, "a Network(...)", error=CompileError)
    instance("compile", "chip", chip, ChipSpec, "a ChipSpec such as LOIHI", error=CompileError)
    check_engine(network, chip)


def check_signs(projections: Sequence[Projection], chip: ChipSpec) -> None:
    """Check that the chip has weights of each sign that a connection needs.

    Raises
    ------
    FitError
        If a connection has weights of both signs, and the sign takes the only bit of a weight.
    """
    mixed = SignMode.MIXED
    if grid(exponents(mixed, chip.core)[-1], mixed, chip.core).largest:
        return
    for item in projections:
        if sign_mode_of(np.asarray(item.connection.weight)) is mixed:
            raise FitError(
                f"connection {item.connection.name!r}: weights of both signs need at least 2 "
                f"weight bits, one of them for the sign; {chip.name} has "
                f"{chip.core.weight_mantissa_bits}. Split it into an excitatory and an inhibitory "
                "connection."
            )
