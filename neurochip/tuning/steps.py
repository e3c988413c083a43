"""Measure the error of several time steps by runs in float64 and on the chip."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from compiler import CompileOptions, DtCandidate, DtChoice, compile_network

from .._support.progress import progress_bar
from .._support.ranges import Range
from .._support.values import instance, real, reals, shown, switch
from .._support.warn import warn_user
from ..chip.spec import LOIHI, ChipSpec
from ..emulator import Emulator
from ..errors import AnalysisError, ChipOverflowWarning, CompileError
from ..network import Network
from ..recording import Recording
from ..reference import simulate_reference
from ..stimulus import Stimulus
from ..typing import Float64Array

__all__ = ["measure_dt"]

_FINER = 10  # the fine grid is this many times finer than the shortest step


def measure_dt(
    network: Network,
    stimulus: Stimulus,
    chip: ChipSpec = LOIHI,
    *,
    candidates: Sequence[float] = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0),
    fine_dt: float | None = None,
    options: CompileOptions | None = None,
    progress: bool | None = None,
) -> DtChoice:
    """Measure the error of the firing rates for several time steps on one stimulus.

    Each step takes a run in float64 and a run on the chip; one run in float64 on a fine grid is the
    truth. The errors are those of the mean rate of each population, averaged over the neurons. With
    n spikes a rate is known to about 1/n, and in a recurrent network chaos adds its noise floor.
    :func:`choose_dt` predicts the same table without runs.

    Parameters
    ----------
    network : Network
        The network to compile.
    stimulus : Stimulus
        Input of all runs. Its duration must be a whole number of each step.
    chip : ChipSpec
        The target chip. Default: the first-generation chip.
    candidates : sequence of float, ms
        Steps to measure. Default: 0.05, 0.1, 0.2, 0.25, 0.5 and 1 ms.
    fine_dt : float, ms, optional
        Step of the fine grid. Default: a tenth of the shortest candidate.
    options : CompileOptions, optional
        As for ``compile_network``.
    progress : bool, optional
        Show a progress bar. Default: on a terminal and in notebooks, after two seconds.

    Returns
    -------
    DtChoice
        With ``measured=True``.

    Raises
    ------
    AnalysisError
        If an argument is not allowed, no candidate fits the chip, or no neuron fires on the fine
        grid.
    StimulusError
        If the stimulus does not fit the network or a step.
    """
    for name, value, kind, allowed in (
        ("network", network, Network, "a Network"),
        ("stimulus", stimulus, Stimulus, "a Stimulus"),
        ("chip", chip, ChipSpec, "a ChipSpec"),
    ):
        instance("measure_dt", name, value, kind, allowed, error=AnalysisError)
    options = CompileOptions() if options is None else options
    allowed = "a CompileOptions(...)"
    instance("measure_dt", "options", options, CompileOptions, allowed, error=AnalysisError)
    steps = sorted(_positive("candidates", value) for value in _array(candidates).tolist())
    fine = steps[0] / _FINER if fine_dt is None else _positive("fine_dt", fine_dt)
    progress = switch("measure_dt", "progress", progress, optional=True, error=AnalysisError)
    overflowed: list[float] = []
    with progress_bar(2 * len(steps) + 1, "measuring", progress) as bar:

        def in_float(dt: float) -> Float64Array:
            run = simulate_reference(network, stimulus, dt, progress=False)
            bar.update(1)
            return _rates(network, run)

        truth = in_float(fine)
        if not truth.any():
            raise AnalysisError(
                f"measure_dt: no neuron fires in float64 in steps of {fine:g} ms; allowed: a "
                "stimulus under which some fire. choose_dt judges silent neurons by their time "
                "constants."
            )
        sizes = np.array([item.size for item in network.populations]) * (truth > 0)

        def candidate(dt: float) -> DtCandidate:
            try:
                image = compile_network(network, chip, dt, **vars(options))
            except CompileError as problem:
                bar.update(2)
                none = dict.fromkeys(("grid", "registers", "total", "error"), math.nan)
                return DtCandidate(dt=dt, **none, problem=str(problem))
            on_grid = in_float(dt)
            run = Emulator(image, warn=False, progress=False).run(stimulus)
            if run.overflows:
                overflowed.append(dt)
            on_chip = _rates(network, run)
            bar.update(1)
            base = np.where(truth > 0, truth, 1.0)
            grid, registers = (on_grid - truth) / base, (on_chip - on_grid) / base
            parts = (grid, registers, grid + registers, np.abs(grid) + np.abs(registers))
            means = np.average(parts, axis=1, weights=sizes).tolist()
            names = ("grid", "registers", "total", "error")
            return DtCandidate(dt=dt, **dict(zip(names, means, strict=True)))

        found = tuple(candidate(dt) for dt in steps)
    if all(item.problem for item in found):
        raise AnalysisError(
            f"measure_dt: no step from {steps[0]:g} to {steps[-1]:g} ms fits; at {steps[-1]:g} ms: "
            f"{found[-1].problem}"
        )
    if overflowed:
        listed = ", ".join(f"{dt:g}" for dt in overflowed)
        warn_user(
            f"measure_dt: registers wrapped or clipped at dt = {listed} ms, which is part of the "
            "errors of these steps. A higher headroom or assumed_rate avoids it.",
            ChipOverflowWarning,
        )
    return DtChoice(chip=chip.name, candidates=found, measured=True)


def _rates(network: Network, run: Recording) -> Float64Array:
    """Return the mean rate of each population in Hz."""
    return np.array([float(run.rates(item.name).mean()) for item in network.populations])


def _array(values: Sequence[float]) -> Float64Array:
    allowed = "steps in ms, at least one"
    array = reals("measure_dt", "candidates", values, "ms", allowed=allowed, error=AnalysisError)
    if array.ndim != 1 or not len(array):
        raise AnalysisError(f"measure_dt: candidates = {shown(values)}; allowed: {allowed}.")
    return array


def _positive(name: str, value: float) -> float:
    allowed = "a step above 0 ms"
    within = Range(above=0.0)
    return real("measure_dt", name, value, "ms", within, allowed=allowed, error=AnalysisError)
