"""Choose the time step: a short step resolves time better, but rounds the decay registers more.

For each candidate step, the registers are chosen as for an image. The expected rate of each neuron
with these registers is compared with its expected rate in continuous time:

- for a neuron with constant input, the interspike interval of the chip's recurrence is computed
  exactly, with truncation replaced by its mean of half an LSB per step;
- for a neuron driven by spikes, the rate is that of a diffusion (see ``drive``). The time grid
  raises the effective threshold: jumps decay for one step before the threshold test, and crossings
  between two tests are missed, which for a random walk amounts to 0.5826 standard deviations of a
  step (Broadie, Glasserman and Kou 1997, 10.1111/1467-9965.00035). With continuous input, as from
  synaptic currents, a threshold crossing is detected half a step late on average, and integration
  resumes a whole step early, since k refractory steps hold v for the k - 1 steps after a spike. The
  net effect is an interval shorter by half a step.

For neurons that are not expected to fire, the error of the time constant is used instead. The
prediction does not include the rounding of weights and delays, and errors of one population that
propagate to another.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurochip._support.values import instance, reals, shown
from neurochip.chip.registers import decode_bias, decode_threshold
from neurochip.chip.spec import LOIHI, ChipSpec
from neurochip.errors import CompileError
from neurochip.network import Network
from neurochip.recurrence import IdealPopulation, refractory_steps
from neurochip.typing import Float64Array

from .check import check_request
from .neurons.drive import OperatingPoint, lif_rate, operating_points
from .neurons.gains import rounded_point
from .neurons.lower import LoweredPopulation, lower
from .options import CompileOptions
from .synapses.convert import rounded_delays
from .synapses.projections import project

__all__ = ["DtCandidate", "DtChoice", "choose_dt"]

_FINEST = 20  # candidates are 1/1, 1/2, ... 1/20 ms
_SILENT = 0.1  # Hz: neurons with a lower expected rate count as silent
_DISCRETE = 0.5826  # -zeta(1/2) / sqrt(2 pi)
_WIDTH = 100  # columns of a terminal


@dataclass(frozen=True, kw_only=True)
class DtCandidate:
    """A time step and its expected errors, as fractions of the rate.

    Parameters
    ----------
    dt : float, ms
        Length of a step.
    grid : float
        Mean absolute error due to the time grid, in float64.
    registers : float
        Mean absolute error added by the registers on that grid.
    total : float
        Mean absolute error of both together. It may be less than the sum of the two, since they can
        cancel. All three are NaN for a step at which a parameter fits no register.
    problem : str
        The reason if a parameter fits no register; empty otherwise.
    """

    dt: float
    grid: float
    registers: float
    total: float
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class DtChoice:
    """The candidates, from the finest to the coarsest, and the best of them.

    Parameters
    ----------
    chip : str
        Name of the chip.
    candidates : tuple of DtCandidate
        All steps that were evaluated.
    """

    chip: str
    candidates: tuple[DtCandidate, ...]

    @property
    def best(self) -> DtCandidate:
        """The candidate with the smallest total error; among ties, the coarsest."""
        possible = [item for item in self.candidates if not item.problem]
        return min(reversed(possible), key=lambda item: item.total)

    @property
    def dt(self) -> float:
        """The best step in ms."""
        return self.best.dt

    def __str__(self) -> str:
        lines = [
            f"Expected error of the rates on {self.chip}",
            f"{'dt (ms)':>9}{'time grid':>12}{'registers':>12}{'total':>12}",
        ]
        for item in self.candidates:
            values = (item.grid, item.registers, item.total)
            cells = "".join(f"{100 * x:10.2f} %" for x in values)
            if item.problem:
                cells = f"{'does not fit':>36}"
            lines.append(f"{item.dt:9.4g}{cells}{'  <- best' if item is self.best else ''}")
        problems = [item for item in self.candidates if item.problem]
        if problems:
            text = f"{problems[-1].dt:.4g} ms does not fit: {problems[-1].problem}"
            lines += textwrap.wrap(text, _WIDTH, subsequent_indent="  ")
        return "\n".join(lines)


def choose_dt(
    network: Network,
    chip: ChipSpec = LOIHI,
    bounds: tuple[float, float] = (0.05, 1.0),
    *,
    candidates: Sequence[float] | None = None,
    options: CompileOptions | None = None,
) -> DtChoice:
    """Predict the error of the firing rates for several time steps.

    Parameters
    ----------
    network : Network
        The network to compile.
    chip : ChipSpec
        The target chip. Default: the first-generation chip.
    bounds : (float, float), ms
        Shortest and longest step.
    candidates : sequence of float, ms, optional
        Steps to evaluate; those outside the bounds are ignored. Default: 1/1, 1/2, 1/3 ... 1/20 ms,
        so that every duration in whole ms is a whole number of steps.
    options : CompileOptions, optional
        As for ``compile_network``.

    Returns
    -------
    DtChoice

    Raises
    ------
    CompileError
        If no candidate lies within the bounds, or no candidate allows all parameters to fit.
    """
    steps = _steps(bounds, candidates)
    allowed = "a CompileOptions(...)"
    options = CompileOptions() if options is None else options
    instance("dt = 'auto'", "options", options, CompileOptions, allowed, error=CompileError)
    for step in steps:
        check_request(network, chip, step)
    points = operating_points(network)
    choice = DtChoice(
        chip=chip.name,
        candidates=tuple(_candidate(network, chip, step, options, points) for step in steps),
    )
    if all(item.problem for item in choice.candidates):
        worst = choice.candidates[-1]
        raise CompileError(
            f"dt = 'auto': no step from {steps[0]:g} to {steps[-1]:g} ms fits; at {worst.dt:g} ms: "
            f"{worst.problem}"
        )
    return choice


def _steps(bounds: tuple[float, float], candidates: Sequence[float] | None) -> list[float]:
    allowed = "the shortest and the longest step, above 0"
    ends = _in_ms("bounds", bounds, allowed)
    low, high = ends if len(ends) == 2 else (math.nan, math.nan)
    if not 0 < low <= high < math.inf:
        raise CompileError(f"dt = 'auto': bounds = {shown(bounds)} ms; allowed: {allowed}.")
    if candidates is None:
        candidates = [1 / n for n in range(1, _FINEST + 1)]
    slack = 1e-9
    steps = sorted(
        step
        for step in _in_ms("candidates", candidates, "steps in ms")
        if low * (1 - slack) <= step <= high * (1 + slack)
    )
    if not steps:
        raise CompileError(
            f"dt = 'auto': no candidate lies between {low:g} and {high:g} ms; widen the bounds or "
            "pass candidates."
        )
    return steps


def _in_ms(name: str, values: Any, allowed: str) -> list[float]:
    array = reals("dt = 'auto'", name, values, "ms", allowed=allowed, error=CompileError)
    if array.ndim != 1:
        raise CompileError(f"dt = 'auto': {name} = {shown(values)} ms; allowed: {allowed}.")
    return [float(value) for value in array]


def _candidate(
    network: Network,
    chip: ChipSpec,
    dt: float,
    options: CompileOptions,
    points: dict[str, OperatingPoint],
) -> DtCandidate:
    try:
        populations = lower(network, project(network), chip, dt, options)
        for connection in network.connections:
            rounded_delays(connection, chip, dt)
    except CompileError as problem:
        nan = math.nan
        return DtCandidate(dt=dt, grid=nan, registers=nan, total=nan, problem=str(problem))
    errors, sizes = [], []
    for name, lowered in populations.items():
        errors.append(_errors(points[name], lowered, chip, dt))
        sizes.append(lowered.ideal.population.size)
    grid, registers, total = np.average(errors, axis=0, weights=sizes).tolist()
    return DtCandidate(dt=dt, grid=grid, registers=registers, total=total)


def _errors(
    point: OperatingPoint, lowered: LoweredPopulation, chip: ChipSpec, dt: float
) -> tuple[float, float, float]:
    """Return the mean absolute errors of a population: time grid, registers and both."""
    ideal, decays = lowered.ideal, lowered.decays
    scale, registers = lowered.scale.lsb_per_mv, lowered.registers
    leaky = ideal.population.model.leaky
    bias = decode_bias(registers.bias_mantissa, registers.bias_exponent) / scale
    threshold = decode_threshold(registers.threshold_mantissa, chip.core) / scale
    if not ideal.population.model.spiking:
        threshold = ideal.threshold
    if leaky:  # each decay truncates half an LSB on average; without a decay nothing is truncated
        bias -= 0.5 / scale
    wanted, ids = point.rates, point.ids
    exact = rounded_point(point, ideal.keep_v, ideal.keep_v, decays.rule, dt)
    on_grid = _rates(exact, ideal, dt, ideal.keep_v, ideal.bias, ideal.threshold)
    rounded = rounded_point(point, ideal.keep_v, decays.keep_v, decays.rule, dt)
    rounded = replace(rounded, v_thresh=(ideal.origin + threshold)[ids])
    tau = np.ones(len(ids))
    if leaky:
        level = ideal.v_inf - ideal.origin + decays.shift
        moved = (bias / (1 - decays.keep_v) - level)[ids]
        rounded = replace(rounded, v_inf=rounded.v_inf + moved, mean=rounded.mean + moved)
        tau = rounded.tau_m / exact.tau_m
    else:
        rounded = replace(rounded, drift=rounded.drift + (bias - ideal.bias)[ids] / dt)
    on_chip = _rates(rounded, ideal, dt, decays.keep_v, bias, threshold)
    fires = wanted >= _SILENT
    base = np.where(fires, wanted, 1.0)
    parts_of_error = (
        np.where(fires, np.abs(on_grid - wanted) / base, dt / 2 / point.tau_m),
        np.where(fires, np.abs(on_chip - on_grid) / base, np.abs(tau - 1)),
        np.where(fires, np.abs(on_chip - wanted) / base, np.abs(tau - 1) + dt / 2 / point.tau_m),
    )
    grid, registers_only, total = (float(values.mean()) for values in parts_of_error)
    return grid, registers_only, total


def _rates(
    point: OperatingPoint,
    ideal: IdealPopulation,
    dt: float,
    keep_v: Float64Array,
    bias: Float64Array,
    threshold: Float64Array,
) -> Float64Array:
    """Return rates (Hz) on the time grid; ``bias`` and ``threshold`` are in mV, for all neurons."""
    ids = point.ids
    quiet = point.quiet
    interval = (_steps_to(threshold, bias, keep_v)[ids] + ideal.refractory[ids] - 1) * dt
    constant = 1e3 / interval
    if quiet.all():
        return constant
    model = ideal.population.model
    won, shift = np.full(len(ids), dt / 2), np.zeros(len(ids))
    if model.delta_synapses:
        steady = 0.0 if model.leaky else bias[ids] / (point.drift * dt)
        won *= np.clip(steady, 0.0, 1.0)
        # A jump has decayed for one step when it is tested: equivalent to a higher threshold.
        shift = (point.v_thresh - point.v_inf) * (1 / ideal.receptors[0].gain[ids] - 1)
        walk = np.sqrt(point.kick_rate * point.kick**2 * dt + point.kick**2)
        shift += _DISCRETE * (walk - point.kick)
    held = refractory_steps(point.tau_refrac, dt) * dt - won
    seen = replace(point, v_thresh=point.v_thresh + shift, tau_refrac=held)
    return np.where(quiet, constant, lif_rate(seen))


def _steps_to(threshold: Float64Array, bias: Float64Array, keep_v: Float64Array) -> Float64Array:
    """Return the steps of ``v = keep_v v + bias`` from 0 until v exceeds the threshold, or inf."""
    share = np.divide(
        threshold * (1 - keep_v), bias, out=np.full_like(bias, np.inf), where=bias > 0
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        decaying = np.log1p(-np.minimum(share, 1.0)) / np.log(keep_v)
        straight = np.where(bias > 0, threshold / bias, np.inf)
    return np.asarray(np.floor(np.where(keep_v == 1, straight, decaying)) + 1)
