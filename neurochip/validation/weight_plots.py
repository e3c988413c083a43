"""Plot of the weights that a run recorded; the function draws into the given axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._support.plotting import BAND, CHIP, draw_legend, draw_note, house_style, label_axis
from .._support.values import instance
from ..errors import RecordingError
from ..recording import WeightTrace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_weights"]

_MANY = 200  # with more synapses, only the band and the mean are drawn


@house_style
def plot_weights(ax: Axes, trace: WeightTrace) -> Axes:
    """Draw the weights of a connection that learns over time: each, their mean and their range.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are returned.
    trace : WeightTrace
        What a :class:`~neurochip.WeightProbe` recorded, also of tags and traces. Above 200 synapses
        single ones are not drawn.

    Raises
    ------
    RecordingError
        If ``trace`` is no WeightTrace.
    """
    instance("plot", "trace", trace, WeightTrace, "a WeightTrace", error=RecordingError)
    times, values = trace.times, np.asarray(trace.values, dtype=np.float64)
    ax.set_xlabel("time (ms)")
    what = "weight" if trace.unit in ("mV", "nA") else "value"
    label_axis(ax.yaxis, f"{what} ({trace.unit})")
    if not values.size:
        draw_note(ax, "no samples")
        return ax
    point = "." if len(times) == 1 else ""
    if values.shape[1] <= _MANY:
        ax.plot(times, values, color=CHIP, linewidth=0.4, alpha=0.4, marker=point)
    band = ax.fill_between(times, values.min(axis=1), values.max(axis=1), color=BAND, linewidth=0)
    (mean,) = ax.plot(times, values.mean(axis=1), color=CHIP, linewidth=1.6, marker=point)
    if not np.isfinite(values).all():
        draw_note(ax, "some values are not finite", y=0.08)
    draw_legend(ax, [mean, band], ["mean", "range"])
    return ax
