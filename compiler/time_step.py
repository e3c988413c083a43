"""Choose the time step: a short step resolves time better, but rounds the decay registers more.

For each candidate step, the registers are chosen as for an image. The expected rate of each neuron
on the time grid (``neurons/grid.py``), with exact and with these registers, is compared with its
expected rate in continuous time. For neurons that are not expected to fire, the error of the time
constant is used instead. The prediction does not include the rounding of weights and delays, and
errors of one population that propagate to another.

The two parts can cancel, but only for the input that was assumed. So the best step is the one at
which the sum of their magnitudes is smallest, not the total.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurochip._support.brief import brief, line
from neurochip._support.text import counted, percent
from neurochip._support.values import instance, reals, shown
from neurochip.chip.registers import decode_bias
from neurochip.chip.spec import LOIHI, ChipSpec
from neurochip.errors import CompileError, FitError
from neurochip.network import Network
from neurochip.network.time_step import own_step
from neurochip.recording import Recording
from neurochip.recurrence import KICKS

from .check import check_subject
from .learning.check import check_steps
from .neurons.drive import OperatingPoint
from .neurons.expectation import Expectation, expect
from .neurons.gains import rounded_point
from .neurons.grid import grid_rates
from .neurons.lower import LoweredPopulation, lower
from .neurons.reset import check_resets
from .options import CompileOptions
from .synapses.convert import rounded_delays
from .synapses.projections import project

__all__ = ["DtCandidate", "DtChoice", "choose_dt"]

_FINEST = 20  # candidates are 1/1, 1/2, ... 1/20 ms
_SILENT = 0.1  # Hz: neurons with a lower expected rate count as silent
_CANCELLED = 0.5  # a total below this fraction of the sum of its parts is a cancellation
_WIDTH = 100  # columns of a terminal


@dataclass(frozen=True, kw_only=True)
class DtCandidate:
    """A time step and its expected or measured errors, as fractions of the rate.

    All errors are NaN for a step at which a parameter fits no register.

    Parameters
    ----------
    dt : float, ms
        Length of a step.
    grid : float
        Signed mean error due to the time grid, in float64.
    registers : float
        Signed mean error added by the registers on that grid.
    total : float
        Signed mean error of both together, in which they can cancel.
    error : float
        ``|grid| + |registers|``, averaged over the neurons (measured: over the populations), so
        that neither the two parts nor different neurons cancel.
    problem : str
        The reason if a parameter fits no register; empty otherwise.
    """

    dt: float
    grid: float
    registers: float
    total: float
    error: float
    problem: str = ""

    __repr__ = brief


@dataclass(frozen=True, kw_only=True)
class DtChoice:
    """The candidates, from the finest to the coarsest, and the best of them.

    Parameters
    ----------
    chip : str
        Name of the chip.
    candidates : tuple of DtCandidate
        All steps that were evaluated.
    measured : bool
        Whether the errors were measured by runs, or predicted.
    """

    chip: str
    candidates: tuple[DtCandidate, ...]
    measured: bool = False

    @property
    def best(self) -> DtCandidate:
        """The candidate with the smallest ``error``; among ties, the coarsest."""
        return min(reversed(self._possible), key=lambda item: item.error)

    @property
    def cancelling(self) -> DtCandidate | None:
        """The candidate with the smallest total, if the reason is that its two parts cancel.

        Another input, or a small change of a parameter, can undo the cancellation.
        """
        item = min(reversed(self._possible), key=lambda item: abs(item.total))
        cancels = abs(item.total) < _CANCELLED * item.error
        return item if cancels and item is not self.best else None

    @property
    def dt(self) -> float:
        """The best step in ms."""
        return self.best.dt

    @property
    def _possible(self) -> list[DtCandidate]:
        return [item for item in self.candidates if not item.problem]

    def __str__(self) -> str:
        best, cancelling = self.best, self.cancelling
        lines = [
            f"{'Measured' if self.measured else 'Expected'} error of the rates on {self.chip}",
            f"{'dt (ms)':>9}{'time grid':>12}{'registers':>12}{'total':>12}{'|g| + |r|':>12}",
        ]
        for item in self.candidates:
            cells = "".join(
                f"{100 * value:+10.2f} %" for value in (item.grid, item.registers, item.total)
            )
            cells += f"{100 * item.error:10.2f} %"
            if item.problem:
                cells = f"{'does not fit':>48}"
            note = "  <- best" if item is best else ""
            if item is cancelling:
                note = "  <- smallest total, but only since its parts cancel"
            lines.append(f"{item.dt:9.4g}{cells}{note}")
        problems = [item for item in self.candidates if item.problem]
        if problems:
            text = f"{problems[-1].dt:.4g} ms does not fit: {problems[-1].problem}"
            lines += textwrap.wrap(text, _WIDTH, subsequent_indent="  ")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return line(
            self,
            self.chip,
            counted(len(self.candidates), "step"),
            f"best {self.dt:.4g} ms",
            f"error {percent(self.best.error, sign='')}",
        )


def choose_dt(
    network: Network,
    chip: ChipSpec = LOIHI,
    bounds: tuple[float, float] = (0.05, 1.0),
    *,
    candidates: Sequence[float] | None = None,
    options: CompileOptions | None = None,
    activity: Recording | None = None,
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
    activity : Recording, optional
        As for ``compile_network``.

    Returns
    -------
    DtChoice

    Raises
    ------
    CompileError
        If no candidate lies within the bounds, no candidate allows all parameters to fit,
        ``activity`` is a recording of another network, or the network has a step of its own.
    """
    steps = _steps(bounds, candidates)
    allowed = "a CompileOptions(...)"
    options = CompileOptions() if options is None else options
    instance("dt = 'auto'", "options", options, CompileOptions, allowed, error=CompileError)
    check_subject(network, chip)
    if network.dt is not None:
        own_step("compile", network, "auto", CompileError)  # which it refuses
    expected = expect(network, options, activity)
    check_resets(network, chip, steps[-1], expected)
    choice = DtChoice(
        chip=chip.name,
        candidates=tuple(_candidate(network, chip, step, options, expected) for step in steps),
    )
    if all(item.problem for item in choice.candidates):
        worst = choice.candidates[-1]
        raise FitError(
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
    expected: Expectation,
) -> DtCandidate:
    try:
        check_steps(network, dt)
        populations = lower(network, project(network), chip, dt, options, expected)
        for connection in network.connections:
            rounded_delays(connection, chip, dt)
    except CompileError as problem:
        nan = math.nan
        return DtCandidate(
            dt=dt, grid=nan, registers=nan, total=nan, error=nan, problem=str(problem)
        )
    errors, sizes = [], []
    for name, lowered in populations.items():
        errors.append(_errors(expected.points[name], lowered, dt))
        sizes.append(lowered.ideal.population.size)
    grid, registers, total, error = np.average(errors, axis=0, weights=sizes).tolist()
    return DtCandidate(dt=dt, grid=grid, registers=registers, total=total, error=error)


def _errors(
    point: OperatingPoint, lowered: LoweredPopulation, dt: float
) -> tuple[float, float, float, float]:
    """Return the mean errors of a population: time grid, registers, both, and their magnitudes."""
    ideal, decays = lowered.ideal, lowered.decays
    scale, registers = lowered.lsb_per_mv, lowered.registers
    leaky = ideal.population.model.leaky
    bias = decode_bias(registers.bias_mantissa, registers.bias_exponent) / scale
    threshold = registers.threshold / scale
    if not ideal.population.model.spiking:
        threshold = ideal.threshold
    bias += lowered.truncation.change / scale
    wanted, ids = point.rates, point.ids
    exact = rounded_point(point, ideal.keep_v, ideal.keep_v, decays.rule, dt)
    on_grid = grid_rates(exact, ideal, dt, ideal.keep_v, ideal.bias, ideal.threshold, ideal.amount)
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
    if ideal.keeps_kicks:  # those of the step before v is released
        kept = point.charge[KICKS][ids] * dt * decays.receptors[KICKS].gain[ids]
        rounded = replace(rounded, v_reset=rounded.v_reset + kept)
    amount = threshold if registers.amount is None else registers.amount / scale
    rounded = replace(rounded, v_reset=rounded.v_reset + (threshold - amount)[ids])
    on_chip = grid_rates(rounded, ideal, dt, decays.keep_v, bias, threshold, amount)
    fires = wanted >= _SILENT
    base = np.where(fires, wanted, 1.0)
    grid = np.where(fires, (on_grid - wanted) / base, dt / 2 / point.tau_m)
    registers_only = np.where(fires, (on_chip - on_grid) / base, tau - 1)
    magnitudes = np.abs(grid) + np.abs(registers_only)
    parts = (grid, registers_only, grid + registers_only, magnitudes)
    mean, by_registers, total, error = (float(values.mean()) for values in parts)
    return mean, by_registers, total, error
