"""Result of an attribution: values, as flat rows and as a table for a terminal."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .._support.brief import brief
from .._support.json_text import plain_data
from .._support.values import shown
from ..errors import AnalysisError
from ..typing import Float64Array

__all__ = ["METRICS", "Attribution", "MetricTotal", "SourceEffect", "is_in_noise"]

_WIDTH = 100  # columns of a terminal

METRICS = {"rate": "Hz", "v_rmse": "mV", "spike_times": ""}
"""Metrics and their units: mean rate; RMSE of v against the ideal; spike times, as 1 minus the
coincidence factor with the ideal (0: all spikes coincide, 1: no more than by chance)."""


def is_in_noise(effect: float, noise: float) -> bool:
    """Return whether an effect on a recurrent population is not 0 and not above its noise."""
    return 0 < abs(effect) <= noise


@dataclass(frozen=True, kw_only=True)
class SourceEffect:
    """Effect of one source of error on one metric of one population.

    Parameters
    ----------
    population, metric : str
        Name of the population, and ``"rate"``, ``"v_rmse"`` or ``"spike_times"``.
    part : str
        ``"grid"`` (float64 on the steps of the chip, against the ideal), ``"registers"`` (the
        chip, against float64 on its steps), or ``"engines"``.
    source : str
        Name of the source; ``"interaction"`` for the remainder of a part after all effects alone,
        and ``"unexplained"`` for the difference between the model of the chip and the engines,
        which should be 0.
    alone : float
        Change of the metric when only this source of its part is switched on. These changes, the
        interactions and the unexplained difference add up to the total.
    left_out : float
        Change of the metric when this source is switched on last, after all others of its part: the
        gain if only this source were removed. NaN for interactions and the unexplained difference.
    shapley : float
        Mean change over all orders in which the sources of the part can be switched on. These
        shares add up to the part without an interaction. NaN unless ``shapley=True``.
    noise : float
        Noise of ``alone`` and ``left_out`` in a recurrent population: 95 % of the changes that mean
        nothing, such as a single changed synapse, have a smaller effect. 0 for all other
        populations, whose effects are exact for this stimulus.
    """

    population: str
    metric: str
    part: str
    source: str
    alone: float
    left_out: float
    shapley: float
    noise: float = 0.0

    __repr__ = brief

    @property
    def in_noise(self) -> bool:
        """``alone`` is not larger than the noise of a recurrent population: it is no evidence."""
        return is_in_noise(self.alone, self.noise)


@dataclass(frozen=True, kw_only=True)
class MetricTotal:
    """One metric of one population in the ideal, on the grid and on the chip.

    Parameters
    ----------
    population, metric : str
        Name of the population, and ``"rate"``, ``"v_rmse"`` or ``"spike_times"``.
    ideal, on_grid, chip : float
        The metric of float64 on the fine grid, of float64 on the steps of the chip, and of the
        chip. v_rmse and spike_times compare with the fine grid, so they are 0 in the ideal.
    noise : float
        Noise of the total, as for an effect.
    """

    population: str
    metric: str
    ideal: float
    on_grid: float
    chip: float
    noise: float = 0.0

    __repr__ = brief

    @property
    def total(self) -> float:
        """Total error: ``chip`` minus ``ideal``."""
        return self.chip - self.ideal


@dataclass(frozen=True, kw_only=True, eq=False)
class Attribution:
    """Error of a chip run, split by source; made by :func:`attribute`.

    Parameters
    ----------
    chip : str
        Name of the chip.
    dt, fine_dt, duration : float, ms
        Time steps of the chip and of the ideal, and length of the runs.
    window : float, ms
        Largest distance in time of two spikes that coincide.
    sizes : dict of str to int
        Number of neurons of each population.
    effects : tuple of SourceEffect
        Ordered by population, then metric, then source.
    totals : tuple of MetricTotal
        Total error of each metric, to which its effects add up.
    twins : int
        Number of float64 runs with one changed synapse that measured the noise; 0 in a network
        without recurrence.
    neurons : dict of (str, str) to (dict of str to ndarray)
        Effects on each neuron. Outer keys are population and metric; inner keys are the sources,
        ``"interaction of the grid"``, ``"interaction of the registers"`` and ``"unexplained"``.
        Values are effects alone, shape (size,); for v_rmse, one per neuron whose v was compared.
        Keys ``"ideal"`` and ``"chip"`` hold the metric at both ends.
    """

    chip: str
    dt: float
    fine_dt: float
    duration: float
    window: float
    sizes: Mapping[str, int]
    effects: tuple[SourceEffect, ...]
    totals: tuple[MetricTotal, ...]
    twins: int
    neurons: Mapping[tuple[str, str], Mapping[str, Float64Array]]

    def effects_on(self, population: str, metric: str = "rate") -> tuple[SourceEffect, ...]:
        """Return all effects on one metric of a population.

        Raises
        ------
        AnalysisError
            If there is no such population or metric.
        """
        self._check(population, metric)
        chosen = (population, metric)
        return tuple(item for item in self.effects if (item.population, item.metric) == chosen)

    def effect(self, population: str, source: str, metric: str = "rate") -> SourceEffect:
        """Return the effect of one source (not of an interaction) on a metric of a population.

        Raises
        ------
        AnalysisError
            If there is no such population, source or metric.
        """
        for item in self.effects_on(population, metric):
            if isinstance(source, str) and item.source == source != "interaction":
                return item
        names = (item.source for item in self.effects_on(population, metric))
        known = ", ".join(repr(name) for name in names if name != "interaction")
        raise AnalysisError(f"attribution: no source {shown(source)}; there are {known}.")

    def of_neurons(self, population: str, source: str, metric: str = "rate") -> Float64Array:
        """Return the effect of a source alone on a metric, for each neuron of a population.

        Raises
        ------
        AnalysisError
            If there is no such population, source or metric.
        """
        self._check(population, metric)
        found = self.neurons[population, metric]
        if not isinstance(source, str) or source not in found:
            known = ", ".join(repr(name) for name in found)
            raise AnalysisError(f"attribution: no source {shown(source)}; there are {known}.")
        return found[source]

    def total(self, population: str, metric: str = "rate") -> MetricTotal:
        """Return the total of a metric of a population, to which its effects add up.

        Raises
        ------
        AnalysisError
            If there is no such population or metric.
        """
        self._check(population, metric)
        chosen = (population, metric)
        return next(t for t in self.totals if (t.population, t.metric) == chosen)

    def rows(self) -> list[dict[str, Any]]:
        """Return one flat row per population, metric and source; None where undefined."""
        rows = []
        for item in self.effects:
            total = self.total(item.population, item.metric).total
            row = {**asdict(item), "unit": METRICS[item.metric], "total": total}
            rows.append(plain_data(row))
        return rows

    def _check(self, population: str, metric: str) -> None:
        for what, name, names in (
            ("population", population, self.sizes),
            ("metric", metric, METRICS),
        ):
            if not isinstance(name, str) or name not in names:
                known = ", ".join(map(repr, names))
                raise AnalysisError(f"attribution: no {what} {shown(name)}; there are {known}.")

    def __str__(self) -> str:
        lines = [
            f"Attribution on {self.chip}, {self.duration:g} ms in steps of {self.dt:g} ms; ideal: "
            f"float64 in steps of {self.fine_dt:g} ms"
        ]
        for name, size in self.sizes.items():
            lines += ["", *self._table(name, size)]
        return "\n".join(lines)

    def _table(self, name: str, size: int) -> list[str]:
        totals = {metric: self.total(name, metric) for metric in METRICS}
        rate = totals["rate"]
        effects = {metric: self.effects_on(name, metric) for metric in METRICS}
        neurons = "1 neuron" if size == 1 else f"{size:,} neurons"
        lines = [
            f"{name} ({neurons}): {rate.ideal:.2f} Hz ideal, {rate.on_grid:.2f} Hz on the grid, "
            f"{rate.chip:.2f} Hz on the chip",
            f"  {'':24}{'rate':>20}{'v_rmse (mV)':>20}{'spike_times':>20}",
            f"  {'source':24}" + 3 * f"{'alone':>10}{'left out':>10}",
        ]
        silent = []
        for place, first in enumerate(effects["rate"]):
            row = [effects[metric][place] for metric in METRICS]
            values = [value for item in row for value in (item.alone, item.left_out)]
            plain = first.source not in ("interaction", "unexplained")
            if plain and not any(value for value in values if not math.isnan(value)):
                silent.append(first.source)
                continue
            label = f"{first.source} ({first.part})" if not plain else first.source
            lines.append(f"  {label:24}" + "".join(self._cells(item, rate.ideal) for item in row))
        ends = [_cell(t.total, m, rate.ideal, t.noise) for m, t in totals.items()]
        lines.append(f"  {'total':24}" + "".join(f"{end:>10}{'':10}" for end in ends).rstrip())
        lines += self._noise(effects, rate.ideal)
        if silent:
            text = f"no effect: {', '.join(silent)}"
            lines += textwrap.wrap(
                text, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
            )
        return lines

    def _cells(self, item: SourceEffect, ideal_rate: float) -> str:
        pair = (item.alone, item.left_out)
        cells = (_cell(value, item.metric, ideal_rate, item.noise) for value in pair)
        return "".join(f"{cell:>10}" for cell in cells)

    def _noise(self, effects: Mapping[str, Sequence[SourceEffect]], ideal_rate: float) -> list[str]:
        """Return lines with the noise of the effects of each part, if there is any."""
        if not any(item.noise for item in effects["rate"]):
            return []
        lines = []
        for part in dict.fromkeys(item.part for item in effects["rate"] if item.noise):
            row = (next(e for e in effects[metric] if e.part == part) for metric in METRICS)
            cells = ("±" + _cell(e.noise, e.metric, ideal_rate).lstrip("+") for e in row)
            lines.append(
                f"  {f'noise ({part})':24}" + "".join(f"{c:>10}{'':10}" for c in cells).rstrip()
            )
        return [
            *lines,
            "  ~ within the noise: 95 % of the changes that mean nothing have a smaller effect "
            f"({self.twins} twins)",
        ]

    def __repr__(self) -> str:
        return f"Attribution({self.chip}, dt = {self.dt:g} ms, {', '.join(self.sizes)})"


def _cell(value: float, metric: str, ideal_rate: float, noise: float = 0.0) -> str:
    if math.isnan(value):
        return "-"
    mark = "~" if is_in_noise(value, noise) else ""
    if metric == "rate":
        if ideal_rate == 0:
            return f"{mark}{value:+.2f} Hz"
        return f"{mark}{round(100 * value / ideal_rate, 2) + 0.0:+.2f} %"  # no "-0.00"
    return f"{mark}{round(value, 3) + 0.0:.3f}"
