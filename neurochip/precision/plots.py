"""Figure of a study of widths: the difference of the rates over the width, with the noise floor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .._support.plotting import (
    BLUE,
    GREEN,
    GUIDE,
    ORANGE,
    PURPLE,
    SKY_BLUE,
    VERMILION,
    draw_legend,
    write,
)
from .._support.values import instance
from ..errors import AnalysisError
from ..validation import Conclusion
from .answer import BitsAnswer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_bits"]

_COLORS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY_BLUE, "black")
_APART = 0.5  # of the distance between widths, shared by the populations


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
    handles: list[Any] = []
    labels: list[str] = []
    if answer.floor:
        low = min(ends[0] for ends in answer.floor.values())
        high = max(ends[1] for ends in answer.floor.values())
        handles.append(ax.axhspan(100 * low, 100 * high, color="0.85", linewidth=0, zorder=0))
        labels.append("float, weights changed by 0.1 %")
    for side in (-1, 1):
        limit = side * 100 * answer.tolerance
        line = ax.axhline(limit, color=GUIDE, linewidth=0.8, linestyle="--")
    handles.append(line)
    labels.append("tolerance")
    for place, name in enumerate(names):
        color = _COLORS[place % len(_COLORS)]
        shift = _APART * ((place + 0.5) / len(names) - 0.5)
        for item in answer.results:
            if item.population != name or not math.isfinite(item.difference):
                continue
            at = widths.index(item.width) + shift
            if not math.isnan(item.interval[0]):
                ends = [100 * end for end in item.interval]
                ax.plot([at, at], ends, color=color, linewidth=1.2)
            ax.plot(
                [at],
                [100 * item.difference],
                marker="X" if item.conclusion is Conclusion.DIFFERENT else "o",
                markersize=5,
                color=color,
                markerfacecolor="white" if item.conclusion is Conclusion.UNDECIDED else color,
            )
        handles += ax.plot([], [], "o-", color=color, markersize=5)
        labels.append(name)
    for width in answer.problems:
        ax.annotate(
            "cannot be\ncompiled",
            (widths.index(width), 0.02),
            xycoords=("data", "axes fraction"),
            ha="center",
            color=GUIDE,
        )
    ax.set_yscale("symlog", linthresh=200 * answer.tolerance)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set_xticks(range(len(widths)), [str(width) for width in widths])
    ax.set_xlim(-0.5, len(widths) - 0.5)
    write(ax.xaxis.label, answer.register)
    ax.set_ylabel("rate, chip - float (%)")
    draw_legend(ax, handles, labels, frameon=False)
    return ax
