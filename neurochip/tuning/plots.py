"""Plot of the trade-off between time grid and decay registers, in the caller's axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from compiler import DtChoice

from .._support.plotting import (
    GUIDE,
    REGISTERS,
    TIME_GRID,
    TOTAL,
    draw_legend,
    house_style,
)
from .._support.values import instance
from ..errors import AnalysisError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_dt_choice"]

_CURVES = (
    ("grid", "time grid", TIME_GRID, "s", "-"),
    ("registers", "registers", REGISTERS, "o", "-"),
    ("total", "total", TOTAL, "", "-"),
    ("error", "|time grid| + |registers|", GUIDE, "", "--"),
)


@house_style
def plot_dt_choice(ax: Axes, choice: DtChoice) -> Axes:
    """Draw the error of the rates over the time step: grid, registers, both, and magnitudes.

    Steps at which a parameter fits no register are omitted; the best step is marked.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are also returned.
    choice : DtChoice
        Result of :func:`choose_dt`.
    """
    allowed = "a DtChoice, as from choose_dt"
    instance("figure", "choice", choice, DtChoice, allowed, error=AnalysisError)
    possible = [item for item in choice.candidates if not item.problem]
    steps = [item.dt for item in possible]
    handles, labels = [], []
    for name, label, color, marker, line in _CURVES:
        values = [100 * getattr(item, name) for item in possible]
        alone = marker or ("o" if len(steps) == 1 else "")
        handles += ax.plot(steps, values, color=color, marker=alone, linestyle=line, markersize=2.5)
        labels.append(label)
    best = choice.best
    ax.axhline(0.0, color=GUIDE, linewidth=0.4, zorder=0)
    handles += ax.plot([best.dt], [100 * best.error], "D", color="black", markersize=4.0)
    labels.append(f"best: {best.dt:.4g} ms")
    ax.set_xscale("log")
    ax.set_xticks(_ticks(min(steps), max(steps)))
    ax.xaxis.set_major_formatter("{x:.4g}")
    ax.xaxis.set_minor_formatter("")
    ax.set_xlabel("time step (ms)")
    ax.set_ylabel(f"{'measured' if choice.measured else 'expected'} rate error (%)")
    draw_legend(ax, handles, labels)
    return ax


def _ticks(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times powers of ten between two steps, or the steps if few are between."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    nice = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    inside = [tick for tick in nice if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]
    return inside if len(inside) > 1 else sorted({low, high})
