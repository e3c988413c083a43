"""Estimate the input of each population, and from it mean and spread of v, and the firing rate.

Spikes are treated as independent Poisson events, and v as a diffusion (Siegert 1951,
10.1103/PhysRev.81.617). Synaptic currents that last longer than a step move threshold and reset up
(Brunel and Sergi 1998, 10.1006/jtbi.1998.0782). The rates of the populations are a self-consistent
solution (mean-field theory; Brunel 2000, 10.1023/A:1008925309027). These estimates are good enough
to choose between two roundings; no result of a run is computed from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from neurochip.network import Connection, Network, PoissonInput, Population, SpikeInput
from neurochip.recurrence import receptor_names
from neurochip.typing import BoolArray, Float64Array, Int64Array

__all__ = ["OperatingPoint", "lif_rate", "operating_points"]

_SAMPLE = 64  # neurons sampled from a population
_ROUNDS, _DAMPING = 100, 0.3  # fixed-point iteration for the self-consistent rates
_COLOURED = 1.0326  # |zeta(1/2)| / sqrt(2), in Brunel and Sergi's shift
_FARTHEST = 6.0  # standard deviations from mean to threshold at which a neuron counts as silent
_SHORTEST = 1e-6  # ms, interval between spikes to which excitation that runs away is limited
_QUIET = 1e-6  # spread of v relative to v_thresh - v_reset, below which it is neglected


@dataclass(frozen=True, kw_only=True, eq=False)
class OperatingPoint:
    """Expected input of a sample of neurons of a population; arrays of shape (n_sampled,).

    Parameters
    ----------
    ids : ndarray of int64
        Indices of the sampled neurons.
    tau_m, tau_syn, tau_refrac : ndarray, ms
        Time constants and refractory period. ``tau_syn`` is 0 for delta synapses, and the average
        weighted by variance if a neuron has two synaptic currents.
    v_inf, v_reset, v_thresh : ndarray, mV
        Level without spikes, reset and threshold.
    drift : ndarray, mV/ms
        Mean slope of v due to spikes; for neurons without a leak, constant currents are included.
    mean, std : ndarray, mV
        Stationary mean and standard deviation of v without a threshold. Without a leak v is not
        stationary: then ``mean`` is the reset, and ``std`` is infinite where spikes arrive.
    kick : ndarray, mV
        Root mean square of the jumps of v; 0 for synaptic currents.
    kick_rate : ndarray, 1/ms
        Rate of the jumps of v.
    charge : tuple of ndarray, shape (size,), weight units per ms
        Expected input of *all* neurons, one array for each receptor (see ``ideal``).
    """

    ids: Int64Array
    tau_m: Float64Array
    tau_syn: Float64Array
    tau_refrac: Float64Array
    v_inf: Float64Array
    v_reset: Float64Array
    v_thresh: Float64Array
    drift: Float64Array
    mean: Float64Array
    std: Float64Array
    kick: Float64Array
    kick_rate: Float64Array
    charge: tuple[Float64Array, ...]

    @property
    def quiet(self) -> BoolArray:
        """Whether the spread of v is negligible, so that the mean input alone sets the rate."""
        return np.asarray(self.std <= _QUIET * (self.v_thresh - self.v_reset))

    @property
    def rates(self) -> Float64Array:
        """Expected rates in continuous time, Hz."""
        return lif_rate(self)


def lif_rate(point: OperatingPoint) -> Float64Array:
    """Return the expected rate (Hz) of each neuron of an operating point.

    Without spread, this is the exact rate under constant input. With spread, with
    ``y = (v_thresh - mean) / (sqrt(2) std)`` and the same for the reset,
    ``1 / rate = tau_refrac + tau_m integral exp(-x^2) (exp(2 y_thresh x) - exp(2 y_reset x)) / x``
    over x from 0, which is Siegert's formula with its inner integral written out. Without a leak,
    ``1 / rate = tau_refrac + (v_thresh - v_reset) / drift``, independent of the spread (Wald 1944,
    10.1214/aoms/1177731235).
    """
    rates = np.zeros(len(point.ids))
    if np.isinf(point.tau_m).all():
        rises = point.drift > 0
        distance = (point.v_thresh - point.v_reset)[rises]
        rates[rises] = 1e3 / (point.tau_refrac[rises] + distance / point.drift[rises])
        return rates
    quiet = point.quiet
    fires = quiet & (point.mean > point.v_thresh)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (point.mean - point.v_reset) / (point.mean - point.v_thresh)
        cycle = point.tau_refrac + point.tau_m * np.log(ratio)
    rates[fires] = 1e3 / cycle[fires]
    if quiet.all():
        return rates
    spread = np.where(quiet, 1.0, np.sqrt(2.0) * point.std)
    slow = np.divide(point.tau_syn, point.tau_m, out=np.zeros(len(rates)), where=point.tau_syn > 0)
    shift = _COLOURED * np.sqrt(slow)
    threshold = (point.v_thresh - point.mean) / spread + shift
    reset = (point.v_reset - point.mean) / spread + shift
    # Substitute x = exp(s) with equidistant s: the integrand is smooth and vanishes at both ends.
    s = np.linspace(-24.0, np.log(_FARTHEST + 6.0), 1200)
    x = np.exp(s)
    near = np.minimum(threshold, _FARTHEST)[:, None]
    terms = np.exp(2 * near * x - x**2) - np.exp(2 * np.minimum(reset[:, None], near) * x - x**2)
    passage = point.tau_m * np.sum(terms, axis=1) * (s[1] - s[0])
    noisy = ~quiet & (threshold < _FARTHEST)
    rates[noisy] = 1e3 / np.maximum(point.tau_refrac + passage, _SHORTEST)[noisy]
    return rates


def operating_points(network: Network) -> dict[str, OperatingPoint]:
    """Return the operating point of each population, with up to 64 of its neurons."""
    undriven = {item.name: _undriven(network, item) for item in network.populations}
    drives = [_drive(item, undriven[item.target.name]) for item in network.connections]
    onto = {name: [item for item in drives if item.target == name] for name in undriven}
    rates = {item.name: 0.0 for item in network.populations}
    points = undriven
    for _ in range(_ROUNDS if any(_inside(item) for item in network.connections) else 1):
        points = {name: _driven(undriven[name], onto[name], rates) for name in undriven}
        found = {name: float(point.rates.mean()) for name, point in points.items()}
        rates = {name: rate + _DAMPING * (found[name] - rate) for name, rate in rates.items()}
    return {name: _charged(points[name], onto[name], rates) for name in points}


def _inside(connection: Connection) -> bool:
    return isinstance(connection.source, Population)


def _undriven(network: Network, population: Population) -> OperatingPoint:
    count = min(population.size, _SAMPLE)
    ids = np.linspace(0, population.size - 1, count).astype(np.int64)

    def get(name: str) -> Float64Array:
        return population.parameter(name)[ids]

    tau_m, slope = get("tau_m"), network.current(population)[ids] / get("cm")
    nothing = np.zeros(count)
    leaky = population.model.leaky
    v_inf = get("v_rest") + tau_m * slope if leaky else get("v_reset")
    return OperatingPoint(
        ids=ids,
        tau_m=tau_m,
        tau_syn=nothing,
        tau_refrac=get("tau_refrac"),
        v_inf=v_inf,
        v_reset=get("v_reset"),
        v_thresh=get("v_thresh"),
        drift=nothing if leaky else slope,
        mean=v_inf,
        std=nothing,
        kick=nothing,
        kick_rate=nothing,
        charge=tuple(np.zeros(population.size) for _ in receptor_names(population.model)),
    )


@dataclass(frozen=True, eq=False)
class _Drive:
    """Input through one connection, per ms and (if the source is a population) per Hz."""

    source: str | None  # name of the source population, whose rate is not known yet
    target: str
    charge: tuple[Float64Array, ...]  # one array for each receptor, over all neurons
    drift: Float64Array
    variance: Float64Array
    tau_variance: Float64Array  # variance times tau_syn; 0 for delta synapses
    kicks: Float64Array
    kick_power: Float64Array


def _drive(connection: Connection, point: OperatingPoint) -> _Drive:
    target = connection.target
    weight = np.broadcast_to(np.asarray(connection.weight, np.float64), connection.post.shape)
    rate = np.repeat(_source_rates(connection), np.diff(connection.indptr)) / 1000.0  # per ms

    def sums(values: Float64Array) -> Float64Array:
        return np.bincount(connection.post, values, minlength=target.size).astype(np.float64)

    ids, tau_m, names = point.ids, point.tau_m, receptor_names(target.model)
    drift, variance, weighted, kicks, kick_power = (np.zeros(len(tau_m)) for _ in range(5))
    charges = []
    for index, name in enumerate(names):
        own = weight
        if len(names) > 1:  # the first receptor takes negative weights, the last the others
            own = np.where((weight < 0) == (index == 0), weight, 0.0)
        charges.append(sums(rate * own))
        power = sums(rate * own**2)[ids]
        tau = target.parameter(name)[ids] if name else np.zeros(len(tau_m))
        jump = tau / target.parameter("cm")[ids] if name else 1.0  # total mV per weight unit
        drift += charges[-1][ids] * jump
        # The integral of the square of jump tau_m / (tau_m - tau) (exp(-t/tau_m) - exp(-t/tau)).
        width = tau_m / (2 * (1 + tau / tau_m))
        own_variance = np.multiply(
            power * jump**2, width, out=np.zeros(len(tau_m)), where=power > 0
        )
        variance += own_variance
        weighted += np.multiply(own_variance, tau, out=np.zeros(len(tau_m)), where=tau > 0)
        if not name:
            kicks, kick_power = sums(rate)[ids], power
    return _Drive(
        source=connection.source.name if _inside(connection) else None,
        target=target.name,
        charge=tuple(charges),
        drift=drift,
        variance=variance,
        tau_variance=weighted,
        kicks=kicks,
        kick_power=kick_power,
    )


def _source_rates(connection: Connection) -> Float64Array:
    """Return the rate of each source in Hz; 1 for neurons, whose rate is not known yet."""
    source = connection.source
    if isinstance(source, PoissonInput):
        return np.broadcast_to(np.asarray(source.rate, dtype=np.float64), (source.size,))
    if isinstance(source, SpikeInput):
        span = float(source.times[-1]) if len(source.times) else 0.0
        counts = np.bincount(source.ids, minlength=source.size)
        return counts.astype(np.float64) * (1000.0 / span if span > 0 else 0.0)
    return np.ones(source.size)


def _driven(
    undriven: OperatingPoint, drives: list[_Drive], rates: Mapping[str, float]
) -> OperatingPoint:
    size = len(undriven.ids)
    drift, variance, weighted, kicks, power = (np.zeros(size) for _ in range(5))
    for item in drives:
        rate = _rate_of(item, rates)
        if not rate:  # a neuron without a leak has an infinite variance, and 0 * inf is NaN
            continue
        drift += rate * item.drift
        variance += rate * item.variance
        weighted += rate * item.tau_variance
        kicks += rate * item.kicks
        power += rate * item.kick_power
    level, known = np.isfinite(undriven.tau_m), np.isfinite(variance) & (variance > 0)
    moved = np.multiply(drift, undriven.tau_m, out=np.zeros(size), where=level)
    return replace(
        undriven,
        drift=undriven.drift + drift,
        mean=undriven.v_inf + moved,
        std=np.sqrt(variance),
        tau_syn=np.divide(weighted, variance, out=np.zeros(size), where=known),
        kick=np.sqrt(np.divide(power, kicks, out=np.zeros(size), where=kicks > 0)),
        kick_rate=kicks,
    )


def _charged(
    point: OperatingPoint, drives: list[_Drive], rates: Mapping[str, float]
) -> OperatingPoint:
    charge = point.charge
    for item in drives:
        rate = _rate_of(item, rates)
        charge = tuple(sum_ + rate * own for sum_, own in zip(charge, item.charge, strict=True))
    return replace(point, charge=charge)


def _rate_of(drive: _Drive, rates: Mapping[str, float]) -> float:
    return 1.0 if drive.source is None else rates[drive.source]
