"""Result of a comparison for one population: the metrics and the verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .._support.json_text import plain_data
from ..typing import Float64Array, Int64Array
from .circumstances import Circumstances
from .intervals import RatePairs
from .noise_floor import NoiseFloor

__all__ = ["ErrorSplit", "PopulationComparison", "RateError", "Verdict"]


class Verdict(Enum):
    """Whether the rates of a population can be compared. No verdict means "passed"."""

    COMPARED = "compared"
    SILENT = "silent"
    SILENT_AT_STEP = "silent at this time step"
    SILENT_ON_CHIP = "silent on chip"
    SILENT_IN_REFERENCE = "silent in reference"
    SATURATED = "saturated"
    TOO_FEW_SPIKES = "too few spikes"

    @property
    def text(self) -> str:
        """The verdict as a sentence."""
        return _TEXTS[self]


_TEXTS = {
    Verdict.COMPARED: "Enough spikes to compare rates.",
    Verdict.SILENT: "Neither side spikes, so compare v instead of rates, or increase the input.",
    Verdict.SILENT_AT_STEP: "Only the fine run spikes: the time step is too long.",
    Verdict.SILENT_ON_CHIP: "The reference spikes and the chip does not.",
    Verdict.SILENT_IN_REFERENCE: "The chip spikes and the reference does not.",
    Verdict.SATURATED: "Most intervals are the shortest possible: the rate is at its limit.",
    Verdict.TOO_FEW_SPIKES: "Too few spikes in the reference to compare rates.",
}

_NO_RATES = (Verdict.SILENT, Verdict.SILENT_AT_STEP, Verdict.TOO_FEW_SPIKES)


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


@dataclass(frozen=True, kw_only=True, eq=False)
class PopulationComparison:
    """One population, chip against reference.

    Fractions are NaN where they are undefined (a reference of 0 Hz, for instance).

    Parameters
    ----------
    name : str
        Name of the population.
    verdict : Verdict
        Whether the rates can be compared.
    duration : float, ms
        Length of the runs.
    reference_counts, chip_counts : ndarray of int64, shape (size,)
        Number of spikes of each neuron.
    rate_error : float
        ``chip_rate / reference_rate - 1``, signed.
    rate_error_interval : tuple of float
        95 % interval of ``rate_error``, over ``pairs``; NaN if it is undefined.
    rate_difference_interval : tuple of float, Hz
        95 % interval of ``chip_rate - reference_rate``, over ``pairs``.
    coupling : str or None
        How the neurons depend on each other: ``"independent"``, ``"shared input"``,
        ``"recurrent"``, or None if the recordings do not know it, which counts as recurrent.
    pairs : RatePairs
        The independent pairs of rates behind the intervals: neurons or blocks of time.
    mean_absolute_error_hz : float, Hz
        Mean over all neurons of ``|chip_i - reference_i|``.
    mean_absolute_error : float
        The same mean divided by the reference's mean rate, so busy neurons have more weight.
    mean_neuron_rate_error : float
        Mean of ``|chip_i - reference_i| / reference_i`` over the neurons that spike in the
        reference; each neuron has equal weight.
    worst_neuron : int or None
        The first neuron with the largest ``|chip_i - reference_i|``; None if no count differs.
    neurons_differing : int
        Number of neurons whose counts differ.
    reference_cv, chip_cv : float
        CV of the interspike intervals, mean over neurons with at least 3 spikes.
    equal_spikes : float
        Fraction of the spikes of both runs that the other run has in the same step: 1 if and only
        if the runs are equal spike for spike.
    coincidence : float
        Coincidence factor Gamma, mean over the neurons where it is defined
        (:func:`coincidence_factor`).
    reference_saturated, chip_saturated : int
        Number of neurons (with at least 3 spikes) with more than half of their intervals at the
        limit.
    v_rmse, v_largest_error : float or None, mV
        RMS and largest difference of v over the neurons recorded on both sides; None if there are
        none. A spike that comes one step late adds its full height to both.
    v_neurons : int
        Number of neurons whose v was recorded on both sides.
    split : ErrorSplit or None
        Error against the finer grid, if a finer reference was given.
    fine_rate : float or None, Hz
        Mean rate on the finer grid, if a finer reference was given.
    noise_floor : NoiseFloor or None
        Differences between float runs that differ in one synapse, if twins were given.
    circumstances : Circumstances or None
        Time constants and drive, if the network was given.
    """

    name: str
    verdict: Verdict
    duration: float
    reference_counts: Int64Array
    chip_counts: Int64Array
    rate_error: float
    rate_error_interval: tuple[float, float]
    rate_difference_interval: tuple[float, float]
    coupling: str | None
    pairs: RatePairs
    mean_absolute_error_hz: float
    mean_absolute_error: float
    mean_neuron_rate_error: float
    worst_neuron: int | None
    neurons_differing: int
    reference_cv: float
    chip_cv: float
    equal_spikes: float
    coincidence: float
    reference_saturated: int
    chip_saturated: int
    v_rmse: float | None
    v_largest_error: float | None
    v_neurons: int
    split: ErrorSplit | None
    fine_rate: float | None
    noise_floor: NoiseFloor | None
    circumstances: Circumstances | None

    @property
    def size(self) -> int:
        """Number of neurons."""
        return len(self.reference_counts)

    @property
    def reference_rates(self) -> Float64Array:
        """Rate of each neuron in Hz, shape (size,)."""
        return self.reference_counts / (self.duration / 1000.0)

    @property
    def chip_rates(self) -> Float64Array:
        """Rate of each neuron in Hz, shape (size,)."""
        return self.chip_counts / (self.duration / 1000.0)

    @property
    def reference_rate(self) -> float:
        """Mean rate in Hz."""
        return float(self.reference_rates.mean())

    @property
    def chip_rate(self) -> float:
        """Mean rate in Hz."""
        return float(self.chip_rates.mean())

    @property
    def beyond_chance(self) -> bool | None:
        """Whether the registers change the mean rate by more than chance.

        That is, the interval of the rate difference excludes 0, and if the noise floor is known,
        the error is larger. None if there is no interval, or if the verdict is "silent", "silent at
        this time step" or "too few spikes".
        """
        low, high = self.rate_difference_interval
        if math.isnan(low) or self.verdict in _NO_RATES:
            return None
        beyond = self.noise_floor is None or not abs(self.rate_error) <= self.noise_floor.rate
        return beyond and not low <= 0.0 <= high

    def to_dict(self) -> dict[str, Any]:
        """Return everything except the counts of single neurons, with None for NaN."""
        fields = (
            *("rate_error", "rate_error_interval", "rate_difference_interval"),
            *("mean_absolute_error_hz", "mean_absolute_error", "mean_neuron_rate_error"),
            *("worst_neuron", "neurons_differing", "reference_cv", "chip_cv", "equal_spikes"),
            *("coincidence", "reference_saturated", "chip_saturated"),
            *("v_rmse", "v_largest_error", "v_neurons"),
        )
        return {
            "verdict": self.verdict.value,
            "size": self.size,
            "reference_spikes": int(self.reference_counts.sum()),
            "chip_spikes": int(self.chip_counts.sum()),
            "reference_rate": self.reference_rate,
            "chip_rate": self.chip_rate,
            "beyond_chance": self.beyond_chance,
            "coupling": self.coupling,
            "interval_over": self.pairs.over,
            "fine_rate": self.fine_rate,
            "noise_floor": None if self.noise_floor is None else self.noise_floor.rate,
            "neuron_noise_floor": None if self.noise_floor is None else self.noise_floor.neuron,
            **{field: plain_data(getattr(self, field)) for field in fields},
            "split": None
            if self.split is None
            else {part: plain_data(vars(error)) for part, error in vars(self.split).items()},
        }
