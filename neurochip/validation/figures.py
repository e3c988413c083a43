"""Complete figures, ready for ``figure.savefig``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._support.names import cut, visible
from .._support.plotting import (
    draw_note,
    is_column,
    letter_panels,
    new_figure,
    shown_of,
    title_figure,
)
from .._support.values import instance, integers, items, reals, shown
from ..errors import RecordingError
from ..recording import Recording
from .comparison import Comparison
from .plots import plot_raster, plot_rate_errors, plot_rates, plot_traces
from .population import PopulationComparison
from .verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["comparison_figure", "membrane_figure"]

_RASTER_ROWS = 30
_TRACES = 10
_ROOM_OF_TRACES = 3  # fewer traces have as much room
_TRACES_IN_COMPARISON = 3
_LONGEST_NAME = 30  # characters, if a verdict follows on the same line
_LONGEST_TITLE = 80
_EXCERPT = 250.0  # ms: longer traces merge into a band on half a page


def membrane_figure(
    recordings: Recording | Sequence[Recording],
    population: str,
    ids: Sequence[int] | None = None,
    *,
    threshold: Any = None,
    times: tuple[float, float] | None = None,
    width: str = "page",
) -> Figure:
    """Draw a raster above membrane potentials.

    Parameters
    ----------
    recordings : Recording, or a sequence (reference, chip)
        One run, or two on the same input.
    population : str
        Name of the population.
    ids : sequence of int, optional
        Neurons whose v is drawn. Default: the first ten that were recorded in all runs.
    threshold : float or array_like, mV, optional
        One value or one per neuron of the population.
    times : (float, float), ms, optional
        Part of the run to draw. Default: all of it.
    width : str
        ``"page"`` (180 mm) or ``"column"`` (88 mm), as in :func:`neurochip.new_figure`.

    Returns
    -------
    Figure
        The raster shows all neurons, or 30 if there are more.

    Raises
    ------
    RecordingError
        If v was not recorded, or there are more than two recordings.
    AnalysisError
        If there is no such width.
    """
    given = (recordings,) if isinstance(recordings, Recording) else recordings
    allowed = "one Recording, or (reference, chip)"
    runs = items("figure", "recordings", given, allowed, error=RecordingError)
    if not (1 <= len(runs) <= 2 and all(isinstance(run, Recording) for run in runs)):
        raise RecordingError(f"figure: {len(runs)} recordings; allowed: {allowed}.")
    first, second = runs[0], runs[1] if len(runs) == 2 else None
    if ids is None:
        chosen = _recorded(runs, population)[:_TRACES]
    else:
        allowed = "a list of integers, neurons of the population"
        found = integers("figure", "ids", ids, allowed=allowed, error=RecordingError)
        chosen = found.ravel().tolist()
    span = _excerpt(times)
    traces = max(len(chosen), _ROOM_OF_TRACES)
    figure = new_figure(width, 66.0 + 9.0 * traces)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1.4, 0.6 + 0.16 * traces))
    rows = _raster_ids(first, population, chosen)
    plot_raster(upper, first, second, population, rows)
    upper.set_xlabel("")
    plot_traces(lower, first, second, population, chosen, threshold=threshold)
    if span is not None:
        lower.set_xlim(*span)
    letter_panels((upper, lower))
    name, size = cut(visible(population), _LONGEST_TITLE), first.populations[population]
    part = "1 neuron" if size == 1 else f"{shown_of(rows, size)} neurons, v of {len(chosen)}"
    title_figure(figure, f"{name}: {part}")
    return figure


def comparison_figure(
    comparison: Comparison,
    reference: Recording,
    chip: Recording,
    population: str,
    *,
    threshold: Any = None,
    times: tuple[float, float] | None = None,
    width: str = "page",
) -> Figure:
    """Draw a comparison on one page: spikes, membrane potentials, rates and rate errors.

    Parameters
    ----------
    comparison : Comparison
        Comparison of the two recordings.
    reference, chip : Recording
        The recordings that were compared.
    population : str
        Name of the population.
    threshold : float or array_like, mV, optional
        One value or one per neuron of the population.
    times : (float, float), ms, optional
        Part of the run whose v is drawn. Default: the first 250 ms.
    width : str
        ``"page"`` (180 mm) or ``"column"`` (88 mm), as in :func:`neurochip.new_figure`.

    Returns
    -------
    Figure
        The raster shows up to 30 neurons; v is that of the first three that both runs recorded.

    Raises
    ------
    RecordingError
        If there is no such population.
    AnalysisError
        If there is no such width.
    """
    allowed = "a Comparison, as from compare"
    instance("figure", "comparison", comparison, Comparison, allowed, error=RecordingError)
    for name, run in (("reference", reference), ("chip", chip)):
        instance("figure", name, run, Recording, "a Recording", error=RecordingError)
    item = comparison.population(population)
    span = _excerpt(times)
    both = all((population, "v") in run.traces for run in (reference, chip))
    chosen = _recorded((reference, chip), population)[:_TRACES_IN_COMPARISON] if both else []
    column = is_column(width)
    figure = new_figure(width, 160.0 if column else 130.0)
    layout = "aa;bb;cd" if column else "ab;cd"
    panels = figure.subplot_mosaic(layout)
    spikes, v, rates, errors = (panels[letter] for letter in "abcd")
    rows = _raster_ids(reference, population, chosen)
    plot_raster(spikes, reference, chip, population, rows)
    if chosen:
        plot_traces(v, reference, chip, population, chosen, threshold=threshold)
        begin, end = v.get_xlim()
        v.set_xlim(*(span or (begin, min(end, begin + _EXCERPT))))
    else:
        v.set_axis_off()
        draw_note(v, "v was not recorded on both sides")
    plot_rates(rates, comparison, population)
    rates.set_anchor("NW")
    plot_rate_errors(errors, comparison, population)
    letter_panels(panels.values())
    title_figure(figure, _title(item))
    return figure


def _excerpt(times: Any) -> tuple[float, float] | None:
    if times is None:
        return None
    allowed = "begin and end, in ms"
    ends = reals("figure", "times", times, "ms", allowed=allowed, error=RecordingError)
    if ends.shape != (2,) or not np.isfinite(ends).all() or ends[0] >= ends[1]:
        raise RecordingError(f"figure: times = {shown(times)}; allowed: {allowed}.")
    return float(ends[0]), float(ends[1])


def _title(item: PopulationComparison) -> str:
    name = cut(visible(item.name), _LONGEST_NAME)
    if item.verdict is not Verdict.COMPARED:
        return f"{name} ({item.verdict.value}): {item.verdict.text}"
    return (
        f"{name}: {item.reference_rate:.2f} Hz in the reference, {item.chip_rate:.2f} Hz on "
        f"the chip ({100 * item.rate_error:+.2f} %)"
    )


def _recorded(runs: Sequence[Recording], population: str) -> list[int]:
    ids = runs[0].trace(population).ids
    for run in runs[1:]:
        ids = ids[np.isin(ids, run.trace(population).ids)]
    if not len(ids):
        raise RecordingError(
            f"figure: v of no neuron of {population!r} was recorded in both runs; record the same "
            "neurons in both."
        )
    return [int(i) for i in ids]


def _raster_ids(run: Recording, population: str, traced: Sequence[int]) -> list[int]:
    """Choose neurons for the raster: those whose v is drawn, then the first others, in order."""
    size = run.populations[population]
    others = (i for i in range(size) if i not in traced)
    room = max(0, _RASTER_ROWS - len(traced))
    return sorted([*traced, *(i for i, _ in zip(others, range(room), strict=False))])
