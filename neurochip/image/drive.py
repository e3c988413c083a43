"""Symbols of currents that change in steps: the rule from a current to a bias register.

Import the name from ``neurochip.image``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._support.values import ArrayValue
from ..chip.registers import decode_bias, encode_bias
from ..chip.spec import CoreSpec
from ..errors import ImageError, StimulusError
from ..typing import Float64Array, Int32Array
from .parts import check_array

__all__ = ["DriveSymbol"]

_CORRECTED = 1.001  # room for the few LSB that make up for truncation, which the register clips


@dataclass(frozen=True, kw_only=True, eq=False)
class DriveSymbol(ArrayValue):
    """The bias of a population whose current changes in steps; arrays of shape (size,).

    Parameters
    ----------
    level : ndarray of float64, LSB
        Bias, not rounded, while the currents that change in steps are 0; finite.
    per_na : ndarray of float64, LSB per nA
        Change of the bias by a current; finite, above 0.

    Raises
    ------
    ImageError
        If a value is not allowed.
    """

    level: Float64Array
    per_na: Float64Array

    def __post_init__(self) -> None:
        owner = "drive symbol"
        check_array(owner, "level", self.level, np.float64)
        check_array(owner, "per_na", self.per_na, np.float64, len(self.level))
        for name, low in (("level", -np.inf), ("per_na", 0.0)):
            values = getattr(self, name)
            bad = np.flatnonzero(~(np.isfinite(values) & (values > low)))
            if bad.size:
                limit = " above 0" if low == 0.0 else ""
                raise ImageError(
                    f"{owner}: {name}[{bad[0]}] = {values[bad[0]]:g}; allowed: a finite "
                    f"number{limit}."
                )
        self._freeze()

    def bias(self, current: Float64Array, core: CoreSpec) -> Int32Array:
        """Return the bias that the registers hold under some currents (nA).

        Parameters
        ----------
        current : ndarray, shape (n, 1) or (n, size), nA
            Sum of the currents that change in steps, into all neurons or into each.
        core : CoreSpec
            The chip.

        Returns
        -------
        ndarray of int32, shape (n, size), LSB
            Rounded as the compiler rounds a constant current.

        Raises
        ------
        StimulusError
            If a current needs a larger bias than the registers hold; the message names neither the
            population nor the time.
        """
        level, per_na = self.level, self.per_na
        if current.shape[1] == 1 and (level == level[0]).all() and (per_na == per_na[0]).all():
            level, per_na = level[:1], per_na[:1]
        wanted = level + per_na * current
        largest = core.bias_mantissa.maximum << core.bias_exponent_max
        beyond = np.abs(wanted) > largest * _CORRECTED
        if beyond.any():
            row, neuron = np.argwhere(beyond)[0].tolist()
            at = current[row, min(neuron, current.shape[1] - 1)]
            low, high = ((side * largest - level[neuron]) / per_na[neuron] for side in (-1, 1))
            raise StimulusError(
                f"a current of {at:g} nA needs a bias of {wanted[row, neuron]:.0f} LSB; allowed: "
                f"{low:.4g} to {high:.4g} nA. Compile the network with a StepCurrent that reaches "
                "this amplitude."
            )
        found = decode_bias(*encode_bias(wanted, core))
        return np.broadcast_to(found, (len(found), len(self.level)))
