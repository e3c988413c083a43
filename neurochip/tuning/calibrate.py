"""Trim thresholds and biases until the population rates of chip and float64 agree."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._support.progress import progress_bar
from .._support.ranges import Range
from .._support.values import MOST_IDS, instance, integer, items, real, shown, switch
from ..emulator import Emulator
from ..errors import AnalysisError
from ..image import ChipImage
from ..image.report_rows import ReportRow
from ..network import Network, PoissonInput
from ..network.time_step import finer_steps
from ..recording import Recording
from ..reference import simulate_reference
from ..stimulus import Stimulus, draw_stimulus
from .calibration import Calibration, Trim
from .shifts import shifted

__all__ = ["REGISTERS", "calibrate"]

REGISTERS = ("threshold", "bias")
_FIRST = 0.01  # first shift of a trim, as a fraction of the distance from reset to threshold
_WIDEST = 8.0  # largest move outward, in first shifts
_FRESH_SEED = 1_000_003  # of the stimulus that tests the result; not a seed that one would take
_LEAST = 0.05  # margin at both ends of a bracket, as a fraction of it, where no secant is trusted


def calibrate(
    network: Network,
    image: ChipImage,
    stimuli: Stimulus | Sequence[Stimulus],
    *,
    fresh: Stimulus | Sequence[Stimulus] | None = None,
    registers: Sequence[str] = REGISTERS,
    tolerance: float = 0.001,
    substeps: int | None = None,
    rounds: int = 15,
    progress: bool | None = None,
) -> Calibration:
    """Return an image whose population rates match float64 on the given stimuli.

    The search finds one shift in mV for each population: of the thresholds of all its neurons and,
    if that is not enough, of the levels that their biases hold. All populations are trimmed in the
    same runs. The result is the image of the run whose worst population has the smallest error.

    This is a fit to the stimuli: it compensates every cause of a rate error, including the time
    grid, by an error of the opposite sign. On the stimuli of the fit the remaining error is 3 to 20
    times smaller than on others, so the figure to quote is that of a fresh stimulus, which the
    result also holds.

    Parameters
    ----------
    network : Network
        Network that the image was compiled from.
    image : ChipImage
        Compiled image; it is not changed.
    stimuli : Stimulus or sequence of Stimulus
        Stimuli on which the rates are compared. With n spikes a rate is known to 1/n.
    fresh : Stimulus or sequence of Stimulus, optional
        Stimuli for the test of the result. Default: one with another seed and the total duration
        of ``stimuli``, drawn from the Poisson inputs of the network. A network without Poisson
        inputs has no fresh stimulus, and is not tested unless one is given.
    registers : sequence of str
        Registers to trim, in this order: ``"threshold"``, ``"bias"`` or both.
    tolerance : float, default 0.001
        Largest relative error of a population rate that counts as agreement.
    substeps : int, optional
        Number of float64 steps in one step of the chip; 1 trims only the error of the registers.
        Default: 10, or 1 for networks that hold for one step (``network.dt``).
    rounds : int, default 15
        Largest number of chip runs for each register.
    progress : bool, optional
        Show a progress bar. Default: on a terminal and in notebooks, after two seconds.

    Raises
    ------
    AnalysisError
        If an argument is not allowed, or the image has no symbols.
    StimulusError
        If a stimulus does not fit the network or the grid.
    """
    instance("calibrate", "network", network, Network, "a Network", error=AnalysisError)
    given = _stimuli("stimuli", stimuli)
    tests = _fresh(network, given) if fresh is None else _stimuli("fresh", fresh)
    registers = _registers(registers)
    tolerance = real(
        "calibrate",
        "tolerance",
        tolerance,
        within=Range(at_least=0.0, below=1.0),
        allowed="a fraction from 0 to below 1",
        error=AnalysisError,
    )
    substeps, rounds = (
        integer(
            "calibrate",
            name,
            value,
            at_least=1,
            at_most=MOST_IDS,
            allowed="at least 1",
            error=AnalysisError,
        )
        for name, value in (("substeps", finer_steps(network, substeps)), ("rounds", rounds))
    )
    progress = switch("calibrate", "progress", progress, optional=True, error=AnalysisError)
    if not isinstance(image, ChipImage) or image.symbols is None:
        raise AnalysisError(
            f"calibrate: image = {shown(image)}; allowed: a ChipImage with its symbols, as "
            "compiled."
        )
    dt, names = image.symbols.dt, [item.name for item in network.populations]
    total = sum(item.duration for item in given)
    runs = len(registers) * rounds + 2
    with progress_bar(runs, "calibrating", progress) as bar:

        def in_float(stimulus: Stimulus) -> Recording:
            return simulate_reference(network, stimulus, dt / substeps, progress=False)

        def on_chip(candidate: ChipImage, stimuli: Sequence[Stimulus]) -> dict[str, float]:
            # Of all candidates, only the given image warns of overflows.
            first = candidate is image and stimuli is given
            runs = iter(Emulator(candidate, warn=first, progress=False).run_batch(stimuli))
            bar.update(1)
            return _mean_rates(names, stimuli, lambda _: next(runs))

        wanted = _mean_rates(names, given, in_float)
        search = _Search(
            network, image, wanted, tolerance, lambda candidate: on_chip(candidate, given)
        )
        for register in registers:
            search.trim(register, rounds)
        tested = [
            _mean_rates(names, tests, in_float),
            on_chip(search.best.image, tests),
        ]
    trims = tuple(
        replace(
            search.trim_of(name),
            fresh_reference_rate=tested[0][name],
            fresh_rate=tested[1][name],
        )
        for name in names
    )
    return Calibration(
        image=_marked(search.best.image, trims, len(given)),
        trims=trims,
        dt=dt,
        fine_dt=dt / substeps,
        tolerance=tolerance,
        stimuli=len(given),
        duration=total,
        runs=search.runs,
        fresh=len(tests),
        fresh_duration=float(sum(item.duration for item in tests)),
    )


def _mean_rates(
    names: Sequence[str], stimuli: Sequence[Stimulus], run: Callable[[Stimulus], Recording]
) -> dict[str, float]:
    """Return the mean rate (Hz) of each population over all stimuli; NaN without stimuli."""
    total = sum(item.duration for item in stimuli)
    sums = dict.fromkeys(names, 0.0 if stimuli else math.nan)
    for stimulus in stimuli:
        recording = run(stimulus)
        for name in names:
            sums[name] += float(recording.rates(name).mean()) * stimulus.duration / total
    return sums


def _fresh(network: Network, given: Sequence[Stimulus]) -> tuple[Stimulus, ...]:
    """Draw a stimulus that was not given; nothing if the network has no Poisson inputs."""
    if not any(isinstance(item, PoissonInput) for item in network.inputs):
        return ()
    total, seen = sum(item.duration for item in given), {item.digest() for item in given}
    seed = _FRESH_SEED
    while (drawn := draw_stimulus(network, total, seed)).digest() in seen and drawn.n_spikes:
        seed += 1
    return (drawn,)


@dataclass(frozen=True, eq=False)
class _Tried:
    """An image, its shifts by (population, register), and its measured rates."""

    image: ChipImage
    shifts: Mapping[tuple[str, str], float]
    rates: Mapping[str, float]


class _Search:
    """Searches the shifts of all populations at once, each with a secant through earlier runs."""

    def __init__(
        self,
        network: Network,
        image: ChipImage,
        wanted: Mapping[str, float],
        tolerance: float,
        rates: Any,
    ) -> None:
        self._network, self._image, self._wanted = network, image, wanted
        self._tolerance, self._rates = tolerance, rates
        self.first = self.best = _Tried(image, {}, rates(image))
        self.runs = 1

    def trim(self, register: str, rounds: int) -> None:
        """Trim one register of every population that does not agree yet."""
        open_ = [name for name in self._wanted if not self._agrees(name, self.best)]
        if not open_:
            return
        sign = -1.0 if register == "threshold" else 1.0  # sign of d(rate) / d(shift)
        base = self.best
        step = {name: self._first_step(name, sign) for name in open_}
        points: dict[str, list[tuple[float, float]]] = {
            name: [(0.0, self._error(name, base))] for name in open_
        }
        shifts = dict(step)
        seen: list[Mapping[tuple[str, str], float]] = []
        for _ in range(rounds):
            image, applied = _apply(base, register, shifts)
            if applied in seen:  # the resolution of the registers is reached
                return
            seen.append(applied)
            self.runs += 1
            tried = _Tried(image, applied, self._rates(image))
            for name in open_:
                points[name].append((shifts[name], self._error(name, tried)))
            if self._worst(tried) < self._worst(self.best):
                self.best = tried
            if all(self._agrees(name, tried) for name in self._wanted):
                return
            shifts = {name: _next(points[name], step[name], sign) for name in open_}

    def trim_of(self, name: str) -> Trim:
        """Return the shifts and the rates of a population."""
        return Trim(
            population=name,
            threshold_shift=self.best.shifts.get((name, "threshold"), 0.0),
            bias_shift=self.best.shifts.get((name, "bias"), 0.0),
            reference_rate=self._wanted[name],
            rate_before=self.first.rates[name],
            rate_after=self.best.rates[name],
            agrees=self._agrees(name, self.best),
        )

    def _first_step(self, name: str, sign: float) -> float:
        population = self._network.population(name)
        way = population.parameter("v_thresh") - population.parameter("v_reset")
        return math.copysign(_FIRST * float(way.mean()), -sign * self._error(name, self.best))

    def _error(self, name: str, tried: _Tried) -> float:
        return tried.rates[name] - self._wanted[name]

    def _agrees(self, name: str, tried: _Tried) -> bool:
        return abs(self._error(name, tried)) <= self._tolerance * self._wanted[name]

    def _worst(self, tried: _Tried) -> tuple[float, float]:
        """Return the largest relative error, and the sum of all relative errors."""
        errors = [
            abs(self._error(name, tried)) / (self._wanted[name] or 1.0) for name in self._wanted
        ]
        return max(errors), sum(errors)


def _apply(
    base: _Tried, register: str, shifts: Mapping[str, float]
) -> tuple[ChipImage, dict[tuple[str, str], float]]:
    """Shift a register of some populations; return the image and the shifts after rounding."""
    image, applied = base.image, dict(base.shifts)
    assert image.symbols is not None
    for item in image.symbols.populations:
        if item.name in shifts:
            image, moved = shifted(image, item, register, shifts[item.name])
            applied[item.name, register] = moved
    return image, applied


def _next(points: Sequence[tuple[float, float]], step: float, sign: float) -> float:
    """Return the next shift to try, from the known (shift, error) pairs.

    Inside a bracket (two errors of opposite sign) secants and bisections are mixed; without a
    bracket, the shift moves outward.
    """
    # The shift has to grow where the error has the sign of -sign.
    grow = [x for x, error in points if error * sign < 0]
    shrink = [x for x, error in points if error * sign > 0]
    exact = [x for x, error in points if error == 0]
    if exact:
        return exact[-1]
    if not grow or not shrink:
        last = points[-1][0]
        return last + math.copysign(min(abs(last) or abs(step), _WIDEST * abs(step)), step)
    low, high = max(grow), min(shrink)
    if low > high:  # recurrent populations may not respond monotonically
        return (low + high) / 2
    at = dict(points)
    secant = low - at[low] * (high - low) / (at[high] - at[low])
    middle = (low + high) / 2
    inside = low + _LEAST * (high - low) < secant < high - _LEAST * (high - low)
    return secant if inside and len(points) % 3 else middle


def _marked(image: ChipImage, trims: Sequence[Trim], stimuli: int) -> ChipImage:
    """Return the image with a warning in its compile report for every register that was moved."""
    assert image.symbols is not None
    moves = {(item.population, "v_thresh"): item.threshold_shift for item in trims}
    for item in trims:
        moves |= {(item.population, name): item.bias_shift for name in ("v_rest", "v_rest + R I")}

    def marked(row: ReportRow) -> ReportRow:
        shift = moves.get((row.owner, row.parameter), 0.0)
        if not shift:
            return row
        text = (
            f"{row.parameter} was moved by {shift:+.4g} mV in a calibration on {stimuli} "
            f"{'stimulus' if stimuli == 1 else 'stimuli'}; its row shows the value before"
        )
        return replace(row, warning=f"{row.warning}; {text}" if row.warning else text)

    rows = tuple(marked(row) for row in image.report.rows)
    symbols = replace(image.symbols, report=replace(image.report, rows=rows))
    return replace(image, symbols=symbols)


def _stimuli(name: str, stimuli: Any) -> tuple[Stimulus, ...]:
    allowed = "a Stimulus, or a list of them"
    given = (stimuli,) if isinstance(stimuli, Stimulus) else stimuli
    found = items("calibrate", name, given, allowed, error=AnalysisError)
    if not found or not all(isinstance(item, Stimulus) for item in found):
        raise AnalysisError(f"calibrate: {name} = {shown(found)}; allowed: {allowed}.")
    return found


def _registers(registers: Any) -> tuple[str, ...]:
    allowed = "'threshold' and 'bias', or one of them in a list"
    found = items("calibrate", "registers", registers, allowed, error=AnalysisError)
    if not found or not all(isinstance(item, str) and item in REGISTERS for item in found):
        raise AnalysisError(f"calibrate: registers = {shown(registers)}; allowed: {allowed}.")
    return found
