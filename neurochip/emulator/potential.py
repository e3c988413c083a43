"""Membrane potentials that the host writes between two steps, as registers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._support.values import integers, reals, shown
from ..errors import EmulatorError
from ..image import ChipImage
from ..typing import Int32Array
from .plan import symbols_of

__all__ = ["potential_registers"]


def potential_registers(
    image: ChipImage,
    population: str,
    ids: Any,
    v: Any,
    held: Int32Array,
    limits: tuple[Int32Array, Int32Array],
) -> tuple[Int32Array, Int32Array]:
    """Return compartments and their new v: see :meth:`neurochip.emulator.Emulator.set_v`.

    ``held`` is the refractory counter of each compartment, and ``limits`` are the lowest and the
    highest v of each.
    """
    owner = "emulator"
    found = {item.name: item for item in symbols_of(image).populations}
    if not isinstance(population, str) or population not in found:
        known = ", ".join(map(repr, found))
        raise EmulatorError(f"{owner}: no population {shown(population)}; there are {known}.")
    symbol, size = found[population], len(found[population].compartment_ids)
    who = integers(owner, "ids", ids, low=0, high=size - 1, error=EmulatorError)
    allowed = "finite numbers in mV, one for each id"
    values = reals(owner, "v", v, "mV", allowed=allowed, error=EmulatorError)
    if who.ndim != 1 or values.shape != who.shape or not np.isfinite(values).all():
        raise EmulatorError(f"{owner}: v = {shown(v)}; allowed: {allowed}.")
    own = symbol.compartment_ids[who]
    if symbol.reset == "value" and held[own].any():
        neuron = int(who[np.argmax(held[own] > 0)])
        raise EmulatorError(
            f"{owner}: neuron {neuron} of {population!r} is refractory, so the chip holds its v; "
            "allowed: neurons that are not refractory."
        )
    low, high = (limit[own] for limit in limits)
    wanted = np.rint((values - symbol.origin[who]) / symbol.mv_per_lsb[who])
    beyond = (wanted < low) | (wanted > high)
    if beyond.any():
        first = int(np.argmax(beyond))
        raise EmulatorError(
            f"{owner}: v = {values[first]:g} mV is {wanted[first]:.0f} LSB for neuron "
            f"{int(who[first])} of {population!r}; allowed: {low[first]} to {high[first]} LSB."
        )
    return own, wanted.astype(np.int32)
