"""Bars of an attribution, drawn into the caller's axes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .._support.labels import Label
from .._support.plotting import (
    BAND,
    CATEGORIES,
    GUIDE,
    REGISTERS,
    TIME_GRID,
    TOTAL,
    draw_legend,
    draw_note,
    draw_ticks,
    house_style,
    space_ticks,
)
from .._support.values import instance
from ..errors import AnalysisError
from .effects import METRICS, Attribution
from .sources import GRID
from .sources import REGISTERS as OF_REGISTERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_attribution"]

_QUANTITIES = {"rate": "rate error", "v_rmse": "RMS error of v", "spike_times": "1 − coincidence"}
_WORDS = {"decay_v": "decay of v", "decay_u": "decay of u"}
_REST = "interactions, "
_ORDER = (*GRID, _REST + "grid", *OF_REGISTERS, _REST + "registers", "unexplained", "total")
_PARTS = {
    "grid": ("time grid", TIME_GRID),
    "registers": ("registers", REGISTERS),
    "engines": ("unexplained", GUIDE),
    "total": ("total", TOTAL),
}
"""Words and colour of each part of the error."""
_PALE = 0.4  # opacity of an effect within its noise
_SHOWN = 0.002  # fraction of the largest effect; smaller ones would be invisible
_BAR = 0.76  # of the distance between rows


@house_style
def plot_attribution(
    ax: Axes, attribution: Attribution, metric: str = "rate", *, population: str | None = None
) -> Axes:
    """Draw the effect of each source as a bar, and below the total, to which they add up.

    Sources of the time grid come first, then those of the registers. The bars of one population
    have the colours of these two parts, those of several have a colour for each. In a recurrent
    network, grey bands show the noise, and effects within it are pale.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are also returned.
    attribution : Attribution
        Result of :func:`attribute`.
    metric : str
        ``"rate"``, as a percentage of the ideal rate (in Hz where that is 0), ``"v_rmse"`` or
        ``"spike_times"``.
    population : str, optional
        Name of a population. Default: all; the first seven if there are more.

    Raises
    ------
    AnalysisError
        If there is no such metric or population.
    """
    allowed = "an Attribution, as from attribute"
    instance("figure", "attribution", attribution, Attribution, allowed, error=AnalysisError)
    every = list(attribution.sizes) if population is None else [population]
    names = every[: len(CATEGORIES)]
    totals = [attribution.total(name, metric) for name in names]
    relative = metric == "rate" and all(total.ideal > 0 for total in totals)
    bars = []
    for place, (name, total) in enumerate(zip(names, totals, strict=True)):
        unit = 100 / total.ideal if relative else 1.0
        for item in attribution.effects_on(name, metric):
            source = _REST + item.part if item.source == "interaction" else item.source
            sizes = (unit * item.alone, unit * item.noise)
            bars.append(_Bar(source, item.part, place, *sizes, item.in_noise))
        bars.append(_Bar("total", "total", place, unit * total.total, unit * total.noise, False))
    largest = max((abs(bar.value) for bar in bars if math.isfinite(bar.value)), default=0.0)
    seen = {bar.source for bar in bars if abs(bar.value) > _SHOWN * largest}
    rows = [source for source in _ORDER if source in seen or source == "total"]
    _draw_bars(ax, [bar for bar in bars if bar.source in rows], rows, names)
    ax.axvline(0.0, color="black", linewidth=0.6)
    parts = {bar.source: bar.part for bar in bars}
    for row, (above, below) in enumerate(itertools.pairwise(rows)):
        if parts[above] != parts[below]:
            ax.axhline(row + 0.5, color=GUIDE, linewidth=0.4, linestyle=(0, (4, 3)))
    draw_ticks(ax.yaxis, range(len(rows)), [_WORDS.get(row, row) for row in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    unit_text = "%" if relative else METRICS[metric]
    space_ticks(ax.xaxis, 7)
    ax.set_xlabel(str(Label(_QUANTITIES[metric], unit_text)))
    if largest > 0:  # noise is cut off where it is wider than all effects
        values = [bar.value for bar in bars if math.isfinite(bar.value)]
        margin = 0.3 * largest
        ax.set_xlim(min(0.0, *values) - margin, max(0.0, *values) + margin)
    else:
        ax.set_xlim(-1.0, 1.0)
        draw_note(ax, "no effect", x=0.75)
    if len(every) > len(names):
        ax.set_ylabel(f"first {len(names)} of {len(every)} populations")
    return ax


class _Bar(NamedTuple):
    source: str
    part: str
    place: int
    """Place of its population."""
    value: float
    noise: float
    pale: bool


def _draw_bars(ax: Axes, bars: Sequence[_Bar], rows: Sequence[str], names: Sequence[str]) -> None:
    """Draw the bars of all rows, and a legend of their colours."""
    from matplotlib.patches import Patch

    several = len(names) > 1
    height = _BAR / len(names)
    legend = {}
    for bar in bars:
        at = rows.index(bar.source) + height * (bar.place + 0.5) - _BAR / 2
        if bar.noise:
            ax.barh(at, 2 * bar.noise, height, left=-bar.noise, color=BAND, zorder=0)
        if not math.isfinite(bar.value):
            continue
        label, color = (names[bar.place], CATEGORIES[bar.place]) if several else _PARTS[bar.part]
        ax.barh(at, bar.value, 0.9 * height, color=color, alpha=_PALE if bar.pale else 1.0)
        legend[label] = Patch(color=color)
    if any(bar.noise for bar in bars):
        legend["noise"] = Patch(color=BAND)
    draw_legend(ax, list(legend.values()), list(legend))
