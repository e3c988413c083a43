"""Curves of a sweep over one of its axes, with bands over the other axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._support.brief import brief
from .._support.plotting import (
    BAND,
    CATEGORIES,
    MARKERS,
    draw_legend,
    draw_note,
    draw_ticks,
    house_style,
    label_axis,
    line_style,
)
from ..errors import SweepError
from ..typing import Float64Array
from .axes import Scalar
from .labels import axis_label, column_label
from .result import Sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Band", "bands", "plot_sweep"]

_MOST_TICKS = 20
_QUANTILES = (0.1, 0.5, 0.9)
_SIGNED = ("rate_error", "total_signed", "time_step_signed", "quantisation_signed")
_FLOORS = {
    **dict.fromkeys(_SIGNED, "noise_floor"),
    "mean_absolute_error": "neuron_noise_floor",
    "total_absolute": "neuron_noise_floor",
    "quantisation_absolute": "neuron_noise_floor",
}
"""Column with the noise floor of an error."""


class Band(NamedTuple):
    """A curve with its 10-90 % range.

    Parameters
    ----------
    label : str
        Value of the axis ``by`` in words, the population, or both; empty for a single curve.
    x : tuple of scalar
        Values of the axis, in the order of the points.
    low, middle, high : ndarray of float64, shape (n_x,)
        10 % quantile, median and 90 % quantile over all other axes; NaN if no value is defined.
    number : tuple of int
        Number of defined values at each x.
    """

    label: str
    x: tuple[Scalar, ...]
    low: Float64Array
    middle: Float64Array
    high: Float64Array
    number: tuple[int, ...]

    def __repr__(self) -> str:
        return brief(self)


def bands(
    sweep: Sweep, x: str, y: str, *, by: str | None = None, population: str | None = None
) -> list[Band]:
    """Return a curve of ``y`` over ``x`` for each value of ``by``.

    Parameters
    ----------
    sweep : Sweep
        A sweep, finished or not.
    x : str
        Name of an axis.
    y : str
        Name of a column of numbers.
    by : str, optional
        Name of another axis; there is one curve for each of its values.
    population : str, optional
        Name of a population. Default: all, with one curve for each.

    Returns
    -------
    list of Band
        Quantiles are over all axes except ``x`` and ``by``, usually over the seed.

    Raises
    ------
    SweepError
        If ``x`` or ``by`` is not an axis, or ``y`` is not a column of numbers.
    """
    for name in (x, *((by,) if by is not None else ())):
        if name not in sweep.axes:
            known = ", ".join(map(repr, sweep.axes))
            raise SweepError(f"sweep: no axis {name!r}; there are {known}.")
    sweep.column(y, population)  # raises if there is no such column
    many = population is None and len(sweep.populations) > 1
    found: dict[tuple[Any, ...], dict[Scalar, list[float]]] = {}
    for row in sweep.rows:
        if row["population"] is None or population not in (None, row["population"]):
            continue
        key = (None if by is None else row[by], row["population"] if many else None)
        values = found.setdefault(key, {}).setdefault(row[x], [])
        if row[y] is not None:
            values.append(_number(y, row[y]))
    curves = []
    for (value, name), groups in found.items():
        label = ([] if by is None else [axis_label(by).of(value)]) + ([name] if many else [])
        curves.append(_band(", ".join(label), groups))
    return curves


@house_style
def plot_sweep(
    ax: Axes,
    sweep: Sweep,
    x: str,
    y: str,
    *,
    by: str | None = None,
    population: str | None = None,
) -> Axes:
    """Draw a column of a sweep against an axis: medians, and bands from 10 to 90 %.

    Axes are labelled in words and units; fractions, such as errors of rates, are drawn in percent.
    Errors of rates have a grey band up to the noise floor of recurrent populations: errors within
    it are as likely due to chaos as to the chip.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are also returned.
    sweep, x, y, by, population
        See :func:`bands`.

    Raises
    ------
    SweepError
        If the sweep has no axis, column or population with a given name.
    """
    curves = bands(sweep, x, y, by=by, population=population)
    places = _places([value for curve in curves for value in curve.x])
    numeric = _numeric(places)
    label = column_label(y)
    handles: list[Any] = []
    labels: list[str] = []
    drawn = False
    for index, curve in enumerate(curves):
        color = CATEGORIES[index % len(CATEGORIES)]
        at: list[Any] = [value if numeric else places.index(value) for value in curve.x]
        order = np.argsort(at)
        positions = np.asarray(at, dtype=np.float64)[order]
        low, middle, high = (
            label.factor * values[order] for values in (curve.low, curve.middle, curve.high)
        )
        marker, line = MARKERS[index % len(MARKERS)], line_style(index)
        lines = ax.plot(positions, middle, color=color, marker=marker, linestyle=line)
        if max(curve.number, default=0) > 1:
            ax.fill_between(positions, low, high, color=color, alpha=0.2, linewidth=0.0)
        if curve.label:
            handles += lines
            labels.append(curve.label)
        drawn = drawn or not np.isnan(middle).all()
    if y in _FLOORS:
        floors = bands(sweep, x, _FLOORS[y], population=population)
        band = _draw_floor(ax, floors, places, label.factor, both=y in _SIGNED)
        handles += band
        labels += ["noise floor"] * len(band)
    if not drawn:
        draw_note(ax, "no values")
        ax.set_yticks([])
    _draw_places(ax, places, drawn=drawn)
    label_axis(ax.xaxis, str(axis_label(x)))
    label_axis(ax.yaxis, str(label))
    draw_legend(ax, handles, labels)
    return ax


def _draw_places(ax: Axes, places: Sequence[Any], *, drawn: bool) -> None:
    """Label the places of the x axis; without a curve between them it shows them all, too."""
    numeric = _numeric(places)
    alone = len(places) == 1 or not drawn
    if not numeric:
        draw_ticks(ax.xaxis, range(len(places)), [str(place) for place in places])
    elif len(places) <= _MOST_TICKS and (alone or all(isinstance(p, int) for p in places)):
        ax.set_xticks(sorted(places))
    if alone:
        first, last = (min(places), max(places)) if numeric else (0, len(places) - 1)
        margin = 0.5 * (last - first) or 0.5 * abs(first) or 0.5
        ax.set_xlim(first - margin, last + margin)


def _draw_floor(
    ax: Axes, floors: Sequence[Band], places: Sequence[Any], factor: float, both: bool
) -> list[Any]:
    """Draw the largest noise floor at each place, and return the band, if there is one."""
    largest: dict[Any, float] = {}
    for floor in floors:
        for place, middle in zip(floor.x, floor.middle, strict=True):
            largest[place] = np.fmax(largest.get(place, np.nan), middle)
    heights = factor * np.array([largest[place] for place in places])
    if np.isnan(heights).all():
        return []
    at = np.asarray(places if _numeric(places) else range(len(places)), dtype=np.float64)
    order = np.argsort(at)
    low = -heights if both else np.zeros(len(heights))
    band = ax.fill_between(
        at[order], low[order], heights[order], color=BAND, linewidth=0.0, zorder=0
    )
    return [band]


def _band(label: str, groups: dict[Scalar, list[float]]) -> Band:
    undefined = (np.nan,) * len(_QUANTILES)
    found = [np.quantile(values, _QUANTILES) if values else undefined for values in groups.values()]
    low, middle, high = np.array(found, dtype=np.float64).reshape(-1, len(_QUANTILES)).T
    return Band(label, tuple(groups), low, middle, high, tuple(map(len, groups.values())))


def _number(name: str, value: Any) -> float:
    if isinstance(value, str):
        raise SweepError(f"sweep: column {name!r} holds {value!r}; allowed: a column of numbers.")
    return float(value)


def _places(values: Sequence[Scalar]) -> list[Any]:
    return list(dict.fromkeys(values))


def _numeric(places: Sequence[Any]) -> bool:
    """Return whether places are numbers, so that they have distances."""
    return all(isinstance(p, (int, float)) and not isinstance(p, bool) for p in places)
