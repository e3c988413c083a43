"""Predict what truncation takes from v in each step, so that the bias can return it.

After each decay, the chip truncates u and v toward zero. If a decay keeps ``k / 2^n`` of a state, k
odd, the fractions that are cut off are multiples of ``2^-n``, all equally frequent, and so
``(1 - 2^-n) / 2`` LSB on average. Above zero this lowers the state, below zero it raises it. A loss
of u persists: with the fraction s that a step keeps, v loses ``1 / (1 - s)`` times the loss of one
step. While u is 0, nothing is lost: a jump of w LSB lasts ``ln(1 + w / h) / -ln(s)`` steps, where
``h = loss / (1 - s)``, before truncation has brought it to 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurochip.chip.spec import CoreSpec
from neurochip.image.gains import variance_gain
from neurochip.recurrence import IdealPopulation
from neurochip.typing import Float64Array, Int64Array

from ..synapses.projections import Projection
from .decays import Decays
from .drive import OperatingPoint
from .error_function import erf

_MATTERS = 1e-4  # of the way to the threshold (of 1 mV without one)
_LEAST = 0.5  # LSB per step
_CERTAIN = 10.0  # erf of it is 1

__all__ = ["Truncation", "expected_truncation"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Truncation:
    """Expected effect of truncation, and its correction; arrays of shape (size,), LSB per step.

    Parameters
    ----------
    change : ndarray
        Expected change of v in each step by the truncation of u and v.
    correction : ndarray
        Added to the bias: the opposite of ``change``, or 0 if that rounds to 0 LSB, or if v would
        move by less than 0.01 % of the way from the origin to the threshold.
    """

    change: Float64Array
    correction: Float64Array


def expected_truncation(
    projections: Sequence[Projection],
    ideal: IdealPopulation,
    decays: Decays,
    point: OperatingPoint | None,
    lsb_per_mv: Float64Array,
    core: CoreSpec,
    dt: float,
) -> Truncation:
    """Predict the effect of truncation on a population.

    Parameters
    ----------
    projections : sequence of Projection
        Projections onto the population.
    ideal, decays : IdealPopulation, Decays
        Registers of the population before and after the rounding of its decays.
    point : OperatingPoint or None
        Expected input of the population; without it, none is assumed.
    lsb_per_mv : ndarray, shape (size,)
        Scale of each neuron.
    core : CoreSpec
        The chip.
    dt : float, ms
        Length of a step.
    """
    a, leaky = decays.keep_v, ideal.population.model.leaky
    change, variance = np.zeros(len(a)), np.zeros(len(a))
    mean = (ideal.v_inf - ideal.origin) * lsb_per_mv
    inputs = zip(decays.receptors, point.charge, point.power, strict=True) if point else ()
    for index, (receptor, charge, power) in enumerate(inputs):
        s, gain = receptor.keep_u, receptor.gain * lsb_per_mv
        arriving, squares = charge * dt * gain, power * dt * gain**2
        height = _mean_loss(s, core) / (1 - s)
        sign = _sign_of(projections, index)
        if sign:
            part = sign * _share_of_time(np.abs(arriving), squares, s, height)
        else:
            part = _mean_sign(arriving / (1 - s), squares / (1 - s**2))
        change -= part * height
        if leaky:
            mean += arriving / ((1 - s) * (1 - a))
            variance += squares * variance_gain(a, s)
    change -= _mean_sign(mean, variance) * _mean_loss(a, core)
    moves = np.abs(change) >= _LEAST
    if leaky:
        way = ideal.threshold if ideal.population.model.spiking else np.ones(len(a))
        moves &= np.abs(change) / (1 - a) > _MATTERS * way * lsb_per_mv
    return Truncation(change=change, correction=np.where(moves, -change, 0.0))


def _mean_loss(keep: Float64Array, core: CoreSpec) -> Float64Array:
    """Return the mean fraction of an LSB that is cut off after a decay that leaves ``keep``."""
    kept: Int64Array = np.rint(keep * core.decay_scale).astype(np.int64)
    return np.asarray((1 - np.gcd(kept, core.decay_scale) / core.decay_scale) / 2)


def _share_of_time(
    arriving: Float64Array, squares: Float64Array, s: Float64Array, height: Float64Array
) -> Float64Array:
    """Return the fraction of the time in which a current of one sign is not 0."""
    there = (arriving > 0) & (height > 0)
    jump = np.divide(squares, arriving, out=np.zeros(len(s)), where=there)
    per_step = np.divide(arriving, jump, out=np.zeros(len(s)), where=there)
    with np.errstate(divide="ignore"):
        lasts = np.log1p(np.divide(jump, height, out=np.zeros(len(s)), where=there)) / -np.log(s)
    return np.asarray(-np.expm1(-per_step * lasts))


def _mean_sign(mean: Float64Array, variance: Float64Array) -> Float64Array:
    """Return the mean sign of a Gaussian."""
    spread = np.sqrt(2 * variance)
    ratio = np.divide(mean, spread, out=np.sign(mean) * _CERTAIN, where=spread > 0)
    return erf(ratio)


def _sign_of(projections: Sequence[Projection], receptor: int) -> int:
    """Return the sign of all weights onto a receptor; 0 if there are both."""
    signs = set()
    for item in projections:
        if item.receptor == receptor and item.connection.n_synapses:
            weight = np.asarray(item.connection.weight)
            signs |= {int(np.sign(weight.min())), int(np.sign(weight.max()))} - {0}
    return signs.pop() if len(signs) == 1 else 0
