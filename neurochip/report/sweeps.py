"""Report on a sweep."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._support.plotting import new_figure
from ..sweeps import Sweep, plot_sweep
from .document import Report
from .sections import Block, Paragraph, Picture, Section, Table

__all__ = ["sweep_report"]

_CURVES = {
    "rate_error": "rate error of the population",
    "mean_absolute_error": "rate error of a neuron",
    "equal_spikes": "spikes in the same step",
}
_MOST_ROWS = 100  # rows of a table on the page; the JSON file has all rows
_MOST_CURVES = 7  # curves in a figure
_SEED = "seed"


def sweep_report(sweep: Sweep, *, title: str = "Sweep") -> Report:
    """Return a report on a sweep, finished or not: curves, medians, problems, provenance.

    Parameters
    ----------
    sweep : Sweep
        Result of :func:`sweep` or :func:`read_sweep`.
    title : str
        Title of the page.

    Returns
    -------
    Report
        ``report.write("sweep.html")`` writes the page and a JSON file with all rows.
    """
    problems = [row for row in sweep.rows if row["problem"] is not None]
    done, total = len(sweep.records), sweep.header["points"]
    lead = f"{done:,} of {total:,} points over {', '.join(sweep.axes)}."
    if problems:
        lead += f" The chip cannot hold the network at {len(problems):,} of them."
    sections = [
        Section("Axes", _axes(sweep)),
        *(Section(name, _curves(sweep, name)) for name in sweep.populations),
        Section("Medians", _medians(sweep)),
        *([Section("Points that do not fit", [_problems(sweep, problems)])] if problems else []),
        Section(
            "Provenance",
            [Table((), [(name, _shown(value)) for name, value in sweep.header.items()])],
        ),
    ]
    data = {"header": dict(sweep.header), "rows": sweep.rows}
    return Report(title=title, lead=lead, sections=sections, data=data)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} = {item}" for name, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _values(sweep: Sweep, axis: str) -> list[Any]:
    return list(dict.fromkeys(record["axes"][axis] for record in sweep.records))


def _axes(sweep: Sweep) -> list[Block]:
    blocks: list[Block] = []
    if not sweep.complete:
        left = sweep.header["points"] - len(sweep.records)
        blocks.append(Paragraph(f"{left:,} points are not done yet.", warning=True))
    rows = []
    for axis in sweep.axes:
        values = _values(sweep, axis)
        shown = ", ".join(map(str, values[:12])) + (", …" if len(values) > 12 else "")
        rows.append((axis, str(len(values)), shown))
    blocks.append(Table(("axis", "values", ""), rows))
    return blocks


def _curves(sweep: Sweep, population: str) -> list[Block]:
    varied = [axis for axis in sweep.axes if axis != _SEED and len(_values(sweep, axis)) > 1]
    blocks: list[Block] = []
    for axis in varied or [sweep.axes[0]]:
        others = [name for name in varied if name != axis]
        by = next((n for n in others if len(_values(sweep, n)) <= _MOST_CURVES), None)
        figure = new_figure(9.0, 3.0)
        for ax, (column, label) in zip(figure.subplots(1, 3), _CURVES.items(), strict=True):
            plot_sweep(ax, sweep, axis, column, by=by, population=population, percent=True)
            ax.set_ylabel(f"{label} (%)")
            if column == "rate_error":
                ax.axhline(0.0, color="0.6", linewidth=0.8, zorder=0)
            elif ax.get_legend() is not None:
                ax.get_legend().remove()
        rest = [name for name in sweep.axes if name not in (axis, by)]
        spread = f"; bands from 10 to 90 % over {', '.join(rest)}" if rest else ""
        blocks.append(Picture(figure, f"{population}: medians over {axis}{spread}."))
    return blocks


def _medians(sweep: Sweep) -> list[Block]:
    names = [axis for axis in sweep.axes if axis != _SEED]
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in sweep.rows:
        if row["population"] is not None:
            key = (*(row[name] for name in names), row["population"])
            groups.setdefault(key, []).append(row)
    header = (
        *names,
        *("population", "points", "reference", "chip", "rate error", "|error|"),
        *("equal spikes", "verdicts"),
    )
    rows = []
    for key, members in itertools.islice(groups.items(), _MOST_ROWS):
        verdicts = ", ".join(dict.fromkeys(row["verdict"] for row in members))
        rows.append(
            (
                *map(str, key),
                str(len(members)),
                _median(members, "reference_rate", "{:.2f} Hz"),
                _median(members, "chip_rate", "{:.2f} Hz"),
                _median(members, "rate_error", "{:+.2%}"),
                _median(members, "mean_absolute_error", "{:.2%}"),
                _median(members, "equal_spikes", "{:.2%}"),
                verdicts,
            )
        )
    left = len(groups) - len(rows)
    note = "Medians over seeds. |error|: mean over neurons of the absolute error of their rates."
    if left:
        note += f" {left:,} more rows are in the JSON."
    return [Table(header, rows, note)]


def _median(rows: Sequence[dict[str, Any]], column: str, form: str) -> str:
    values = [row[column] for row in rows if row[column] is not None]
    return form.format(float(np.median(values))).replace("%", " %") if values else "-"


def _problems(sweep: Sweep, problems: Sequence[dict[str, Any]]) -> Table:
    rows = [
        (", ".join(f"{axis} = {row[axis]}" for axis in sweep.axes), row["problem"])
        for row in problems[:_MOST_ROWS]
    ]
    left = len(problems) - len(rows)
    return Table(("point", "problem"), rows, f"{left:,} more are in the JSON." if left else "")
