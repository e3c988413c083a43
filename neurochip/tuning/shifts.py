"""Move the threshold or the level of the bias of all neurons of a population."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

import numpy as np

from ..chip.fixedpoint import Rounding, encode_mantissa_exponent, round_to_integer
from ..chip.registers import decode_bias
from ..image import ChipImage, PopulationSymbol
from ..image.neurons import decode_neurons, program_of, with_parameters
from ..typing import Float64Array, Int32Array

__all__ = ["shifted"]


def shifted(
    image: ChipImage, item: PopulationSymbol, register: str, shift: float
) -> tuple[ChipImage, float]:
    """Move a register of all neurons of a population; return the image and the mean shift in mV."""
    core, registers, own = image.chip.core, image.compartments, item.compartment_ids
    lsb = shift / item.mv_per_lsb
    if program_of(image, item) is not None:
        return _shifted_program(image, item, register, lsb)
    if register == "threshold":
        unit = 1 << core.threshold_shift
        before = registers.threshold_mantissa[own].astype(np.int64)
        # A core has few threshold registers: neurons that share one move it by their mean.
        _, shared, count = np.unique(before, return_inverse=True, return_counts=True)
        steps = np.bincount(shared, lsb / unit) / count
        after = before + round_to_integer(steps[shared], Rounding.NEAREST)
        after = np.clip(after, 1, core.threshold_mantissa.maximum)
        moved = float(item.to_mv((after - before) * unit).mean())
        changed = {"threshold_mantissa": _put(registers.threshold_mantissa, own, after)}
    else:
        found = decode_neurons(image, item)
        leak = 1 - found.keep_v
        mantissa, exponent = encode_mantissa_exponent(
            found.bias + lsb * leak, core.bias_mantissa, core.bias_exponent_max
        )
        difference = decode_bias(mantissa, exponent) - found.bias
        moved = _moved_level(item, difference, leak)
        changed = {
            "bias_mantissa": _put(registers.bias_mantissa, own, mantissa),
            "bias_exponent": _put(registers.bias_exponent, own, exponent),
        }
        image = _with_level(image, item, difference)
    return replace(image, compartments=dataclasses.replace(registers, **changed)), moved


def _shifted_program(
    image: ChipImage, item: PopulationSymbol, register: str, lsb: Float64Array
) -> tuple[ChipImage, float]:
    """Do as :func:`shifted` does with neurons that run a program.

    A reset that subtracts takes v to the same potential, so its amount moves with the threshold.
    """
    group, before = program_of(image, item), decode_neurons(image, item)
    assert group is not None
    if register == "threshold":
        _, highest = group.program.parameters["threshold"]
        wanted = round_to_integer(before.threshold + lsb, Rounding.NEAREST)
        steps = np.clip(wanted, 1, highest) - before.threshold
        new = {"threshold": before.threshold + steps}
        if before.amount.any():
            steps = np.maximum(steps, 1 - before.amount)
            new = {"threshold": before.threshold + steps, "amount": before.amount + steps}
        return with_parameters(image, item, new), float(item.to_mv(steps).mean())
    leak = 1 - before.keep_v
    difference = round_to_integer(lsb * leak, Rounding.NEAREST).astype(np.float64)
    image = with_parameters(image, item, {"bias": before.bias + difference})
    return _with_level(image, item, difference), _moved_level(item, difference, leak)


def _moved_level(item: PopulationSymbol, difference: Float64Array, leak: Float64Array) -> float:
    """Return the mean shift in mV of the v that a bias holds, for a difference of the bias."""
    level = np.divide(difference, leak, out=np.zeros(len(leak)), where=leak > 0)
    return float(item.to_mv(level).mean())


def _with_level(image: ChipImage, item: PopulationSymbol, difference: Float64Array) -> ChipImage:
    """Move the level from which currents in steps write the bias, if there are any."""
    if item.drive is None:
        return image
    assert image.symbols is not None
    drive = replace(item.drive, level=item.drive.level + difference)
    populations = tuple(
        replace(own, drive=drive) if own is item else own for own in image.symbols.populations
    )
    return replace(image, symbols=replace(image.symbols, populations=populations))


def _put(values: Int32Array, places: Int32Array, new: Any) -> Int32Array:
    changed = values.copy()
    changed[places] = new
    return changed
