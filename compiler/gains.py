"""Pass 2b: how far weights follow a rounded decay of v.

With ``r = (1 - a') / (1 - a)``, where a' is what the register keeps of v in a step and a what it
should, weights are multiplied by ``r**exponent``. 0 keeps the jump that a spike makes (impulse), 1
keeps the mean of v under a steady input (dc), and 1/2 keeps the variance of v under Poisson input.
Which of these keeps the *rate* depends on how a neuron is driven: by fluctuations, or well above
threshold. ``gain="auto"`` looks for the exponent between 0 and 1 at which the expected rate is that
of the unrounded decay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neurochip.typing import Float64Array

from .ideal import IdealPopulation
from .operating_point import OperatingPoint, lif_rate
from .options import CompileOptions

__all__ = ["GainExponents", "gain_exponents", "rounded_point"]

_BISECTIONS = 20
_SILENT = 0.1  # Hz: a lower rate is no guide


@dataclass(frozen=True)
class GainExponents:
    """Powers of the corrections for the rounded decay of ``v`` and for those of each current ``u``.

    0 keeps the impulse response, 1 the response to a steady input.
    """

    v: float
    u: float


def gain_exponents(
    ideal: IdealPopulation,
    keep_v: Float64Array,
    point: OperatingPoint | None,
    dt: float,
    options: CompileOptions,
) -> GainExponents:
    """Choose the exponents of a population.

    Parameters
    ----------
    ideal : IdealPopulation
        Unrounded decays.
    keep_v : ndarray, shape (size,)
        What the decay register keeps of v.
    point : OperatingPoint or None
        How the population is driven; needed for ``gain="auto"``.
    dt : float, ms
        Step.
    options : CompileOptions
        Which gain survives.
    """
    if options.gain != "auto":
        exponent = 1.0 if options.gain == "dc" else 0.0
        return GainExponents(exponent, exponent)
    assert point is not None
    # With the decay that the equations are integrated with, which may be Euler's.
    exact = rounded_point(point, ideal.keep_v, ideal.keep_v, 1.0, dt)
    wanted = lif_rate(exact).mean()
    moved = not np.array_equal(keep_v[point.ids], ideal.keep_v[point.ids])
    if wanted < _SILENT or not moved or not (point.mean != point.v_inf).any():
        return GainExponents(1.0, 1.0)

    def error(exponent: float) -> float:
        rounded = rounded_point(point, ideal.keep_v, keep_v, exponent, dt)
        return float(lif_rate(rounded).mean() - wanted)

    low, high = 0.0, 1.0
    at_low, at_high = error(low), error(high)
    if at_low * at_high >= 0:  # no rate between them is the right one
        return GainExponents(low if abs(at_low) < abs(at_high) else high, 1.0)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if error(middle) * at_low > 0:
            low = middle
        else:
            high = middle
    return GainExponents((low + high) / 2, 1.0)


def rounded_point(
    point: OperatingPoint,
    ideal_keep_v: Float64Array,
    keep_v: Float64Array,
    exponent: float,
    dt: float,
) -> OperatingPoint:
    """Return the operating point with the decay of v that a register means.

    Parameters
    ----------
    point : OperatingPoint
        With the unrounded decay.
    ideal_keep_v, keep_v : ndarray, shape (size,)
        What a step keeps of v, unrounded and by the register.
    exponent : float
        Weights are multiplied by the correction to this power.
    dt : float, ms
        Step.
    """
    a, b = ideal_keep_v[point.ids], keep_v[point.ids]
    correction = (1 - b) / (1 - a)
    with np.errstate(divide="ignore"):
        s = np.where(point.tau_syn > 0, np.exp(-dt / point.tau_syn), 0.0)
        tau_m = -dt / np.log(b)
    variance = _variance_gain(b, s) / _variance_gain(a, s)
    return replace(
        point,
        tau_m=tau_m,
        mean=point.v_inf + (point.mean - point.v_inf) * correction ** (exponent - 1),
        std=point.std * correction**exponent * np.sqrt(variance),
    )


def _variance_gain(a: Float64Array, s: Float64Array) -> Float64Array:
    """Variance of v per variance of the input of a step; poles a and s."""
    gain: Float64Array = (1 + a * s) / ((1 - a**2) * (1 - s**2) * (1 - a * s))
    return gain
