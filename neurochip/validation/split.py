"""Split the error of a rate into those of the registers and of the time step."""

from __future__ import annotations

import math

import numpy as np

from ..recording import Recording
from .intervals import rate_pairs
from .population import ErrorSplit, RateError

__all__ = ["split_error"]


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
