"""The answer of a sweep in words: which dt is fine, or how large the errors are at each value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from .._support.text import percent
from .records import SweepRow
from .result import Sweep

__all__ = ["SEED", "SPLIT", "answer", "cancels", "values_of", "varied"]

SEED = "seed"
"""Axis over which results are repeated; all other axes ask a question."""

SPLIT = {
    "total": "total_signed",
    "time step": "time_step_signed",
    "registers": "quantisation_signed",
}
"""Columns of the signed errors of a mean rate, by the names in reports."""

_FINE = 0.01  # error of the mean rate up to which a dt is called fine
_MOST = 8  # values listed in a sentence

_Errors: TypeAlias = dict[str, float]


def values_of(sweep: Sweep, axis: str) -> list[Any]:
    """Return the values of an axis at the finished points."""
    return list(dict.fromkeys(record["axes"][axis] for record in sweep.records))


def varied(sweep: Sweep) -> list[str]:
    """Return the axes with several values, without the seed; the first axis if there are none."""
    names = [axis for axis in sweep.axes if axis != SEED and len(values_of(sweep, axis)) > 1]
    return names or [sweep.axes[0]]


def cancels(errors: Mapping[str, float]) -> bool:
    """Return whether a total is small only because time step and registers cancel."""
    grid, registers = errors["time step"], errors["registers"]
    larger = max(abs(grid), abs(registers))
    return grid * registers < 0 and larger > _FINE and abs(errors["total"]) < larger / 2


def answer(sweep: Sweep) -> str:
    """Return the answer of a sweep as sentences; empty if it has none.

    Errors are medians over the seeds. If other axes or several populations leave more than one
    error at a value, the largest counts.
    """
    if not any(row["population"] is not None for row in sweep.rows):
        return ""
    if "dt" in sweep.axes and sweep.header["fine_dt"] is not None:
        return _of_steps(sweep)
    axis = varied(sweep)[0]
    if axis == SEED:
        return ""
    found = _largest(sweep, axis, {"error": "mean_absolute_error"})
    errors = {str(value): item["error"] for value, item in found.items()}
    if not errors:
        return ""
    return (
        f"Mean error of a neuron's rate by {axis}{_over(sweep, axis)}: {_listed(errors, '')}."
        + _floor(sweep, axis, "neuron_noise_floor")
    )


def _of_steps(sweep: Sweep) -> str:
    found, fine_dt = _largest(sweep, "dt", SPLIT), sweep.header["fine_dt"]
    if not found:
        return f"No errors of rates: float64 in steps of {fine_dt:g} ms has no spikes."
    floors = _largest(sweep, "dt", {"floor": "noise_floor"})
    fine: list[Any] = []
    undecided: list[Any] = []
    for dt, item in found.items():
        floor = floors[dt]["floor"] if dt in floors else 0.0
        if abs(item["total"]) <= max(_FINE, floor) and not cancels(item):
            (fine if floor <= _FINE else undecided).append(dt)
    within = f"the rates within {100 * _FINE:g} % of float64 in steps of {fine_dt:g} ms"
    if fine:
        first = f"dt = {_any_of(fine)} keeps {within}."
    elif undecided:
        first = (
            f"Undecided whether dt = {_any_of(undecided)} keeps {within}: the error is within the "
            "noise floor. Run longer."
        )
    else:
        best = min(found, key=lambda dt: abs(found[dt]["time step"]) + abs(found[dt]["registers"]))
        first = f"No dt keeps {within}; the best is {_step(best)}."
    worst = max(found, key=lambda dt: abs(found[dt]["total"]))
    larger, other = sorted(("time step", "registers"), key=lambda part: -abs(found[worst][part]))
    least = max(abs(item[other]) for item in found.values())
    totals = {_step(dt): item["total"] for dt, item in found.items()}
    sentences = [
        first,
        f"Total error{_over(sweep, 'dt')}: {_listed(totals, '+')}.",
        f"Largest part: the {larger} ({_text(found[worst][larger])} at {_step(worst)}; {other}: at "
        f"most {_text(least, '')})." + _floor(sweep, "dt", "noise_floor"),
    ]
    sentences += [
        f"At {_step(dt)} the two cancel: time step {_text(item['time step'])}, registers "
        f"{_text(item['registers'])}."
        for dt, item in found.items()
        if cancels(item)
    ]
    return " ".join(sentences)


def _floor(sweep: Sweep, axis: str, column: str) -> str:
    """Return a sentence on the largest noise floor; empty if no population is recurrent."""
    found = _largest(sweep, axis, {"floor": column})
    if not found:
        return ""
    largest = max(item["floor"] for item in found.values())
    return f" Noise floor, between float runs that differ in one synapse: {_text(largest, '')}."


def _over(sweep: Sweep, axis: str) -> str:
    """Return the axes over which an error at a value of ``axis`` is the largest."""
    names = [name for name in varied(sweep) if name != axis]
    names += ["populations"] if len(sweep.populations) > 1 else []
    return f", the largest over {' and '.join(names)}" if names else ""


def _any_of(steps: Sequence[Any]) -> str:
    return " or ".join(map(_step, steps))


def _step(dt: Any) -> str:
    return f"{dt:g} ms" if isinstance(dt, (int, float)) else repr(dt)


def _text(error: float, sign: str = "+") -> str:
    return percent(error, sign, digits=1 if abs(error) >= _FINE else 2)


def _listed(errors: Mapping[str, float], sign: str) -> str:
    shown = [f"{_text(error, sign)} at {place}" for place, error in errors.items()][:_MOST]
    return ", ".join(shown) + (f" and {len(errors) - _MOST} more" if len(errors) > _MOST else "")


def _largest(sweep: Sweep, axis: str, columns: Mapping[str, str]) -> dict[Any, _Errors]:
    """Return the largest errors at each value of an axis: medians over seeds, by name.

    Each combination of the other axes and a population has its medians; those with the largest
    first column count. Values without a defined error are omitted.
    """
    others = [name for name in sweep.axes if name not in (axis, SEED)]
    groups: dict[Any, dict[Any, list[SweepRow]]] = {}
    for row in sweep.rows:
        if all(row[column] is not None for column in columns.values()):
            key = (*(row[name] for name in others), row["population"])
            groups.setdefault(row[axis], {}).setdefault(key, []).append(row)
    found = {}
    for value, members in groups.items():
        medians = [
            {name: float(np.median([r[column] for r in rows])) for name, column in columns.items()}
            for rows in members.values()
        ]
        found[value] = max(medians, key=lambda errors: abs(next(iter(errors.values()))))
    return found
