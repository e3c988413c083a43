"""Result of a comparison for one population: the table of metrics."""

from __future__ import annotations

import dataclasses
import inspect
import math
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from .._support.brief import line
from .._support.json_text import plain_data
from .._support.labels import Label, words
from .._support.text import fixed, percent
from ..typing import Float64Array, Int64Array
from . import metrics
from .circumstances import Circumstances
from .intervals import RatePairs
from .noise_floor import NoiseFloor
from .run_pair import RunPair
from .split import ErrorSplit
from .verdict import Verdict

__all__ = ["METRICS", "Metric", "PopulationComparison"]

_NO_RATES = (Verdict.SILENT, Verdict.SILENT_AT_STEP, Verdict.TOO_FEW_SPIKES)
_WIDTH = 100  # columns of a docstring


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One number about both runs of a population.

    Parameters
    ----------
    name : str
        Name of the field of :class:`PopulationComparison`, and of the column of a sweep.
    of : callable
        Returns the value for a :class:`~neurochip.validation.run_pair.RunPair`: a number, NaN where
        it is undefined, None without data, or an interval of two numbers.
    kind : str
        Type of the value, as in a docstring.
    unit : str
        Unit such as ``"Hz"``, ``"%"`` for a fraction that is shown in percent, or empty.
    meaning : str
        Definition, in one or two sentences.
    heading : str
        Header of its column in reports; empty for a metric that tables do not show.
    words : str
        What it is, as figures show it; empty if its name says it.
    """

    name: str
    of: Callable[[RunPair], Any]
    kind: str
    unit: str
    meaning: str
    heading: str = ""
    words: str = ""

    @property
    def label(self) -> Label:
        """Words and unit, as figures show them."""
        return Label(self.words or words(self.name), self.unit)

    def text(self, value: float | None) -> str:
        """Return a value with its unit, as tables show it; "-" if there is none."""
        if value is None or math.isnan(value):
            return "-"
        if self.unit == "%":
            return percent(value, "")
        if isinstance(value, int):
            return f"{value:,}"
        return f"{value:.3g} {self.unit}" if self.unit else fixed(value)


def _metric(
    of: Callable[[RunPair], Any],
    unit: str,
    meaning: str,
    heading: str = "",
    *,
    kind: str = "float",
    words: str = "",
) -> Any:
    """Return the dataclass field of a metric; the name of the metric is the field's."""
    table = {"of": of, "kind": kind, "unit": unit, "meaning": meaning, "heading": heading}
    return field(metadata={**table, "words": words})


def _fraction(part: Any, whole: Any) -> float:
    return float(part / whole) if whole else math.nan


def _mean(values: Float64Array) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else math.nan


def _rate_error(pair: RunPair) -> float:
    reference, chip = pair.spikes
    return _fraction(chip - reference, reference)


def _mean_neuron_rate_error(pair: RunPair) -> float:
    active = pair.counts[0] > 0
    return _mean(pair.distances[active] / pair.rates[0][active])


def _worst_neuron(pair: RunPair) -> int | None:
    return int(np.argmax(pair.distances)) if pair.distances.any() else None


def _equal_spikes(pair: RunPair) -> float:
    equal = int(metrics.coincidences(*pair.trains, pair.size, 0).sum())
    return _fraction(2 * equal, sum(pair.spikes))


def _coincidence(pair: RunPair) -> float:
    steps = pair.reference.n_steps
    return _mean(metrics.coincidence_factor(*pair.trains, pair.size, steps, pair.window))


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
    coupling : str or None
        How the neurons depend on each other: ``"independent"``, ``"shared input"``,
        ``"recurrent"``, or None if the recordings do not know it, which counts as recurrent.
    pairs : RatePairs
        The independent pairs of rates behind the intervals: neurons or blocks of time.
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
    coupling: str | None
    pairs: RatePairs
    rate_error: float = _metric(
        _rate_error,
        "%",
        "``chip_rate / reference_rate - 1``, signed.",
    )
    rate_error_interval: tuple[float, float] = _metric(
        lambda pair: pair.rate_pairs.ratio(),
        "%",
        "95 % interval of ``rate_error``, over ``pairs``; NaN if it is undefined.",
        kind="tuple of float",
    )
    rate_difference_interval: tuple[float, float] = _metric(
        lambda pair: pair.rate_pairs.difference(),
        "Hz",
        "95 % interval of ``chip_rate - reference_rate``, over ``pairs``.",
        kind="tuple of float",
    )
    mean_absolute_error_hz: float = _metric(
        lambda pair: float(pair.distances.mean()),
        "Hz",
        "Mean over all neurons of ``|chip_i - reference_i|``.",
        words="absolute rate error of a neuron",
    )
    mean_absolute_error: float = _metric(
        lambda pair: _fraction(pair.distances.mean(), pair.rates[0].mean()),
        "%",
        "The same mean divided by the reference's mean rate, so busy neurons have more weight.",
        words="absolute rate error of a neuron",
    )
    mean_neuron_rate_error: float = _metric(
        _mean_neuron_rate_error,
        "%",
        "Mean of ``|chip_i - reference_i| / reference_i`` over the neurons that spike in the "
        "reference; each neuron has equal weight.",
        words="relative rate error of a neuron",
    )
    worst_neuron: int | None = _metric(
        _worst_neuron,
        "",
        "The first neuron with the largest ``|chip_i - reference_i|``; None if no count differs.",
        kind="int or None",
    )
    neurons_differing: int = _metric(
        lambda pair: int((pair.counts[0] != pair.counts[1]).sum()),
        "",
        "Number of neurons whose counts differ.",
        kind="int",
        words="neurons with other counts",
    )
    reference_cv: float = _metric(
        lambda pair: _mean(metrics.isi_cv(pair.trains[0], pair.size)),
        "",
        "CV (coefficient of variation) of the interspike intervals in the reference, mean over "
        "neurons with at least 3 spikes.",
        "CV reference",
        words="CV of the intervals in the reference",
    )
    chip_cv: float = _metric(
        lambda pair: _mean(metrics.isi_cv(pair.trains[1], pair.size)),
        "",
        "The same CV on the chip.",
        "CV chip",
        words="CV of the intervals on the chip",
    )
    equal_spikes: float = _metric(
        _equal_spikes,
        "%",
        "Fraction of the spikes of both runs that the other run has in the same step: 1 if and "
        "only if the runs are equal spike for spike.",
        "equal spikes",
        words="spikes in the same step",
    )
    coincidence: float = _metric(
        _coincidence,
        "",
        "Coincidence factor Gamma, mean over the neurons where it is defined: 1 for equal trains, "
        "0 for chance (:func:`coincidence_factor`).",
        "Γ",
        words="coincidence factor Γ",
    )
    reference_saturated: int = _metric(
        lambda pair: pair.saturated[0],
        "",
        "Number of neurons in the reference (with at least 3 spikes) with more than half of their "
        "intervals at the limit.",
        kind="int",
        words="saturated neurons in the reference",
    )
    chip_saturated: int = _metric(
        lambda pair: pair.saturated[1],
        "",
        "The same number on the chip.",
        kind="int",
        words="saturated neurons on the chip",
    )
    v_rmse: float | None = _metric(
        lambda pair: metrics.rmse(*pair.v) if pair.v_neurons else None,
        "mV",
        "RMS difference of v over the neurons recorded on both sides; None if there are none. A "
        "spike that comes one step late adds its full height.",
        "v RMSE",
        kind="float or None",
        words="RMS error of v",
    )
    v_largest_error: float | None = _metric(
        lambda pair: metrics.largest_difference(*pair.v) if pair.v_neurons else None,
        "mV",
        "Largest difference of v over the same neurons.",
        kind="float or None",
        words="largest error of v",
    )
    v_neurons: int = _metric(
        lambda pair: pair.v_neurons,
        "",
        "Number of neurons whose v was recorded on both sides.",
        kind="int",
        words="neurons with v",
    )
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
            **{name: plain_data(getattr(self, name)) for name in METRICS},
            "split": None
            if self.split is None
            else {part: plain_data(vars(error)) for part, error in vars(self.split).items()},
        }

    def __repr__(self) -> str:
        return line(
            self,
            repr(self.name),
            self.verdict.value,
            f"{self.reference_rate:.2f} Hz in the reference",
            f"{self.chip_rate:.2f} Hz on the chip",
            f"error {percent(self.rate_error)}",
        )


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        item.name: Metric(name=item.name, **item.metadata)
        for item in dataclasses.fields(PopulationComparison)
        if item.metadata
    }
)
"""All metrics by name, in the order of :class:`PopulationComparison`.

To add a metric, add one field with its function, unit and meaning: the comparison, its JSON, the
columns of sweeps, reports and the reference page take it from here.
"""


def _entry(metric: Metric) -> str:
    """Return the entry of a metric in the Parameters section of a docstring."""
    unit = f", {metric.unit}" if metric.unit not in ("", "%") else ""
    indent = " " * 4
    text = textwrap.fill(
        metric.meaning,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )
    return f"{metric.name} : {metric.kind}{unit}\n{text}\n"


_ENTRIES = "".join(map(_entry, METRICS.values()))
PopulationComparison.__doc__ = f"{inspect.cleandoc(PopulationComparison.__doc__ or '')}\n{_ENTRIES}"
