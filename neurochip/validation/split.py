"""Split the error of a rate into those of the registers and of the time step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .._support.brief import brief, line
from .._support.text import percent
from ..recording import Recording
from .intervals import rate_pairs

__all__ = ["ErrorSplit", "RateError", "split_error"]


@dataclass(frozen=True, kw_only=True)
class RateError:
    """Difference of two runs, over the neurons of a population.

    Parameters
    ----------
    signed_hz : float, Hz
        Difference of the mean rates.
    absolute_hz : float, Hz
        Mean over neurons of the absolute difference of their rates.
    signed, absolute : float
        The same differences, as fractions of the mean rate on the fine grid; NaN if that is 0.
    interval : tuple of float
        95 % interval of ``signed``; NaN if it is undefined.
    """

    signed_hz: float
    absolute_hz: float
    signed: float
    absolute: float
    interval: tuple[float, float]

    __repr__ = brief


@dataclass(frozen=True, kw_only=True)
class ErrorSplit:
    """Sources of the difference from a run on a finer grid.

    All three are fractions of the mean rate on the fine grid, so the signed errors add up:
    ``total = quantisation + time_step``. Absolute errors do not add up; the total is at most their
    sum.

    Parameters
    ----------
    quantisation : RateError
        Chip against the reference on the same grid.
    time_step : RateError
        Reference against the reference on the finer grid.
    total : RateError
        Chip against the reference on the finer grid.
    """

    quantisation: RateError
    time_step: RateError
    total: RateError

    def __repr__(self) -> str:
        parts = {"total": self.total, "time step": self.time_step, "registers": self.quantisation}
        return line(self, *(f"{name} {percent(item.signed)}" for name, item in parts.items()))


def split_error(
    reference: Recording, chip: Recording, fine: Recording, population: str, coupling: str | None
) -> ErrorSplit:
    """Return the errors of a population, as fractions of its rate in the fine run.

    Parameters
    ----------
    reference, chip : Recording
        Runs on the grid of the chip.
    fine : Recording
        The reference on a finer grid.
    population : str
        Name of the population.
    coupling : str or None
        How its neurons depend on each other.
    """
    rate = float(fine.rates(population).mean())

    def error(run: Recording, baseline: Recording) -> RateError:
        difference = run.rates(population) - baseline.rates(population)
        signed, absolute = float(difference.mean()), float(np.abs(difference).mean())
        pairs = rate_pairs(baseline, run, population, coupling)
        if baseline is fine:
            interval = pairs.ratio()
        else:
            low, high = pairs.difference()
            interval = (_fraction(low, rate), _fraction(high, rate))
        return RateError(
            signed_hz=signed,
            absolute_hz=absolute,
            signed=_fraction(signed, rate),
            absolute=_fraction(absolute, rate),
            interval=interval,
        )

    return ErrorSplit(
        quantisation=error(chip, reference),
        time_step=error(reference, fine),
        total=error(chip, fine),
    )


def _fraction(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
