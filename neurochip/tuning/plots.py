"""Plot of the trade-off between time grid and decay registers, in the caller's axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler import DtChoice

from .._support.plotting import BLUE, ORANGE
from .._support.values import instance
from ..errors import AnalysisError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_dt_choice"]


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
    for name, label, color, marker in (
        ("grid", "time grid", ORANGE, "s"),
        ("registers", "registers", BLUE, "o"),
        ("total", "total", "black", ""),
        ("error", "|time grid| + |registers|", "grey", ""),
    ):
        values = [100 * getattr(item, name) for item in possible]
        ax.plot(steps, values, marker=marker, markersize=3, color=color, label=label)
    best = choice.best
    ax.axhline(0.0, color="black", linewidth=0.5)
    ax.plot([best.dt], [100 * best.error], "D", color="black", label=f"best: {best.dt:.4g} ms")
    ax.set_xscale("log")
    ax.set_xlabel("dt (ms)")
    ax.set_ylabel(f"{'measured' if choice.measured else 'expected'} error of the rate (%)")
    ax.legend(frameon=False)
    return ax
