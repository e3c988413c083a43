"""Stacked bars of an attribution, drawn into the caller's axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .._support.plotting import BLUE, GREEN, ORANGE, PURPLE, SKY_BLUE, VERMILION, YELLOW, draw_ticks
from .._support.values import instance
from ..errors import AnalysisError
from .effects import METRICS, Attribution
from .sources import GRID, REGISTERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_attribution"]

# Grid and register sources share these colours; bars of grid sources are hatched.
_BROWN, _PINK, _GREY = "#8C510A", "#F7A8CE", "#7F7F7F"
_COLORS = (ORANGE, SKY_BLUE, GREEN, YELLOW, _BROWN, BLUE, VERMILION, _PINK, PURPLE, _GREY)
_INTERACTIONS = {"interaction of the grid": "0.85", "interaction of the registers": "0.7"}
_UNEXPLAINED = "black"
_PALE = 0.35  # opacity of an effect within its noise
_SHOWN = 0.002  # fraction of the largest bar; smaller effects would be invisible


def plot_attribution(ax: Axes, attribution: Attribution, metric: str = "rate") -> Axes:
    """Draw the effects of all sources as one stacked bar for each population.

    Effects that raise the metric are stacked upward from 0, those that lower it downward; a
    diamond marks the total, where both meet. In a recurrent network the diamond has the noise as an
    error bar, and effects within their noise are pale.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are also returned.
    attribution : Attribution
        Result of :func:`attribute`.
    metric : str
        ``"rate"``, as a percentage of the ideal rate (in Hz where that is 0), ``"v_rmse"`` or
        ``"spike_times"``.

    Raises
    ------
    AnalysisError
        If there is no such metric.
    """
    allowed = "an Attribution, as from attribute"
    instance("figure", "attribution", attribution, Attribution, allowed, error=AnalysisError)
    names = list(attribution.sizes)
    places = range(len(names))
    totals = [attribution.total(name, metric) for name in names]
    relative = metric == "rate" and all(total.ideal > 0 for total in totals)
    units = [100 / total.ideal if relative else 1.0 for total in totals]
    stacks: dict[str, list[float]] = {}
    in_noise: dict[str, list[bool]] = {}
    for place, (name, unit) in enumerate(zip(names, units, strict=True)):
        for item in attribution.effects_on(name, metric):
            rest = item.source == "interaction"
            label = f"{item.source} of the {item.part}" if rest else item.source
            stacks.setdefault(label, [0.0] * len(names))[place] = unit * item.alone
            in_noise.setdefault(label, [False] * len(names))[place] = item.in_noise
    height = max(sum(abs(stack[k]) for stack in stacks.values()) for k in range(len(names)))
    up, down = [0.0] * len(names), [0.0] * len(names)
    for label, stack in stacks.items():
        if max(abs(value) for value in stack) <= _SHOWN * height:
            continue
        bottoms = [up[k] if value > 0 else down[k] for k, value in enumerate(stack)]
        ax.bar(
            places,
            stack,
            0.6,
            bottom=bottoms,
            label=label,
            color=[(_color(label), _PALE if pale else 1.0) for pale in in_noise[label]],
            hatch="////" if label in GRID else "",
            edgecolor="white",
            linewidth=0.5,
        )
        for k, value in enumerate(stack):
            up[k], down[k] = up[k] + max(value, 0.0), down[k] + min(value, 0.0)
    marks = [unit * total.total for unit, total in zip(units, totals, strict=True)]
    ax.plot(places, marks, "D", color="black", markersize=4, label="total", linestyle="none")
    if attribution.twins:
        bounds = [unit * total.noise for unit, total in zip(units, totals, strict=True)]
        ax.errorbar(places, marks, bounds, color="black", fmt="none", capsize=3, label="noise")
    draw_ticks(ax.xaxis, places, names)
    ax.axhline(0.0, color="black", linewidth=0.7)
    kind = {"rate": "error of the rate", "v_rmse": "RMSE of v", "spike_times": "1 − coincidence"}
    unit_text = "%" if relative else METRICS[metric]
    ax.set_ylabel(f"{kind[metric]} ({unit_text})" if unit_text else kind[metric])
    if not math.isclose(height, 0.0):
        ax.margins(y=0.08)
    handles, labels = ax.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda k: labels[k] in ("total", "noise"))
    ax.legend(
        [handles[k] for k in order],
        [labels[k] for k in order],
        loc="center left",
        bbox_to_anchor=(1.01, 0.5),
        frameon=False,
    )
    return ax


def _color(label: str) -> str:
    for group in (GRID, REGISTERS):
        if label in group:
            return _COLORS[group.index(label)]
    return _INTERACTIONS.get(label, _UNEXPLAINED)
