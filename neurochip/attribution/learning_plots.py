"""Bars of the sources of a learning error, drawn into the caller's axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .._support.labels import Label
from .._support.plotting import (
    CATEGORIES,
    GUIDE,
    draw_legend,
    draw_note,
    draw_ticks,
    house_style,
    space_ticks,
)
from .._support.values import instance
from ..errors import AnalysisError
from .learning_effects import LearningAttribution

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_learning_attribution"]

_SHOWN = 0.002  # share; smaller ones would be invisible
_BAR = 0.76  # of the distance between rows


@house_style
def plot_learning_attribution(
    ax: Axes, attribution: LearningAttribution, *, connection: str | None = None
) -> Axes:
    """Draw the share of each source in the error of learned weights as a bar with its interval.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are also returned.
    attribution : LearningAttribution
        Result of :func:`attribute_learning` or :func:`attribute_rule`.
    connection : str, optional
        Name of a connection. Default: all; the first seven if there are more.

    Raises
    ------
    AnalysisError
        If there is no such connection.
    """
    allowed = "a LearningAttribution, as from attribute_rule"
    instance(
        "figure", "attribution", attribution, LearningAttribution, allowed, error=AnalysisError
    )
    every = attribution.connections if connection is None else (connection,)
    names = every[: len(CATEGORIES)]
    found = {name: attribution.effects_on(name) for name in names}
    rows = [
        sources[0].source
        for sources in zip(*found.values(), strict=True)
        if any(abs(effect.share) > _SHOWN for effect in sources)
    ]
    height, bars = _BAR / len(names), []
    for place, name in enumerate(names):
        shown = [effect for effect in found[name] if effect.source in rows]
        at = [rows.index(e.source) + height * (place + 0.5) - _BAR / 2 for e in shown]
        values = [100 * effect.share for effect in shown]
        bars.append(ax.barh(at, values, 0.9 * height, color=CATEGORIES[place]))
        for y, effect in zip(at, shown, strict=True):
            low, high = (100 * end for end in effect.interval)
            if math.isfinite(low) and math.isfinite(high):
                ax.plot([low, high], [y, y], color="black", linewidth=0.8)
    if len(names) > 1:
        draw_legend(ax, bars, list(names))
    ax.axvline(0.0, color=GUIDE, linewidth=0.6)
    draw_ticks(ax.yaxis, range(len(rows)), rows)
    ax.set_ylim(max(1, len(rows)) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    space_ticks(ax.xaxis, 7)
    ax.set_xlabel(str(Label("share of the learning error", "%")))
    if not rows:
        ax.set_xlim(-1.0, 1.0)
        draw_note(ax, "no error", x=0.75)
    if len(every) > len(names):
        ax.set_ylabel(f"first {len(names)} of {len(every)} connections")
    return ax
