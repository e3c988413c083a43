"""Predict the rate of a neuron whose threshold is tested once in each step.

A neuron with constant input fires after a whole number of steps, which is computed exactly. For a
neuron driven by spikes, the rate is that of a diffusion (``drive``), which a step of ``dt`` changes
as follows.

*Jumps of v.* The spikes of a step act together at its end, decay for one step, and are tested. So
the mean of the tested v is ``gain (dt/tau_m) / (1 - a)`` times that in continuous time, and its
variance ``gain^2 (2 dt/tau_m) / (1 - a^2)`` times, with ``a = exp(-dt/tau_m)``. A test sees a
crossing only after v has passed the threshold, by an overshoot that adds to the threshold. The
overshoot of a random walk without drift is an integral over its characteristic function (Siegmund
1985, 10.1007/978-1-4757-1862-1, chapter 10). For jumps of one size, n of them in a mean step, the
overshoot exceeds that in continuous time by n/2 jumps up to n = 1; beyond, it approaches 0.5826
standard deviations of a step (also Broadie, Glasserman and Kou 1997, 10.1111/1467-9965.00035).
Only excitatory jumps count in n/2. With inhibition this is good to about 15 %. A drift that carries
v over the threshold passes it by half the rise of a step.

*Currents.* v is smooth, so a crossing is detected half a step late on average. The register holds v
for one step less than the refractory period, so integration resumes half a step early (without a
refractory period: half a step late). What this is worth in mV is the slope of v when it resumes,
which is steeper than on average, since the current that caused the spike has not decayed yet. The
slope at the spike is the mean of a Gaussian weighted by its upward flux (Rice 1945,
10.1002/j.1538-7305.1945.tb00453.x), with the standard deviation ``std / sqrt(tau_m tau_syn)``.

*A reset that subtracts* keeps what v exceeds the threshold by: an overshoot is added to where v
begins, too, and a spike that is detected late is not followed late. Under constant input, the mean
interval is that of continuous time, at least a step if a neuron spikes once in a step.

*Both.* If kicks cause most of the variance of v, a current beside them is treated as kicks, and
else the kicks as a current.

``tests/time_step_cells.py`` measures the errors of these predictions.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from neurochip.recurrence import IdealPopulation
from neurochip.typing import Float64Array

from .drive import OperatingPoint, lif_rate
from .error_function import erf

__all__ = ["grid_rates"]

_DISCRETE = 0.5826  # -zeta(1/2) / sqrt(2 pi): mean overshoot of a Gaussian walk
_CLOSEST = 1e-3  # least distance from reset to threshold, as a fraction of the original distance


def grid_rates(
    point: OperatingPoint,
    ideal: IdealPopulation,
    dt: float,
    keep_v: Float64Array,
    bias: Float64Array,
    threshold: Float64Array,
    amount: Float64Array,
) -> Float64Array:
    """Return the expected rates (Hz) of the sampled neurons with steps of ``dt`` ms.

    Parameters
    ----------
    point : OperatingPoint
        Input of the sampled neurons, with the registers that are assumed.
    ideal : IdealPopulation
        Unrounded registers: origin, gain and refractory period.
    dt : float, ms
        Length of a step.
    keep_v : ndarray, shape (size,)
        Fraction of v that a step keeps, of all neurons.
    bias, threshold : ndarray, shape (size,), mV
        Bias, and threshold above the origin, of all neurons.
    amount : ndarray, shape (size,), mV
        What a spike subtracts from v, of neurons whose reset does.
    """
    ids, quiet = point.ids, point.quiet
    model = ideal.population.model
    held = np.asarray((ideal.refractory[ids] - 1) * dt, dtype=np.float64)
    steps = _steps_to(threshold, bias, keep_v)
    if model.subtracts:
        steps = _mean_steps(threshold, amount, bias, keep_v)
        steps = steps if model.several else np.maximum(steps, 1.0)
    constant = 1e3 / (steps[ids] * dt + held)
    if quiet.all():
        return constant
    start = point.v_reset if ideal.kicked or model.subtracts else ideal.origin[ids]
    seen = (
        _tested(point, ideal.receptors[0].gain[ids], start, held, dt, keeps=model.subtracts)
        if _jumps(point, ideal)
        else _resumed(point, held, dt, keeps=model.subtracts)
    )
    return np.where(quiet, constant, lif_rate(seen))


def _jumps(point: OperatingPoint, ideal: IdealPopulation) -> bool:
    """Return whether kicks cause most of the variance of v."""
    if not ideal.kicked:
        return ideal.population.model.delta_synapses
    by_kicks = point.kick**2 * point.kick_rate * point.tau_m / 2
    return bool(np.mean(2 * by_kicks > point.std**2) > 0.5)


def _tested(
    point: OperatingPoint,
    gain: Float64Array,
    start: Float64Array,
    held: Float64Array,
    dt: float,
    *,
    keeps: bool,
) -> OperatingPoint:
    """Return the walk that the threshold test sees, for jumps of v.

    ``keeps`` if the reset keeps an overshoot.
    """
    rise, mean, std = point.drift * dt, point.mean, point.std
    leaky = np.isfinite(point.tau_m)
    if leaky.all():
        share = dt / point.tau_m
        lost = -np.expm1(-share)
        mean = point.v_inf + (point.mean - point.v_inf) * gain * share / lost
        std = point.std * gain * np.sqrt(2 * share / -np.expm1(-2 * share))
        rise = (mean - point.v_thresh) * lost
    arriving = point.kick_rate * dt
    excess = np.divide(
        point.drift, point.kick * point.kick_rate, out=np.zeros(len(held)), where=arriving > 0
    )
    share = (1 + np.clip(excess, -1.0, 1.0)) / 2  # of excitation among the jumps
    passed = share / 2 * np.minimum(arriving, 1.0)
    passed += _DISCRETE * (np.sqrt(np.maximum(arriving, 1.0)) - 1)
    passed *= gain * point.kick
    over = np.maximum(passed, rise / 2)
    return replace(
        point,
        mean=mean,
        std=std,
        v_reset=start + over if keeps else start,
        v_thresh=point.v_thresh + over,
        tau_refrac=held,
    )


def _resumed(
    point: OperatingPoint, held: Float64Array, dt: float, *, keeps: bool
) -> OperatingPoint:
    """Return the neuron at the moment when it resumes in continuous time, for currents."""
    early = point.tau_refrac - held - (0.0 if keeps else dt / 2)
    slope = point.drift
    if np.isfinite(point.tau_m).all():
        tau_m = point.tau_m
        tau_syn = np.maximum(point.tau_syn, 1e-9)
        upward = np.maximum(point.mean - point.v_thresh, 0.0) / tau_m
        at_spike = point.v_thresh + tau_m * _flux_mean(upward, point.std / np.sqrt(tau_m * tau_syn))
        level = point.mean + (at_spike - point.mean) * np.exp(-point.tau_refrac / tau_syn)
        slope = (level - point.v_reset) / tau_m
    way = point.v_thresh - point.v_reset
    moved = np.minimum(slope * early, (1 - _CLOSEST) * way)
    return replace(point, v_reset=point.v_reset + moved)


def _flux_mean(mean: Float64Array, std: Float64Array) -> Float64Array:
    """Return the mean of a Gaussian slope among upward crossings: E[s^2; s > 0] / E[s; s > 0]."""
    z = mean / np.maximum(std, 1e-12)
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    above = 0.5 * (1 + erf(z / math.sqrt(2)))
    return np.asarray(
        ((mean**2 + std**2) * above + mean * std * density) / (mean * above + std * density)
    )


def _steps_to(threshold: Float64Array, bias: Float64Array, keep_v: Float64Array) -> Float64Array:
    """Return the steps of ``v = keep_v v + bias`` from 0 until v exceeds the threshold, or inf."""
    share = np.divide(
        threshold * (1 - keep_v), bias, out=np.full_like(bias, np.inf), where=bias > 0
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        decaying = np.log1p(-np.minimum(share, 1.0)) / np.log(keep_v)
        straight = np.where(bias > 0, threshold / bias, np.inf)
    return np.asarray(np.floor(np.where(keep_v == 1, straight, decaying)) + 1)


def _mean_steps(
    threshold: Float64Array, amount: Float64Array, bias: Float64Array, keep_v: Float64Array
) -> Float64Array:
    """Return the mean steps of ``v = keep_v v + bias`` between two thresholds, or inf."""
    level = np.divide(bias, 1 - keep_v, out=np.full_like(bias, np.inf), where=keep_v < 1)
    rises = (bias > 0) & (level > threshold)
    with np.errstate(divide="ignore", invalid="ignore"):
        decaying = np.log1p(amount / (level - threshold)) / -np.log(keep_v)
        steps = np.where(keep_v == 1, amount / bias, decaying)
    return np.asarray(np.where(rises, steps, np.inf))
