"""Round threshold, bias, refractory period and initial state of a population to integers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurochip.chip.fixedpoint import Rounding, round_to_integer
from neurochip.chip.registers import decode_voltage_limits, encode_bias
from neurochip.chip.spec import ChipSpec
from neurochip.errors import FitError
from neurochip.network import Population
from neurochip.recurrence import IdealPopulation
from neurochip.typing import Float64Array, Int64Array

from .decays import Decays
from .scaling import silent_ceiling

__all__ = ["PopulationRegisters", "round_registers"]


@dataclass(frozen=True, kw_only=True, eq=False)
class PopulationRegisters:
    """Registers of a population; arrays of shape (size,); ``u_init`` has one per receptor.

    ``threshold`` is decoded, in LSB; ``amount`` is what a spike subtracts, None for another reset.
    """

    threshold: Int64Array
    threshold_mantissa: Int64Array
    amount: Int64Array | None
    bias_mantissa: Int64Array
    bias_exponent: Int64Array
    refractory: Int64Array
    vmax_exponent: Int64Array
    v_init: Int64Array
    u_init: tuple[Int64Array, ...]


def round_registers(
    ideal: IdealPopulation,
    decays: Decays,
    lsb_per_mv: Float64Array,
    chip: ChipSpec,
    dt: float,
    correction: Float64Array | float = 0.0,
    *,
    by_program: bool = False,
) -> PopulationRegisters:
    """Round threshold, bias, initial v and initial currents at the scales of the neurons.

    ``correction`` is added to the bias, in LSB: it makes up for truncation. A neuron that runs a
    program has a threshold in LSB, without the steps of a threshold mantissa.

    Raises
    ------
    FitError
        If a refractory period needs a larger counter than the chip has, or an initial v lies below
        the lowest v of the chip.
    """
    core, population = chip.core, ideal.population
    too_long = ideal.refractory > core.refractory_max
    if too_long.any():
        first = int(np.argmax(too_long))
        asked = population.parameter("tau_refrac")[first]
        needed = int(ideal.refractory[first])
        if ideal.least > core.refractory_max:
            raise FitError(
                f"population {population.name!r}: even without a refractory period it needs "
                f"refractory register {ideal.least}; {chip.name} has at most "
                f"{core.refractory_max}. Give the chip a larger refractory_max."
            )
        longest = (core.refractory_max + int(ideal.period[first]) - needed) * dt
        raise FitError(
            f"population {population.name!r}: tau_refrac[{first}] = {asked:g} ms needs refractory "
            f"register {needed} at dt = {dt:g} ms; allowed: 1 to "
            f"{core.refractory_max}, which is at most {longest:g} ms. Lengthen dt or shorten "
            "tau_refrac."
        )
    # The scale leaves room for the bias, but not for the few LSB of the correction.
    bias, exponent = encode_bias(decays.bias * lsb_per_mv + correction, core)
    step, most = 1 << core.threshold_shift, core.threshold_mantissa.maximum
    if population.model.spiking:
        threshold = ideal.threshold * lsb_per_mv / step
        vmax_exponent = core.vmax_exponent_max
    else:
        threshold = np.full(population.size, most, dtype=np.float64)
        vmax_exponent, _ = silent_ceiling(population, core)
    v_init = round_to_integer(ideal.v_init * lsb_per_mv, Rounding.NEAREST)
    _check_lowest(population, v_init, chip)
    mantissa = np.clip(round_to_integer(threshold, Rounding.NEAREST), 0, most)
    whole = mantissa * step
    if by_program:
        whole = np.clip(round_to_integer(threshold * step, Rounding.NEAREST), 0, most * step)
    amount = None
    if population.model.subtracts:
        amount = np.maximum(round_to_integer(ideal.amount * lsb_per_mv, Rounding.NEAREST), 1)
    return PopulationRegisters(
        threshold=whole,
        threshold_mantissa=mantissa,
        amount=amount,
        bias_mantissa=bias,
        bias_exponent=exponent,
        refractory=ideal.refractory,
        vmax_exponent=np.full(population.size, vmax_exponent),
        v_init=v_init,
        u_init=tuple(
            round_to_integer(item.u_init * lsb_per_mv, Rounding.NEAREST)
            for item in decays.receptors
        ),
    )


def _check_lowest(population: Population, v_init: Int64Array, chip: ChipSpec) -> None:
    core = chip.core
    lowest = int(decode_voltage_limits(core.vmin_exponent_max, core.vmax_exponent_max, core)[0])
    below = v_init < lowest
    if below.any():
        first = int(np.argmax(below))
        raise FitError(
            f"population {population.name!r}: v_init[{first}] = "
            f"{population.parameter('v_init')[first]:g} mV is {v_init[first]} LSB; {chip.name} has "
            f"v from {lowest} LSB upwards. Raise v_init, or give the chip a larger "
            "vmin_exponent_max."
        )
