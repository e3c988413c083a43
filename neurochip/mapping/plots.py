"""Figures of a mapping, drawn into the caller's axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._support.labels import words
from .._support.plotting import (
    BAND,
    CHIP,
    GUIDE,
    draw_legend,
    draw_note,
    house_style,
    is_column,
    letter_panels,
    new_figure,
    space_ticks,
    title_figure,
)
from .._support.text import counted
from .._support.values import choice, instance
from ..errors import RecordingError
from ..typing import Float64Array
from .report import MappingReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["mapping_figure", "plot_mesh", "plot_traffic", "plot_utilisation"]

_MANY_CORES = 60  # with more cores, one bar per resource replaces the marks
_MANY_TILES = 240  # with more tiles, they have no borders and no numbers
_EVERY = 8  # with more rows or columns, not all have a tick
_UNUSED = "0.93"


@house_style
def plot_mesh(ax: Axes, report: MappingReport, values: str = "link_load") -> Axes:
    """Draw the tiles of the chips in use as a heat map, with their numbers of cores.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are also returned.
    report : MappingReport
        Mapping to draw.
    values : str
        ``"link_load"``: messages per step over the links of each tile. A resource: utilisation of
        the fullest core of each tile, in percent.

    Raises
    ------
    RecordingError
        If ``values`` is neither of these.
    """
    _check_report(report)
    choice("figure", "values", values, ("link_load", *report.usage), error=RecordingError)
    sites = report.traffic.sites
    columns, rows = sites.mesh.tile_columns, sites.tile_rows
    width = (int(sites.x.max()) // columns + 1) * columns
    height = (int(sites.y.max()) // rows + 1) * rows
    table = np.full((height, width), np.nan)
    if values == "link_load":
        loads_of = np.zeros_like(table)
        east_west, north_south = report.traffic.links
        for loads in east_west:
            loads_of[: loads.shape[0], : loads.shape[1]] += loads
            loads_of[: loads.shape[0], 1 : loads.shape[1] + 1] += loads
        for loads in north_south:
            loads_of[: loads.shape[0], : loads.shape[1]] += loads
            loads_of[1 : loads.shape[0] + 1, : loads.shape[1]] += loads
        table[loads_of > 0] = loads_of[loads_of > 0]
        label, none = "messages per step\nover the links of a tile", "no messages between tiles"
    else:
        np.fmax.at(table, (sites.y, sites.x), 100 * report.utilisation(values))
        label, none = f"{words(values)},\nfullest core of a tile (%)", f"no {words(values)}"
    _heat_map(ax, table, label, none)
    if table.size <= _MANY_TILES:
        for x in range(1, width):
            ax.axvline(x - 0.5, color="white", linewidth=0.6)
        for y in range(1, height):
            ax.axhline(y - 0.5, color="white", linewidth=0.6)
    for x in range(columns, width, columns):
        ax.axvline(x - 0.5, color="black", linewidth=0.8)
    for y in range(rows, height, rows):
        ax.axhline(y - 0.5, color="black", linewidth=0.8)
    cores = np.zeros((height, width), dtype=int)
    np.add.at(cores, (sites.y, sites.x), 1)
    if cores.size <= _MANY_TILES:
        largest = np.nanmax(table, initial=0.0, where=~np.isnan(table))
        for y, x in zip(*np.nonzero(cores), strict=True):
            dark = table[y, x] <= 0.6 * largest  # False for an empty tile
            color = "white" if dark else "black"
            ax.text(x, y, str(cores[y, x]), ha="center", va="center", color=color)
    ax.set_xlabel("tile, east")
    ax.set_ylabel("tile, north")
    return ax


@house_style
def plot_utilisation(ax: Axes, report: MappingReport) -> Axes:
    """Draw how much of each resource the cores use: a mark for each core, mean and limit.

    Of more than 60 cores it draws the range from 5 to 95 % of the cores, and the fullest. Numbers
    are the use of the fullest core.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are also returned.
    report : MappingReport
        Mapping to draw.
    """
    _check_report(report)
    names = [name for name in report.usage if name != "shared_registers"][::-1]
    many, one = report.n_cores > _MANY_CORES, report.n_cores == 1
    handles: list[Any] = []
    for row, name in enumerate(names):
        shares = 100 * report.utilisation(name)
        fullest = float(shares.max())
        if one:
            handles = [ax.barh(row, fullest, 0.5, color=CHIP)]
        elif many:
            low, high = np.percentile(shares, (5, 95))
            bar = ax.barh(row, high - low, 0.35, left=low, color=CHIP, alpha=0.4)
            handles = [bar, *ax.plot(fullest, row, "|", color=CHIP, markersize=8)]
        else:
            ax.barh(row, fullest, 0.1, color=BAND)
            marks = np.full(len(shares), row)
            handles = ax.plot(shares, marks, "|", color=CHIP, markersize=8)
        if not one:
            handles += ax.plot(shares.mean(), row, "d", color="black", markersize=2.5)
        number = f"{fullest:.{0 if fullest >= 10 else 1}f} %"
        ax.annotate(
            number,
            (fullest, row),
            (6, 0),
            textcoords="offset points",
            va="center",
            bbox={"facecolor": ax.get_facecolor(), "edgecolor": "none", "pad": 0.8},
        )
    handles.append(ax.axvline(100, color=GUIDE, linewidth=0.8, linestyle="dashed"))
    kinds = ["5 to 95 % of the cores", "fullest"] if many else ["a core"]
    draw_legend(ax, handles, [*kinds, *([] if one else ["mean"]), "limit"])
    ax.set_yticks(range(len(names)), [words(name) for name in names])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.set_xlim(0, max(118.0, 1.15 * ax.dataLim.x1))
    ax.set_xlabel("used of the limit (%)")
    return ax


@house_style
def plot_traffic(ax: Axes, report: MappingReport) -> Axes:
    """Draw the messages per step from each core to each other core.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are also returned.
    report : MappingReport
        Mapping to draw.
    """
    _check_report(report)
    matrix = report.traffic.matrix()
    np.fill_diagonal(matrix, np.nan)  # messages within a core are no traffic
    matrix[matrix == 0] = np.nan
    only = "one core: no traffic between cores" if len(matrix) == 1 else "no traffic between cores"
    _heat_map(ax, matrix, "messages per step", only)
    ax.set_xlabel("to core")
    ax.set_ylabel("from core")
    return ax


def mapping_figure(report: MappingReport, *, width: str = "page") -> Figure:
    """Draw mesh, utilisation and traffic on one page.

    Parameters
    ----------
    report : MappingReport
        Mapping to draw.
    width : str
        ``"page"`` (180 mm) or ``"column"`` (88 mm), as in :func:`neurochip.new_figure`.

    Raises
    ------
    AnalysisError
        If there is no such width.
    """
    _check_report(report)
    column = is_column(width)
    figure = new_figure(width, 215.0 if column else 125.0)
    heights = (1.0, 1.0, 1.2, 1.7) if column else (1.0, 1.25)
    panels = figure.subplot_mosaic("a;b;c;d" if column else "ab;cd", height_ratios=heights)
    plot_mesh(panels["a"], report)
    binding = report.binding
    plot_mesh(panels["b"], report, max(sorted(set(binding)), key=binding.count))
    plot_utilisation(panels["c"], report)
    plot_traffic(panels["d"], report)
    letter_panels(panels.values())
    title_figure(
        figure,
        f"{report.chip.name}: {counted(report.n_cores, 'core')} of {report.chip.total_cores:,} on "
        f"{counted(report.n_chips, 'chip')}; numbers on tiles: their cores",
    )
    return figure


def _check_report(report: MappingReport) -> None:
    allowed = "a MappingReport, as from map_image"
    instance("figure", "report", report, MappingReport, allowed, error=RecordingError)


def _heat_map(ax: Axes, table: Float64Array, label: str, none: str) -> None:
    """Draw the positive values of a table, or a note if there are none."""
    import matplotlib as mpl

    largest = np.nanmax(table, initial=0.0, where=~np.isnan(table))
    colors = mpl.colormaps["viridis"].with_extremes(bad=_UNUSED)
    image = ax.imshow(
        table, origin="lower", cmap=colors, aspect="equal", vmin=0, vmax=largest or 1.0
    )
    for axis, number in zip((ax.yaxis, ax.xaxis), table.shape, strict=True):
        if number <= _EVERY:
            axis.set_ticks(range(number))
        else:
            space_ticks(axis, _EVERY, whole=True)
    if largest > 0:
        bar = ax.figure.colorbar(
            image, ax=ax, label=label, location="bottom", shrink=0.8, aspect=30
        )
        bar.outline.set_visible(False)
    else:
        draw_note(ax, none)
