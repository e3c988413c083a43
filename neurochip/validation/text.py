"""A comparison as text for a terminal."""

from __future__ import annotations

import math

from .._support.names import cut, visible
from .._support.text import WIDTH, counted, fixed, folded, percent
from .population import METRICS, PopulationComparison
from .split import ErrorSplit
from .verdict import Verdict

__all__ = ["describe", "one_line", "paragraph"]

_BLOCKS = 3  # more populations than this become a table
_SENTENCES = 5
_LAID_OUT = {"reference_cv", "chip_cv", "equal_spikes", "coincidence", "v_rmse"}  # by hand, below
_ROWS = 16  # longer tables are cut: the text should fit on a screen


def describe(items: list[PopulationComparison], window: float) -> list[str]:
    """Return lines about populations: a block for each if they are few, otherwise a table."""
    if len(items) > _BLOCKS:
        return ["", *_table(items)]
    lines = [line for item in items for line in ("", *_block(item, window))]
    return [part for line in lines for part in _fitted(visible(line))]


def _fitted(line: str) -> list[str]:
    """Return a line of a block as lines that fit, under the column of its numbers."""
    return [line] if len(line) <= WIDTH else folded(line, indent=" " * 17)


def paragraph(sentences: list[str]) -> list[str]:
    """Return the first sentences, each folded into lines that fit, and how many were left out."""
    lines = []
    for sentence in sentences[:_SENTENCES]:
        lines += folded(visible(sentence))
    left = len(sentences) - _SENTENCES
    return [*lines, f"and {left} more populations, in .answers"] if left > 0 else lines


def one_line(text: str) -> str:
    """Escape and cut a text to fit on one line."""
    return cut(visible(text), WIDTH)


def _block(item: PopulationComparison, window: float) -> list[str]:
    neurons = "1 neuron" if item.size == 1 else f"{item.size:,} neurons"
    lines = [
        f"{cut(visible(item.name), 40)} ({neurons}): {item.verdict.name}",
    ]
    if item.verdict is not Verdict.SILENT:
        lines += _rates(item) + _spikes(item, window)
    lines += [
        f"  {metric.heading:<15}{metric.text(getattr(item, name))}"
        for name, metric in METRICS.items()
        if metric.heading and name not in _LAID_OUT
    ]
    if item.v_rmse is not None and item.v_largest_error is not None:
        lines.append(
            f"  v              RMSE {item.v_rmse:.3g} mV, largest difference "
            f"{item.v_largest_error:.3g} mV ({counted(item.v_neurons, 'neuron')} recorded)"
        )
    else:
        lines.append("  v              not recorded on both sides")
    if item.split is not None and math.isfinite(item.split.total.signed):
        lines += _split(item.split)
    if item.noise_floor is not None:
        floor = item.noise_floor
        lines.append(
            f"  noise floor    {_percent(floor.rate, '')} of the mean rate, "
            f"{_percent(floor.neuron, '')} per neuron ({floor.runs} float runs, "
            "one synapse changed)"
        )
    return lines


def _rates(item: PopulationComparison) -> list[str]:
    spikes = [int(counts.sum()) for counts in (item.reference_counts, item.chip_counts)]
    cvs = [fixed(cv, "undefined") for cv in (item.reference_cv, item.chip_cv)]
    lines = [
        f"                 {'reference':>12}{'chip':>12}",
        f"  spikes         {spikes[0]:>12,}{spikes[1]:>12,}",
        f"  mean rate      {_hz(item.reference_rate):>12}{_hz(item.chip_rate):>12}",
        f"  rate error     {_percent(item.rate_error)}, 95 % interval {_interval(item)}",
        f"  CV of ISI      {cvs[0]:>12}{cvs[1]:>12}",
    ]
    if item.reference_saturated or item.chip_saturated:
        lines.append(
            f"  at the limit   {item.reference_saturated:>12,}{item.chip_saturated:>12,}"
            "   neurons, mostly at the shortest ISI"
        )
    lines += [
        f"  |error|        {_hz(item.mean_absolute_error_hz)} per neuron = "
        f"{_percent(item.mean_absolute_error, '')} of the mean rate",
        f"  relative       {_percent(item.mean_neuron_rate_error, '')} per neuron, on average",
        f"  counts differ  in {item.neurons_differing:,} of {item.size:,} neurons{_worst(item)}",
    ]
    return lines


def _worst(item: PopulationComparison) -> str:
    if item.worst_neuron is None:
        return ""
    worst = item.worst_neuron
    before, after = int(item.reference_counts[worst]), int(item.chip_counts[worst])
    return f"; worst: neuron {worst} (reference {before:,}, chip {after:,})"


def _spikes(item: PopulationComparison, window: float) -> list[str]:
    equal = _percent(item.equal_spikes, "", undefined="none")
    coincidence = fixed(item.coincidence, "undefined")
    return [
        f"  spike times    {equal} in the same step; coincidence factor "
        f"(±{window:g} ms) {coincidence}"
    ]


def _split(split: ErrorSplit) -> list[str]:
    return [
        f"  {'error split':<15}{'signed':>12}{'|error|':>12}   of the rate on the fine grid",
        *(
            f"    {name:<13}{_percent(part.signed):>12}{_percent(part.absolute, ''):>12}"
            for name, part in (
                ("total", split.total),
                ("time step", split.time_step),
                ("registers", split.quantisation),
            )
        ),
    ]


def _table(items: list[PopulationComparison]) -> list[str]:
    with_split = any(item.split is not None for item in items)
    rows = items[:_ROWS]
    lines = [
        f"{'population':<11}{'neurons':>8}{'ref. Hz':>8}{'chip Hz':>8}{'error':>10}"
        f"{'95 % interval':>19}  verdict"
    ]
    for item in rows:
        lines += _fitted(
            f"{cut(visible(item.name), 11):<11}{item.size:>8,}{item.reference_rate:>8.2f}"
            f"{item.chip_rate:>8.2f}{_percent(item.rate_error, undefined='-'):>10}"
            f"{_interval(item, undefined='-'):>19}  {item.verdict.value}"
        )
    if with_split:
        lines += ["", f"{'population':<14}{'total':>14}{'time step':>14}{'registers':>14}"]
        for item in rows:
            if item.split is not None:
                parts = (item.split.total, item.split.time_step, item.split.quantisation)
                cells = "".join(f"{_percent(part.signed, undefined='-'):>14}" for part in parts)
                lines.append(f"{cut(visible(item.name), 14):<14}{cells}")
    if len(items) > len(rows):
        lines.append(f"and {len(items) - len(rows)} more populations, in .populations")
    return lines


def _interval(item: PopulationComparison, undefined: str = "undefined") -> str:
    low, high = item.rate_error_interval
    if math.isnan(low) or math.isnan(high):
        return undefined
    return f"{_percent(low)[:-2]} to {_percent(high)}"


def _percent(value: float, sign: str = "+", undefined: str = "undefined") -> str:
    return percent(value, sign, digits=2 if abs(value) < 1 else 0, undefined=undefined)


def _hz(value: float) -> str:
    return f"{value:.2f} Hz"
