"""Estimate the input of each population, and from it mean and spread of v, and the firing rate.

Spikes are treated as independent Poisson events, and v as a diffusion (Siegert 1951,
10.1103/PhysRev.81.617). Synaptic currents that last longer than a step move threshold and reset up
(Brunel and Sergi 1998, 10.1006/jtbi.1998.0782). The rates of the populations are a self-consistent
solution (mean-field theory; Brunel 2000, 10.1023/A:1008925309027). These estimates are good enough
to choose between two roundings, and to leave headroom in registers; no result of a run is computed
from them. ``tests/rates/measure.py`` compares them with the rates of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from neurochip._support.csr import of_entries
from neurochip.network import Connection, Network, Population
from neurochip.recurrence import CURRENT, KICKS, receptor_names
from neurochip.typing import BoolArray, Float64Array, Int64Array

from .rates import input_rates
from .weights import chunks

__all__ = ["MeanField", "OperatingPoint", "lif_rate", "mean_field"]

_SAMPLE = 64  # neurons sampled from a population
_ROUNDS, _DAMPING = 300, 0.3  # fixed-point iteration for the self-consistent rates
_SLOWER, _FASTER = 0.5, 1.1  # change of the damping of a rate that swings, or that does not
_SETTLED = 1e-4  # distance of all rates from their solution, relative or in Hz, that ends it
_NODES, _ROWS = 200, 5000  # nodes of an integral, and neurons per chunk of temporary arrays
_COLOURED = 1.0326  # |zeta(1/2)| / sqrt(2), in Brunel and Sergi's shift
_FARTHEST = 6.0  # standard deviations from mean to threshold at which a neuron counts as silent
_SHORTEST = 1e-6  # ms, interval between spikes to which excitation that runs away is limited
_FASTEST = 1e4  # Hz; excitation without a refractory period has no finite solution
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
        weighted by variance if a neuron has two receptors.
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
    power : tuple of ndarray, shape (size,), squared weight units per ms
        The same for the squares of the weights.
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
    power: tuple[Float64Array, ...]

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
    noisy = np.flatnonzero(~quiet & (threshold < _FARTHEST))
    for start in range(0, len(noisy), _ROWS):
        part = noisy[start : start + _ROWS]
        passage = point.tau_m[part] * _passage(threshold[part], reset[part])
        rates[part] = 1e3 / np.maximum(point.tau_refrac[part] + passage, _SHORTEST)
    return rates


def _passage(threshold: Float64Array, reset: Float64Array) -> Float64Array:
    """Return the mean time from reset to threshold in units of tau_m: the integral above."""
    # Substitute x = exp(s) with equidistant s: the integrand is smooth and vanishes at both ends.
    s = np.linspace(-24.0, np.log(_FARTHEST + 6.0), _NODES)
    x = np.exp(s)
    high, low = threshold[:, None], np.minimum(reset, threshold)[:, None]
    terms = np.exp(2 * high * x - x**2) - np.exp(2 * low * x - x**2)
    return np.asarray(np.sum(terms, axis=1) * (s[1] - s[0]))


@dataclass(frozen=True, kw_only=True, eq=False)
class MeanField:
    """Self-consistent rates of a network, and the operating points that belong to them.

    Parameters
    ----------
    points : dict of str to OperatingPoint
        One of each population, with up to 64 of its neurons.
    rates : dict of str to ndarray, shape (size,), Hz
        Expected rates of all neurons of each population.
    settled : bool
        Whether the rates agree with the input that they cause. If not, they are the highest of the
        last round of the iteration.
    """

    points: dict[str, OperatingPoint]
    rates: dict[str, Float64Array]
    settled: bool


def mean_field(
    network: Network, rates_of: Callable[[Any], Float64Array] = input_rates
) -> MeanField:
    """Find the self-consistent rates of a network, for the rates (Hz) of its inputs.

    The iteration begins with silent neurons, so of several solutions it finds one of low rates.
    """
    undriven = {item.name: _undriven(network, item) for item in network.populations}
    drives = [
        _drive(network, item, undriven[item.target.name], rates_of) for item in network.connections
    ]
    onto = {name: [item for item in drives if item.target == name] for name in undriven}
    sampled, sampled_onto = {}, {}
    for item in network.populations:
        ids = np.linspace(0, item.size - 1, min(item.size, _SAMPLE)).astype(np.int64)
        sampled[item.name] = _sampled(undriven[item.name], ids)
        sampled_onto[item.name] = [_sampled(drive, ids) for drive in onto[item.name]]
    means, settled = _settle(sampled, sampled_onto)
    points = {
        name: _charged(_driven(sampled[name], sampled_onto[name], means), onto[name], means)
        for name in sampled
    }
    rates = {
        name: np.minimum(_driven(undriven[name], onto[name], means).rates, _FASTEST)
        for name in undriven
    }
    return MeanField(points=points, rates=rates, settled=settled)


def _settle(
    undriven: Mapping[str, OperatingPoint], onto: Mapping[str, list[_Drive]]
) -> tuple[dict[str, float], bool]:
    """Iterate the mean rates of all populations until they agree with the input they cause.

    A rate that swings around its solution, as inhibition makes it, is damped more.
    """
    names = list(undriven)
    rates, before = np.zeros(len(names)), np.zeros(len(names))
    damping = np.full(len(names), _DAMPING)
    for _ in range(_ROUNDS):
        now = dict(zip(names, rates.tolist(), strict=True))
        means = [_driven(undriven[name], onto[name], now).rates.mean() for name in names]
        found = np.minimum(means, _FASTEST)
        off = found - rates
        if (np.abs(off) <= _SETTLED * np.maximum(rates, 1.0)).all():
            return now, True
        damping = np.where(off * before < 0, _SLOWER * damping, _FASTER * damping)
        damping, before = np.minimum(damping, _DAMPING), off
        rates = rates + damping * off
    return dict(zip(names, np.maximum(rates, found).tolist(), strict=True)), False


def _undriven(network: Network, population: Population) -> OperatingPoint:
    get, leaky = population.parameter, population.model.leaky
    tau_m, slope = get("tau_m"), network.current(population) / get("cm")
    nothing = np.zeros(population.size)
    v_inf = get("v_rest") + tau_m * slope if leaky else get("v_reset")
    none_yet = tuple(np.zeros(population.size) for _ in receptor_names(network, population))
    return OperatingPoint(
        ids=np.arange(population.size),
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
        charge=none_yet,
        power=none_yet,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Drive:
    """Input through one connection, per ms and (if the source is a population) per Hz."""

    source: str | None  # name of the source population, whose rate is not known yet
    target: str
    charge: tuple[Float64Array, ...]  # one array for each receptor, over all neurons
    power: tuple[Float64Array, ...]  # the same
    drift: Float64Array
    variance: Float64Array
    tau_variance: Float64Array  # variance times tau_syn; 0 for delta synapses
    kicks: Float64Array
    kick_power: Float64Array


def _sampled(item: Any, ids: Int64Array) -> Any:
    """Return an operating point or a drive with some of its neurons; charge and power have all."""
    names = [field.name for field in fields(item) if field.name not in ("charge", "power", "ids")]
    arrays = {name: getattr(item, name) for name in names}
    few = {name: array[ids] for name, array in arrays.items() if isinstance(array, np.ndarray)}
    return replace(item, **few, **({"ids": ids} if isinstance(item, OperatingPoint) else {}))


def _drive(
    network: Network,
    connection: Connection,
    point: OperatingPoint,
    rates_of: Callable[[Any], Float64Array],
) -> _Drive:
    target, source = connection.target, connection.source
    rate = np.ones(source.size) if isinstance(source, Population) else rates_of(source)
    names = receptor_names(network, target)
    only = None if target.model.two_currents else 0  # of two currents, the sign selects one
    if target.name in network.kicked:
        only = KICKS if connection.kicks_v else CURRENT
    kicks, charge, power = _sums(connection, rate / 1000.0, len(names), only)
    tau_m, size = point.tau_m, target.size
    drift, variance, weighted = (np.zeros(size) for _ in range(3))
    for name, own_charge, own_power in zip(names, charge, power, strict=True):
        tau = target.parameter(name) if name else np.zeros(size)
        jump = tau / target.parameter("cm") if name else 1.0  # total mV per weight unit
        drift += own_charge * jump
        # The integral of the square of jump tau_m / (tau_m - tau) (exp(-t/tau_m) - exp(-t/tau)).
        width = tau_m / (2 * (1 + tau / tau_m))
        own_variance = np.multiply(
            own_power * jump**2, width, out=np.zeros(size), where=own_power > 0
        )
        variance += own_variance
        weighted += np.multiply(own_variance, tau, out=np.zeros(size), where=tau > 0)
    return _Drive(
        source=source.name if isinstance(source, Population) else None,
        target=target.name,
        charge=charge,
        power=power,
        drift=drift,
        variance=variance,
        tau_variance=weighted,
        kicks=kicks,
        kick_power=power[KICKS] if connection.kicks_v else np.zeros(size),
    )


def _sums(
    connection: Connection, rate: Float64Array, n_receptors: int, only: int | None
) -> tuple[Float64Array, tuple[Float64Array, ...], tuple[Float64Array, ...]]:
    """Return what arrives at each neuron per unit of ``rate``, an array of all sources.

    These are the number of kicks of v, and for each receptor the sums of weights and of their
    squares.
    All synapses drive the receptor ``only``; without it, the sign selects the receptor.
    """
    size, n = connection.target.size, connection.n_synapses
    weights = np.broadcast_to(np.asarray(connection.weight, np.float64), (n,))
    kicks, sums = np.zeros(size), np.zeros((2, n_receptors, size))
    for part in chunks(n):
        post, weight = connection.post[part].astype(np.intp), weights[part]
        each = of_entries(connection.indptr, rate, part)
        if connection.kicks_v:
            np.add.at(kicks, post, each)
        for index in range(n_receptors) if only is None else (only,):
            own = weight
            if only is None:  # the first receptor takes negative weights, the last the others
                own = np.where((weight < 0) == (index == 0), weight, 0.0)
            np.add.at(sums[0, index], post, each * own)
            np.add.at(sums[1, index], post, each * own**2)
    return kicks, tuple(sums[0]), tuple(sums[1])


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
    charge, power = point.charge, point.power
    for item in drives:
        rate = _rate_of(item, rates)
        charge = tuple(sum_ + rate * own for sum_, own in zip(charge, item.charge, strict=True))
        power = tuple(sum_ + rate * own for sum_, own in zip(power, item.power, strict=True))
    return replace(point, charge=charge, power=power)


def _rate_of(drive: _Drive, rates: Mapping[str, float]) -> float:
    return 1.0 if drive.source is None else rates[drive.source]
