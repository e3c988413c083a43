"""Plots of what a connection learned; each function draws into the given axes and returns them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._support.plotting import (
    BAND,
    CHIP,
    GUIDE,
    REFERENCE,
    draw_legend,
    draw_note,
    house_style,
    label_axis,
)
from .._support.values import instance
from ..errors import RecordingError
from ..learning import LearningRule
from ..typing import Float64Array
from .comparison import ConnectionLearning

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_learned_weights", "plot_learning_window", "plot_mean_weight"]

_MOST_BINS = 32


@house_style
def plot_learned_weights(ax: Axes, learned: ConnectionLearning) -> Axes:
    """Draw the distributions of the weights that float and chip learned, over all seeds.

    A bin is a whole number of weight steps wide, so that all bins have equally many weights of the
    chip.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are returned.
    learned : ConnectionLearning
        A connection of a :func:`compare_learning`.
    """
    _check(learned)
    levels = round(max(learned.top, 1.0)) + 1
    width = -(-levels // _MOST_BINS)
    edges = np.arange(0, levels + width, width) - 0.5
    handles: list[Any] = []
    sides = ((learned.reference, REFERENCE, 3.0), (learned.chip.ravel(), CHIP, 1.2))
    for values, color, thick in sides:
        counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
        share = 100.0 * counts / max(1, len(values))
        handles.append(ax.stairs(share, edges, color=color, linewidth=thick))
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("weight (steps)")
    ax.set_ylabel("synapses (%)")
    draw_legend(ax, handles, ["reference", "chip"])
    return ax


@house_style
def plot_mean_weight(ax: Axes, learned: ConnectionLearning) -> Axes:
    """Draw the mean weight of a connection in time: float, and the chip with all its seeds.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are returned.
    learned : ConnectionLearning
        A connection of a :func:`compare_learning`.
    """
    _check(learned)
    means = learned.means
    marker = "." if len(means.times) == 1 else None
    ax.set_xlabel("time (ms)")
    label_axis(ax.yaxis, "mean weight (steps)")
    band = means.chip.min(axis=0), means.chip.max(axis=0)
    return _draw(ax, means.times, means.reference, means.chip, band, marker)


@house_style
def plot_learning_window(ax: Axes, learned: ConnectionLearning | LearningRule) -> Axes:
    """Draw the change of a weight by one pair of spikes over the time between them.

    The band holds 95 % of the pairs on the chip, whose draws differ; the line is their mean. A rule
    alone has no draws: its line is that of :meth:`LearningRule.window`.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are returned.
    learned : ConnectionLearning or LearningRule
        A connection of a :func:`compare_learning`, or a rule whose traces all come from spikes.

    Raises
    ------
    LearningError
        If the rule needs a given trace, such as a reward.
    """
    ax.axhline(0.0, color=GUIDE, linewidth=0.6)
    ax.axvline(0.0, color=GUIDE, linewidth=0.6)
    label_axis(ax.yaxis, "change (steps)")
    if isinstance(learned, LearningRule):
        ax.set_xlabel("post − pre spike (steps)")
        ax.plot(*learned.window(), color=CHIP, linewidth=1.2)
        return ax
    _check(learned, " or a LearningRule")
    ax.set_xlabel("post − pre spike (ms)")
    window = learned.window
    if window is None:
        draw_note(ax, "a reward decides what a pair changes")
        return ax
    return _draw(ax, window.distance, window.reference, window.chip, window.band)


def _draw(
    ax: Axes,
    x: Float64Array,
    reference: Float64Array,
    chip: Float64Array,
    band: tuple[Float64Array, Float64Array],
    marker: str | None = None,
) -> Axes:
    """Draw a line of float and the mean of the rows of the chip in their band, with a legend."""
    (wide,) = ax.plot(x, reference, color=REFERENCE, linewidth=3.0, marker=marker)
    ax.fill_between(x, *band, color=BAND, linewidth=0)
    (narrow,) = ax.plot(x, chip.mean(axis=0), color=CHIP, linewidth=1.2, marker=marker)
    draw_legend(ax, [wide, narrow], ["reference", "chip"])
    return ax


def _check(learned: Any, other: str = "") -> None:
    allowed = f"a ConnectionLearning, as of compare_learning(...).connection(name){other}"
    instance("figure", "learned", learned, ConnectionLearning, allowed, error=RecordingError)
