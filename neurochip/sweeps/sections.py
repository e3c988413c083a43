"""A sweep as sections of a page: axes, curves, medians, problems, provenance."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._display.notebook import Description, describes
from .._display.sections import Block, Paragraph, Picture, Section, Table
from .._support.plotting import letter_panels, new_figure
from .._support.text import percent
from .answer import SEED, SPLIT, answer, cancels, values_of, varied
from .labels import axis_label
from .plots import plot_sweep
from .records import SweepRow
from .result import Sweep

__all__ = ["provenance", "sweep_lead", "sweep_sections"]

_CURVES = ("rate_error", "mean_absolute_error", "equal_spikes")
_MOST_ROWS = 100  # rows of a table on the page; the JSON file has all rows
_MOST_CURVES = 7  # curves in a figure
_SPLIT_CURVES = (*SPLIT.values(), "total_absolute", "quantisation_absolute", "equal_spikes")


def sweep_lead(sweep: Sweep) -> str:
    """Return the answer of a sweep, and how much of it is done."""
    done, total = len(sweep.records), sweep.header["points"]
    count = f"{done:,} of {total:,} points over {', '.join(sweep.axes)}."
    lead = f"{answer(sweep)} {count}".lstrip()
    problems = len(_problems(sweep))
    if problems:
        lead += f" The chip cannot hold the network at {problems:,} of them."
    return lead


def sweep_sections(sweep: Sweep) -> list[Section]:
    """Return axes, curves and medians of a sweep, the points that do not fit, and provenance."""
    problems = _problems(sweep)
    return [
        Section("Axes", _axes(sweep)),
        *(Section(name, _curves(sweep, name)) for name in sweep.populations),
        Section("Medians", _medians(sweep)),
        *([Section("Points that do not fit", [_refused(sweep, problems)])] if problems else []),
        Section("Provenance", [provenance(sweep)]),
    ]


def provenance(sweep: Sweep) -> Table:
    """Return the header of a sweep as a table."""
    return Table((), [(name, _shown(value)) for name, value in sweep.header.items()])


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} = {item}" for name, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _axes(sweep: Sweep) -> list[Block]:
    blocks: list[Block] = []
    if not sweep.complete:
        left = sweep.header["points"] - len(sweep.records)
        blocks.append(Paragraph(f"{left:,} points are not done yet.", warning=True))
    rows = []
    for axis in sweep.axes:
        values = values_of(sweep, axis)
        shown = ", ".join(map(str, values[:12])) + (", …" if len(values) > 12 else "")
        rows.append((axis, str(len(values)), shown))
    blocks.append(Table(("axis", "values", ""), rows))
    return blocks


def _curves(sweep: Sweep, population: str) -> list[Block]:
    blocks: list[Block] = []
    axes = varied(sweep)
    split = sweep.header["fine_dt"] is not None
    curves = _SPLIT_CURVES if split else _CURVES
    for axis in axes:
        others = [name for name in axes if name != axis]
        by = next((n for n in others if len(values_of(sweep, n)) <= _MOST_CURVES), None)
        figure = new_figure("page", 58.0 * len(curves) / 3)
        panels = figure.subplots(len(curves) // 3, 3).ravel()
        for ax in panels[1:3] if split else ():
            ax.sharey(panels[0])  # one scale shows which part is the larger
        for ax, column in zip(panels, curves, strict=True):
            plot_sweep(ax, sweep, axis, column, by=by, population=population)
            if column in ("rate_error", *SPLIT.values()):
                ax.axhline(0.0, color="0.6", linewidth=0.8, zorder=0)
            if ax is not panels[0] and ax.get_legend() is not None:
                ax.get_legend().remove()
        letter_panels(panels)
        rest = [axis_label(name).words for name in sweep.axes if name not in (axis, by)]
        spread = f"; bands from 10 to 90 % over {', '.join(rest)}" if rest else ""
        blocks.append(
            Picture(figure, f"{population}: medians over {axis_label(axis).words}{spread}.")
        )
    return blocks


def _medians(sweep: Sweep) -> list[Block]:
    names = [axis for axis in sweep.axes if axis != SEED]
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in sweep.rows:
        if row["population"] is not None:
            key = (*(row[name] for name in names), row["population"])
            groups.setdefault(key, []).append(row)
    split = sweep.header["fine_dt"] is not None
    errors = SPLIT if split else {"rate error": "rate_error"}
    absolute = "total_absolute" if split else "mean_absolute_error"
    floor = any(row["noise_floor"] is not None for row in sweep.rows)
    header = (
        *(*(str(axis_label(name)) for name in names), "population", "points", "reference", "chip"),
        *(*errors, *(["noise floor"] if floor else []), "|error|"),
        *(*(["its floor"] if floor else []), "equal spikes", "verdicts"),
    )
    rows = []
    for key, members in itertools.islice(groups.items(), _MOST_ROWS):
        verdicts = list(dict.fromkeys(row["verdict"] for row in members))
        if split and cancels({part: _middle(members, column) for part, column in SPLIT.items()}):
            verdicts.append("time step and registers cancel")
        rows.append(
            (
                *map(str, key),
                str(len(members)),
                f"{_middle(members, 'reference_rate'):.2f} Hz",
                f"{_middle(members, 'chip_rate'):.2f} Hz",
                *(percent(_middle(members, column)) for column in errors.values()),
                *([percent(_middle(members, "noise_floor"), "")] if floor else []),
                percent(_middle(members, absolute), ""),
                *([percent(_middle(members, "neuron_noise_floor"), "")] if floor else []),
                percent(_middle(members, "equal_spikes"), ""),
                ", ".join(verdicts),
            )
        )
    left = len(groups) - len(rows)
    note = "Medians over seeds. |error|: mean over neurons of the absolute error of their rates."
    if split:
        note += (
            f" Errors against float64 in steps of {sweep.header['fine_dt']:g} ms. Time step: the "
            "reference, float64 in steps of dt, against it. Registers: the chip against the "
            "reference."
        )
    if floor:
        note += (
            f" Noise floors: the same errors between float runs that differ in one synapse "
            f"({sweep.header['twins']} for each reference); smaller errors are no evidence."
        )
    if left:
        note += f" {left:,} more rows are in the JSON."
    return [Table(header, rows, note)]


def _middle(rows: Sequence[dict[str, Any]], column: str) -> float:
    """Return the median of the defined values of a column; NaN if there are none."""
    values = [row[column] for row in rows if row[column] is not None]
    return float(np.median(values)) if values else math.nan


def _problems(sweep: Sweep) -> list[SweepRow]:
    return [row for row in sweep.rows if row["problem"] is not None]


def _refused(sweep: Sweep, problems: Sequence[SweepRow]) -> Table:
    rows = [
        (", ".join(f"{axis} = {row[axis]}" for axis in sweep.axes), row["problem"])
        for row in problems[:_MOST_ROWS]
    ]
    left = len(problems) - len(rows)
    return Table(("point", "problem"), rows, f"{left:,} more are in the JSON." if left else "")


@describes(Sweep)
def describe_sweep(sweep: Sweep) -> Description:
    """Describe a sweep by its answer, and first by the medians over its seeds."""
    sections = sorted(sweep_sections(sweep), key=lambda section: section.title != "Medians")
    return Description(sweep_lead(sweep), sections)
