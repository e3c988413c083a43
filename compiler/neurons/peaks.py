"""Estimate the peaks of accumulator, u and v, so that the scale can leave headroom for them.

The input of a step is treated as a sum of independent spikes. Bennett's inequality (1962,
10.1080/01621459.1962.10482149) bounds its tail: with variance V and largest term c, the sum exceeds
its mean by x with a probability of at most ``exp(-(V/c^2) h(c x / V))``, where
``h(y) = (1+y) ln(1+y) - y``.
Synchronous networks can exceed the estimate; the emulator counts every overflow of a run.

A wrap turns the sign of a sum around, so the peaks that could wrap are those of once in 1e9 steps.
A chip that clips v at its lowest value only forgets a little inhibition: there v is allowed to
fall below the limit once in 1e3 steps, at the rates that are expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from neurochip._support.csr import of_entries
from neurochip.chip.fixedpoint import Overflow
from neurochip.chip.spec import CoreSpec
from neurochip.image.gains import variance_gain
from neurochip.network import Connection
from neurochip.recurrence import CURRENT, IdealPopulation
from neurochip.typing import Float64Array

from ..synapses.projections import Projection
from .decays import Decays, child_keep_v, largest_bias
from .expectation import Expectation, is_bounded
from .weights import chunks, scaled_weights

__all__ = ["Peaks", "expected_peaks", "is_soft"]

_LOG_RARE = 9 * np.log(10)  # peaks are exceeded once in 1e9 steps of a neuron
_LOG_CLIPPED = 3 * np.log(10)  # that of v below is, on a chip that clips it, once in 1e3 steps
_ROWS = 1 << 13  # neurons per chunk of Newton's method, whose arrays then stay in the cache
_MOST_STEPS, _PRECISE = 50, 1e-14  # of Newton's method, and relative to y
_LEAST_RATIO = 1e-100  # of V to c^2, so that its inverse is finite


@dataclass(frozen=True)
class Peaks:
    """Largest expected magnitudes over the neurons of a population, in mV.

    Parameters
    ----------
    accumulator : float
        Synaptic input of one step.
    current : float
        u.
    input : float
        u + bias.
    voltage_low : float
        v below the origin, and v of child compartments.
    voltage_high : float
        v above the origin if there is no threshold, or if v is not set back but lowered; and v of
        child compartments that receive kicks, which must not reach any threshold; 0 otherwise.
    """

    accumulator: float
    current: float
    input: float
    voltage_low: float
    voltage_high: float


@dataclass(eq=False)
class _Sums:
    """Input of one step from synapses of one sign, per neuron.

    Mean, variance, largest term, and the sum of all terms.
    """

    mean: Float64Array
    variance: Float64Array
    largest: Float64Array
    total: Float64Array

    @classmethod
    def zeros(cls, size: int) -> _Sums:
        return cls(*(np.zeros(size) for _ in range(4)))

    def at_other_rates(self) -> _Sums:
        """Return sums of other rates, which are 0 yet; largest and total depend on no rate."""
        return replace(self, mean=np.zeros_like(self.mean), variance=np.zeros_like(self.variance))


_Pair: TypeAlias = tuple[_Sums, _Sums]  # of positive and of negative terms


@dataclass(eq=False)
class _Side:
    """Bounds on the displacement of v in one direction, per neuron.

    The largest single term, the sum of all terms, and the displacement by the initial current.
    """

    largest: Float64Array
    most: Float64Array
    start: Float64Array

    @classmethod
    def zeros(cls, size: int) -> _Side:
        return cls(*(np.zeros(size) for _ in range(3)))

    def reach(
        self, mean: Float64Array, edge: Float64Array, variance: Float64Array, log_rare: float
    ) -> Float64Array:
        """Return the mean plus Bennett's deviation, at most ``edge`` plus all terms, plus start."""
        drawn = mean + _deviation(variance, self.largest, log_rare)
        return np.minimum(drawn, edge + self.most) + self.start


def expected_peaks(
    projections: Sequence[Projection],
    ideal: IdealPopulation,
    decays: Decays,
    core: CoreSpec,
    dt: float,
    expected: Expectation,
) -> Peaks:
    """Estimate the peaks of a population from the rates of its sources.

    ``projections`` are those onto the population.
    """
    # A soft bound needs no safe rates: it takes those that are expected.
    softened = is_soft("voltage_low", core) and any(
        expected.is_raised(item.connection.source) for item in projections
    )
    rates = [expected, replace(expected, least=0.0)] if softened else [expected]
    sums = _sums_onto(projections, decays, dt, rates)
    peaks = [_peaks(each, ideal, decays, core) for each in sums]
    return replace(peaks[0], voltage_low=peaks[-1].voltage_low)


def _peaks(
    sums_of: Sequence[_Pair], ideal: IdealPopulation, decays: Decays, core: CoreSpec
) -> Peaks:
    """Return the peaks from the sums onto each receptor."""
    size, model = ideal.population.size, ideal.population.model
    # Without a leak v has no stationary peak; use the slowest leak that a register can hold.
    a = decays.keep_v if model.leaky else np.full(size, 1 - 1 / core.decay_scale)
    accumulator, current, child = np.zeros(size), np.zeros(size), np.zeros(size)
    # v is displaced from the origin by the net mean and by the fluctuations of both signs.
    pull, variance = np.zeros(size), np.zeros(size)
    low, high = _Side.zeros(size), _Side.zeros(size)
    for index, (receptor, pair) in enumerate(zip(decays.receptors, sums_of, strict=True)):
        positive, negative = pair
        s = receptor.keep_u
        if ideal.kicked and index == CURRENT:  # kicks and current may have the same sign
            child, current = current, np.zeros(size)
        for sums in pair:
            accumulator = np.maximum(accumulator, _peak(sums, 1.0, 1.0, 1.0))
            # Two currents of a neuron have opposite signs: the sum never exceeds one u.
            current = np.maximum(current, _peak(sums, 1 / (1 - s), 1 / (1 - s**2), 1.0))
        current += np.abs(receptor.u_init)
        # v is a second-order filter of the input: mean and variance gain of poles a and s.
        mean_gain = 1 / ((1 - s) * (1 - a))
        largest_gain = np.minimum(1 / (1 - s), 1 / (1 - a))
        for sign, side, sums in ((-1, low, negative), (1, high, positive)):
            side.start += np.maximum(sign * receptor.u_init, 0.0) * largest_gain
            side.largest = np.maximum(side.largest, sums.largest * largest_gain)
            side.most += np.where(sums.total > 0, sums.total * mean_gain, 0.0)
        pull += (negative.mean - positive.mean) * mean_gain
        variance += (negative.variance + positive.variance) * variance_gain(a, s)
    settled = ideal.v_inf - ideal.origin if model.leaky else decays.bias / (1 - a)
    lowest_level, highest_level = (
        settled + (bias - decays.bias) / (1 - a)
        for bias in (decays.lowest_bias, decays.highest_bias)
    )
    # The range of v without input.
    edges = np.stack([np.zeros(size), lowest_level, highest_level, ideal.v_init])
    bottom, top = -edges.min(axis=0), edges.max(axis=0)
    # With input, the mean of v is between where it begins (the reset or v_init) and settles.
    mean = np.maximum(np.maximum(0.0, -ideal.v_init), pull - lowest_level)
    rare = _LOG_CLIPPED if is_soft("voltage_low", core) else _LOG_RARE
    lowest = low.reach(mean, bottom, variance, rare)
    voltage_low, voltage_high = float(np.minimum(lowest, -ideal.v_min).max()), 0.0
    if model.subtracts or not model.spiking:
        highest = high.reach(top + np.maximum(-pull, 0.0), top, variance, _LOG_RARE)
        voltage_high = float(highest.max())
    if model.subtracts:
        drift = (1 - a) * (highest_level - pull - ideal.threshold)
        above = _left_above(ideal, drift, variance * (1 - a**2))
        above += current + child + largest_bias(decays)
        above += ideal.amount if model.raises else 0.0
        free = np.maximum(highest - ideal.threshold, 0.0)  # v as if nothing were ever subtracted
        voltage_high = float((ideal.threshold + np.minimum(above, free)).max())
    elif len(decays.receptors) > 1:
        of_child = float((child if ideal.kicked else current).max()) / (1 - child_keep_v(core))
        voltage_low = max(voltage_low, of_child)
        voltage_high = max(voltage_high, of_child) if ideal.kicked else voltage_high
    return Peaks(
        accumulator=float(accumulator.max()),
        current=float(np.maximum(current, child).max()),
        input=float((current + child + largest_bias(decays)).max()),
        voltage_low=voltage_low,
        voltage_high=voltage_high,
    )


def _left_above(
    ideal: IdealPopulation, drift: Float64Array, variance: Float64Array
) -> Float64Array:
    """Return how far above the threshold resets that subtract leave v, once in 1e9 steps (mV).

    One spike a step takes its amount from a v that rises by ``drift`` a step on average: a random
    walk whose maximum exceeds x with probability ``exp(-2 x (amount - drift) / variance)``
    (Kingman 1961, 10.1017/S0305004100036094). With several spikes a step, nothing is left.
    """
    if ideal.population.model.several:
        return np.zeros(len(drift))
    room = ideal.amount - drift
    never = np.full(len(drift), np.inf)
    return np.asarray(np.divide(variance * _LOG_RARE, 2 * room, out=never, where=room > 0))


def is_soft(peak: str, core: CoreSpec) -> bool:
    """Return whether exceeding a peak costs little: v is clipped far below the threshold."""
    return peak == "voltage_low" and core.voltage_overflow is Overflow.CLIP


def _sums_onto(
    projections: Sequence[Projection], decays: Decays, dt: float, rates: Sequence[Expectation]
) -> list[list[_Pair]]:
    """Return the sums of positive and of negative terms onto each receptor, for each expectation.

    All are made in one pass over the synapses, and share the sums that depend on no rate.
    """
    by_rates: list[list[_Pair]] = [[] for _ in rates]
    for index, receptor in enumerate(decays.receptors):
        positive, negative = (_Sums.zeros(len(receptor.gain)) for _ in range(2))
        found = [(positive, negative)]
        found += [(positive.at_other_rates(), negative.at_other_rates()) for _ in rates[1:]]
        for item in projections:
            if item.receptor == index:
                _add(item.connection, receptor.gain, dt, rates, found)
        for pairs, pair in zip(by_rates, found, strict=True):
            pairs.append(pair)
    return by_rates


def _add(
    connection: Connection,
    gain: Float64Array,
    dt: float,
    rates: Sequence[Expectation],
    found: Sequence[_Pair],
) -> None:
    source, size = connection.source, connection.target.size
    probability = [expected.spikes_per_step(source, dt) for expected in rates]
    bounded, burst = is_bounded(source), rates[0].burst(source, dt)
    weights_of = scaled_weights(connection, gain)
    own: tuple[list[_Sums], list[_Sums]] = ([], [])  # of each sign, if there are such terms
    for part in chunks(connection.n_synapses):
        post = connection.post[part].astype(np.intp)
        terms = np.broadcast_to(weights_of(part), post.shape)
        p = [of_entries(connection.indptr, each, part) for each in probability]
        for sign, chosen in enumerate((terms > 0, terms < 0)):
            if not chosen.any():
                continue
            which = slice(None) if chosen.all() else chosen
            who, term = post[which], np.abs(terms[which])
            if not own[sign]:
                own[sign].extend(_Sums.zeros(size) for _ in rates)
            # Unless it is known how often a source spikes in a step, its terms have no bound.
            np.add.at(own[sign][0].total, who, (burst if bounded else np.inf) * term)
            np.maximum.at(found[0][sign].largest, who, burst * term)
            for sums, each in zip(own[sign], p, strict=True):
                rate = each[which]
                np.add.at(sums.mean, who, rate * term)
                np.add.at(sums.variance, who, burst * rate * term**2)
    for sign, parts in enumerate(own):
        for pair, sums in zip(found, parts, strict=False):  # none if no term has the sign
            pair[sign].mean += sums.mean
            pair[sign].variance += sums.variance
            found[0][sign].total += sums.total


def _peak(
    sums: _Sums,
    mean_gain: float | Float64Array,
    power_gain: float | Float64Array,
    largest_gain: float | Float64Array,
) -> Float64Array:
    """Return the mean plus Bennett's deviation, at most the sum of all terms."""
    mean, variance = sums.mean * mean_gain, sums.variance * power_gain
    largest = sums.largest * largest_gain
    peak = mean + _deviation(variance, largest)
    steady = np.broadcast_to(mean_gain, peak.shape)
    with np.errstate(invalid="ignore"):
        most = np.where(sums.total > 0, sums.total * steady, 0.0)
    return np.asarray(np.minimum(peak, most))


def _deviation(
    variance: Float64Array, largest: Float64Array, log_rare: float = _LOG_RARE
) -> Float64Array:
    """Solve (V/c^2) h(c x / V) = log_rare for x."""
    found = np.zeros(len(variance))
    driven = np.flatnonzero((variance > 0) & (largest > 0))
    for start in range(0, len(driven), _ROWS):
        part = driven[start : start + _ROWS]
        ratio = np.maximum(variance[part] / largest[part] ** 2, _LEAST_RATIO)
        found[part] = _solved(log_rare / ratio) * ratio * largest[part]
    return found


def _solved(wanted: Float64Array) -> Float64Array:
    """Return y with ``h(y) = wanted``, by Newton's method from Bernstein's bound above y.

    h is convex, so the steps go down until rounding stops them.
    """
    y: Float64Array = wanted / 3 + np.sqrt((wanted / 3) ** 2 + 2 * wanted)
    for _ in range(_MOST_STEPS):
        slope = np.log1p(y)
        step = ((1 + y) * slope - y - wanted) / slope
        if (step <= _PRECISE * y).all():
            break
        y -= step
    return y
