"""Plots of runs and comparisons; each function draws into the given axes and returns them.

The reference is wide and light, the chip narrow and dark on top of it, so that they differ even
without colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._support.plotting import (
    CHIP,
    DIFFERENCE,
    GUIDE,
    REFERENCE,
    draw_legend,
    draw_note,
    house_style,
    label_axis,
    shown_of,
    space_ticks,
)
from .._support.values import instance, integers, real, reals, shown
from ..errors import RecordingError
from ..recording import Recording
from ..typing import Float64Array, Int64Array
from .comparison import Comparison
from .population import PopulationComparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_raster", "plot_rate_errors", "plot_rates", "plot_traces"]

_MANY_SPIKES = 20_000  # more are rasterised, since a vector file would be slow to draw
_LABELLED = 12  # with more neurons, only some rows are labelled
_MOST_BINS = 40


@house_style
def plot_raster(
    ax: Axes,
    reference: Recording,
    chip: Recording | None,
    population: str,
    ids: Sequence[int] | None = None,
) -> Axes:
    """Draw the spikes of two runs: in each neuron's row the reference above, the chip below.

    A graded spike is as high as its payload is large, compared with the largest of both runs.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are returned.
    reference, chip : Recording
        The runs. If the chip is None, the spikes of the reference fill the rows.
    population : str
        Name of the population.
    ids : sequence of int, optional
        Neurons, drawn from the bottom up. Default: all.

    Raises
    ------
    RecordingError
        If the population or a neuron does not exist.
    """
    _check_runs(reference, chip)
    size = len(reference.counts(population))
    chosen = np.arange(size) if ids is None else _checked(ids, size, population)
    row = np.full(size, -1)
    row[chosen] = np.arange(len(chosen))
    halves = [(reference, "black", "spikes", -0.4, 0.4)]
    if chip is not None:
        halves = [
            (reference, REFERENCE, "reference", 0.04, 0.44),
            (chip, CHIP, "chip", -0.44, -0.04),
        ]
    payloads = [half[0].payloads.get(population, ()) for half in halves]
    largest = max((int(np.abs(part).max()) for part in payloads if len(part)), default=1)
    silent, handles = [], []
    for run, color, label, low, high in halves:
        rows = row[run.ids[population]]
        heights = (high - low) * _heights(run, population, largest)[rows >= 0]
        times, rows = run.times(population)[rows >= 0], rows[rows >= 0]
        marks = ax.vlines(
            times,
            rows + low,
            rows + low + heights,
            color=color,
            linewidth=0.8,
            rasterized=len(times) > _MANY_SPIKES,
        )
        handles.append(marks)
        if not len(times):
            silent.append(label)
    ax.set_xlim(*_span(reference))
    ax.set_ylim(-0.6, len(chosen) - 0.4)
    ax.set_xlabel("time (ms)")
    ax.set_ylabel(
        "neuron" if len(chosen) == size else f"neuron\n({shown_of(chosen.tolist(), size)})"
    )
    _label_rows(ax, chosen)
    if len(silent) == len(halves):
        draw_note(ax, "no spikes")
    elif silent:
        draw_note(ax, f"no spikes in the {silent[0]} run", y=0.08)
    if chip is not None:
        draw_legend(ax, handles, [label for _, _, label, _, _ in halves])
    return ax


def _heights(run: Recording, population: str, largest: int) -> Float64Array:
    """Return the height of each spike, 1 for binary ones; small payloads stay visible."""
    payloads = run.payloads.get(population, np.full(len(run.ids[population]), largest))
    return np.maximum(np.abs(payloads) / largest, 0.15)


@house_style
def plot_traces(
    ax: Axes,
    reference: Recording,
    chip: Recording | None,
    population: str,
    ids: Sequence[int],
    *,
    threshold: Any = None,
    offset: float | None = None,
) -> Axes:
    """Draw v of two runs, the chip on top. Marks above a trace are its spikes.

    Several neurons are drawn above each other on one scale, which a bar shows.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are returned.
    reference, chip : Recording
        The runs; the chip may be None.
    population : str
        Name of the population.
    ids : sequence of int
        Neurons whose v was recorded in the runs, drawn from the bottom up.
    threshold : float or array_like, mV, optional
        One value or one per neuron of the population, drawn dashed; an infinite one is not drawn.
    offset : float, mV, optional
        Distance between traces. Default: so that they do not overlap.

    Raises
    ------
    RecordingError
        If v of a neuron was not recorded.
    """
    _check_runs(reference, chip)
    if offset is not None:
        offset = real("plot", "offset", offset, "mV", error=RecordingError)
    # The chip's marks touch the trace; the reference's marks are drawn above them.
    runs = [(reference, "black", 0.7, "v", 0.5)]
    if chip is not None:
        runs = [(reference, REFERENCE, 2.0, "reference", 1.5), (chip, CHIP, 0.7, "chip", 0.5)]
    size = len(reference.counts(population))
    chosen = _checked(ids, size, population)
    values = [_columns(run, population, chosen) for run, *_ in runs]
    levels = None if threshold is None else _levels(threshold, size, chosen)
    low, high = _range([*values, *([] if levels is None else [levels])])
    height = high - low
    distance = offset if offset is not None else 1.5 * height
    shift = distance * np.arange(len(chosen))
    tick = 0.12 * height
    handles: list[Any] = []
    labels: list[str] = []
    endless: list[str] = []
    for (run, color, width, label, above), trace in zip(runs, values, strict=True):
        times = run.trace(population).times
        point = "." if len(times) == 1 else ""
        lines = ax.plot(times, trace + shift, color=color, linewidth=width, marker=point)
        if not np.isfinite(trace).all():
            endless.append(label)
        rows = np.full(size, -1)
        rows[chosen] = np.arange(len(chosen))
        spike_rows = rows[run.ids[population]]
        times = run.times(population)[spike_rows >= 0]
        bottom = high + above * tick + shift[spike_rows[spike_rows >= 0]]
        ax.vlines(times, bottom, bottom + tick, color=color, linewidth=0.9)
        if chip is not None:
            handles.append(lines[0])
            labels.append(label)
    if levels is not None:
        dashed = ax.hlines(
            levels + shift, *_span(reference), color=GUIDE, linewidth=0.6, linestyle=(0, (4, 3))
        )
        handles.append(dashed)
        labels.append("threshold")
    ax.set_xlim(*_span(reference))
    ax.set_ylim(low - 0.08 * height, high + 3 * tick + shift[-1])
    ax.set_xlabel("time (ms)")
    if len(chosen) == 1:
        ax.set_ylabel(f"v of neuron {chosen[0]} (mV)")
    else:
        _label_traces(ax, chosen, (_middle(values[0], low) + shift).tolist())
        _scale_bar(ax, low + shift[-1], height)
    if endless:
        draw_note(ax, f"v is not finite ({', '.join(endless)})", y=0.08)
    draw_legend(ax, handles, labels)
    return ax


@house_style
def plot_rates(ax: Axes, comparison: Comparison, population: str) -> Axes:
    """Draw each neuron's rate on the chip against the reference, and the line of equality.

    Neurons with the same two counts share a circle, whose area grows with the
    logarithm of their number.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are returned.
    comparison : Comparison
        From :func:`compare`.
    population : str
        Name of the population.

    Raises
    ------
    RecordingError
        If there is no such population.
    """
    item = _item(comparison, population)
    pairs, number = np.unique(
        np.column_stack([item.reference_rates, item.chip_rates]), axis=0, return_counts=True
    )
    ax.axline((0, 0), slope=1, color=GUIDE, linewidth=0.6, zorder=1)
    ax.scatter(
        pairs[:, 0],
        pairs[:, 1],
        s=9.0 * (1.0 + np.log2(number)),
        facecolor=DIFFERENCE,
        edgecolor="white",
        linewidth=0.4,
        alpha=0.7,
        clip_on=False,
        zorder=2,
    )
    low, high = float(pairs.min()), float(pairs.max())
    margin = max(0.07 * (high - low), 0.02 * high) or 1.0
    bounds = (0.0 if low < high / 2 else max(0.0, low - margin), high + margin)
    ax.set(xlim=bounds, ylim=bounds, aspect="equal")
    space_ticks(ax.xaxis, 4)
    space_ticks(ax.yaxis, 4)
    label_axis(ax.xaxis, "rate in the reference (Hz)")
    ax.set_ylabel("rate on the chip (Hz)")
    if not pairs.any():
        draw_note(ax, "no spikes", x=0.7, y=0.3)
    return ax


@house_style
def plot_rate_errors(ax: Axes, comparison: Comparison, population: str) -> Axes:
    """Draw a histogram of each neuron's rate error, with its mean and a line at zero.

    The width of a bar is a whole number of spikes, so that all bars cover equally many values.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are returned.
    comparison : Comparison
        From :func:`compare`.
    population : str
        Name of the population.

    Raises
    ------
    RecordingError
        If there is no such population.
    """
    item = _item(comparison, population)
    ax.axvline(0.0, color=GUIDE, linewidth=0.6)
    label_axis(ax.xaxis, "rate, chip − reference (Hz)")
    ax.set_ylabel("neurons")
    if not (item.reference_counts.any() or item.chip_counts.any()):
        ax.set_xlim(-1.0, 1.0)
        ax.set_yticks([])
        draw_note(ax, "no spikes", x=0.75)
        return ax
    errors = item.chip_counts - item.reference_counts
    # With an odd number of spikes per bar, one bar is centred on 0 and no edge is a whole number.
    width = (int(np.ptp(errors)) // _MOST_BINS + 1) | 1
    first, last = (round(int(end) / width) for end in (errors.min(), errors.max()))
    edges = (np.arange(min(first, 0) - 1, max(last, 0) + 3) - 0.5) * width
    to_hz = 1000.0 / item.duration
    bins = list(edges * to_hz)
    ax.hist(errors * to_hz, bins=bins, color=DIFFERENCE, edgecolor="white", linewidth=0.4)
    mean = float(errors.mean()) * to_hz
    line = ax.axvline(mean, color="black", linewidth=1.0, linestyle="--", zorder=3)
    space_ticks(ax.xaxis, 5)
    space_ticks(ax.yaxis, 8, whole=True)
    draw_legend(ax, [line], [f"mean {mean:+.2f} Hz".replace("-", "−")])
    return ax


def _checked(ids: Sequence[int], size: int, population: str) -> Int64Array:
    allowed = "a list of integers, neurons of the population"
    chosen = integers("plot", "ids", ids, allowed=allowed, error=RecordingError).ravel()
    if not len(chosen):
        raise RecordingError(f"plot: no neurons of {population!r}; pass at least one id.")
    if chosen.min() < 0 or chosen.max() >= size:
        worst = chosen.min() if chosen.min() < 0 else chosen.max()
        raise RecordingError(f"plot: neuron {worst} of {population!r}; allowed: 0 to {size - 1}.")
    return chosen.astype(np.int64)


def _check_runs(reference: Any, chip: Any) -> None:
    instance("plot", "reference", reference, Recording, "a Recording", error=RecordingError)
    if chip is not None:
        instance("plot", "chip", chip, Recording, "a Recording", error=RecordingError)


def _item(comparison: Any, population: str) -> PopulationComparison:
    allowed = "a Comparison, as from compare"
    whole = instance("plot", "comparison", comparison, Comparison, allowed, error=RecordingError)
    return whole.population(population)


def _levels(threshold: Any, size: int, chosen: Int64Array) -> Float64Array | None:
    """Return the thresholds of the chosen neurons, or None if any is infinite."""
    allowed = f"a number or {size}, one per neuron, in mV"
    given = reals("plot", "threshold", threshold, "mV", allowed=allowed, error=RecordingError)
    if given.shape not in {(), (size,)} or np.isnan(given).any():
        raise RecordingError(f"plot: threshold = {shown(threshold)}; allowed: {allowed}.")
    if not np.isfinite(given).all():
        return None
    return np.broadcast_to(np.asarray(given, dtype=np.float64), (size,))[chosen]


def _columns(run: Recording, population: str, ids: Int64Array) -> Any:
    trace = run.trace(population)
    missing = ids[~np.isin(ids, trace.ids)]
    if len(missing):
        raise RecordingError(
            f"plot: v of neuron {missing[0]} of {population!r} was not recorded in "
            f"{run.label!r}; it holds {_some(trace.ids)}. Record it with Probe('v', "
            f"{population!r}, ids)."
        )
    order = np.argsort(trace.ids, kind="stable")
    return trace.values[:, order[np.searchsorted(trace.ids[order], ids)]]


def _range(values: Sequence[Any]) -> tuple[float, float]:
    """Return the smallest and the largest finite value, at least a millivolt apart if equal."""
    finite = np.concatenate([np.ravel(v)[np.isfinite(np.ravel(v))] for v in values])
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    return low, high if high > low else low + 1.0


def _middle(values: Any, otherwise: float) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else otherwise


def _some(ids: Any) -> str:
    listed = ", ".join(str(i) for i in ids[:5])
    return listed + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")


def _span(run: Recording) -> tuple[float, float]:
    begin = run.first_step * run.dt
    return begin, begin + run.duration


def _label_rows(ax: Axes, ids: Int64Array) -> None:
    step = -(-len(ids) // _LABELLED) if len(ids) > _LABELLED else 1
    for nice in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500):
        if nice >= step:
            step = nice
            break
    rows = np.arange(0, len(ids), step)
    ax.set_yticks(rows, [str(ids[row]) for row in rows])


def _label_traces(ax: Axes, ids: Int64Array, places: list[float]) -> None:
    ax.set_yticks(places, [str(i) for i in ids])
    ax.set_ylabel("v of neuron")


def _scale_bar(ax: Axes, bottom: float, height: float) -> None:
    exponent = 10.0 ** np.floor(np.log10(height))
    length = max(m * exponent for m in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0) if m * exponent <= height)
    across = ax.get_yaxis_transform()
    bar = [bottom, bottom + length]
    ax.plot([1.015] * 2, bar, transform=across, color="black", linewidth=1.2, clip_on=False)
    ax.text(1.03, bottom + length / 2, f"{length:g} mV", transform=across, va="center")
