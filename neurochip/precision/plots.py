"""Figure of a study of widths: the difference of the rates over the width, with the noise floor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .._support.plotting import (
    BAND,
    CATEGORIES,
    GUIDE,
    draw_legend,
    draw_note,
    house_style,
    label_axis,
    line_style,
)
from .._support.values import instance
from ..chip.core import field_label
from ..errors import AnalysisError
from ..validation import Conclusion
from .answer import BitsAnswer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_bits"]

_APART = 0.5  # of the distance between widths, shared by the populations
_MARKERS: dict[Conclusion, tuple[str, dict[str, Any]]] = {
    Conclusion.EQUAL: ("equal", {"marker": "o"}),
    Conclusion.UNDECIDED: ("undecided", {"marker": "o", "markerfacecolor": "white"}),
    Conclusion.DIFFERENT: ("different", {"marker": "X", "markersize": 4.5}),
}
"""Words and marker of each conclusion."""


@house_style
def plot_bits(ax: Axes, answer: BitsAnswer) -> Axes:
    """Draw the difference of the mean rates over the width, with its 90 % interval.

    Filled markers are equal within the tolerance, which two dashed lines show; crosses are
    different, open markers undecided. The grey band is the noise floor: float with all weights
    changed at random by up to 0.1 %. The scale is linear up to twice the tolerance, and
    logarithmic beyond.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are also returned.
    answer : BitsAnswer
        Result of :func:`bits`.
    """
    allowed = "a BitsAnswer, as from bits"
    instance("figure", "answer", answer, BitsAnswer, allowed, error=AnalysisError)
    names = [name for name in answer.populations if name not in answer.silent]
    widths = answer.widths[::-1]
    legend: list[tuple[Any, str]] = []
    if answer.floor:
        low = min(ends[0] for ends in answer.floor.values())
        high = max(ends[1] for ends in answer.floor.values())
        band = ax.axhspan(100 * low, 100 * high, color=BAND, linewidth=0, zorder=0)
        legend.append((band, "float, weights ±0.1 %"))
    for side in (-1, 1):
        limit = side * 100 * answer.tolerance
        line = ax.axhline(limit, color=GUIDE, linewidth=0.6, linestyle="--")
    legend.append((line, "tolerance"))
    found = set()
    for place, name in enumerate(names):
        color = CATEGORIES[place % len(CATEGORIES)]
        shift = _APART * ((place + 0.5) / len(names) - 0.5)
        for item in answer.results:
            if item.population != name or not math.isfinite(item.difference):
                continue
            at = widths.index(item.width) + shift
            if not math.isnan(item.interval[0]):
                ends = [100 * end for end in item.interval]
                ax.plot([at, at], ends, color=color, linestyle=line_style(place))
            ax.plot([at], [100 * item.difference], color=color, **_MARKERS[item.conclusion][1])
            found.add(item.conclusion)
        if len(names) > 1:
            legend += [(handle, name) for handle in ax.plot([], [], line_style(place), color=color)]
    color = GUIDE if len(names) > 1 else CATEGORIES[0]
    for conclusion, (words, marker) in _MARKERS.items():
        if conclusion in found:
            legend += [(h, words) for h in ax.plot([], [], ls="", color=color, **marker)]
    if not found:
        draw_note(ax, "no rates to compare", y=0.75)
    for width in answer.problems:
        ax.annotate(
            "cannot be\ncompiled",
            (widths.index(width), 0.02),
            xycoords=("data", "axes fraction"),
            ha="center",
            color=GUIDE,
        )
    linear = 200 * answer.tolerance
    ax.set_yscale("symlog", linthresh=linear)
    ax.yaxis.set_major_locator(_ticks(linear))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set_xticks(range(len(widths)), [str(width) for width in widths])
    ax.set_xlim(-0.5, len(widths) - 0.5)
    label_axis(ax.xaxis, field_label(answer.register))
    ax.set_ylabel("rate, chip − float (%)")
    draw_legend(ax, *map(list, zip(*legend, strict=True)))
    return ax


def _ticks(linear: float) -> Any:
    """Return a locator with round ticks also within the linear part of the scale."""
    from matplotlib.ticker import SymmetricalLogLocator

    return SymmetricalLogLocator(base=10, linthresh=linear, subs=(1, 2, 5))
