"""Figures of a mapping, drawn into the caller's axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._support.plotting import BLUE, PAGE, new_figure, styled
from .._support.values import choice, instance
from ..errors import RecordingError
from ..packing.budget import RESOURCES
from ..typing import Float64Array
from .report import MappingReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["mapping_figure", "plot_mesh", "plot_traffic", "plot_utilisation"]

_MANY_CORES = 60  # with more cores, one bar per resource replaces the marks
_GREY = "#666666"


def plot_mesh(ax: Axes, report: MappingReport, values: str = "link_load") -> Axes:
    """Draw the tiles of the chips in use as a heat map.

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
    choice("figure", "values", values, ("link_load", *RESOURCES), error=RecordingError)
    sites = report.traffic.sites
    columns, rows = sites.mesh.tile_columns, sites.tile_rows
    width = (int(sites.x.max()) // columns + 1) * columns
    height = (int(sites.y.max()) // rows + 1) * rows
    table = np.full((height, width), np.nan)
    if values == "link_load":
        table[:] = 0.0
        east_west, north_south = report.traffic.links
        for loads in east_west:
            table[: loads.shape[0], : loads.shape[1]] += loads
            table[: loads.shape[0], 1 : loads.shape[1] + 1] += loads
        for loads in north_south:
            table[: loads.shape[0], : loads.shape[1]] += loads
            table[1 : loads.shape[0] + 1, : loads.shape[1]] += loads
        label = "messages per step over its links"
    else:
        np.fmax.at(table, (sites.y, sites.x), 100 * report.utilisation(values))
        label = f"{values.replace('_', ' ')} of its fullest core (%)"
    _heat_map(ax, table, label)
    for x in range(columns, width, columns):
        ax.axvline(x - 0.5, color="white", linewidth=1.5)
    for y in range(rows, height, rows):
        ax.axhline(y - 0.5, color="white", linewidth=1.5)
    cores = np.zeros((height, width), dtype=int)
    np.add.at(cores, (sites.y, sites.x), 1)
    if cores.size <= 4 * _MANY_CORES:
        for y, x in zip(*np.nonzero(cores), strict=True):
            bright = table[y, x] > 0.6 * np.nanmax(table)
            color = "black" if bright else "white"
            ax.text(x, y, str(cores[y, x]), ha="center", va="center", color=color, fontsize=7)
    ax.set_xlabel("tile, west to east")
    ax.set_ylabel("tile, south to north")
    return ax


def plot_utilisation(ax: Axes, report: MappingReport) -> Axes:
    """Draw the utilisation of each resource: one mark per core, and the mean.

    Parameters
    ----------
    ax : Axes
        Axes to draw into; they are also returned.
    report : MappingReport
        Mapping to draw.
    """
    _check_report(report)
    names = [name for name in RESOURCES if name != "shared_registers"][::-1]
    for row, name in enumerate(names):
        shares = 100 * report.utilisation(name)
        if len(shares) <= _MANY_CORES:
            ax.plot(shares, np.full(len(shares), row), "|", color=BLUE, markersize=12)
        else:
            low, middle, high = np.percentile(shares, (5, 50, 95))
            ax.plot([low, high], [row, row], color=BLUE, linewidth=5, solid_capstyle="butt")
            ax.plot(middle, row, "|", color="white", markersize=8)
            ax.plot(shares.max(), row, "|", color=BLUE, markersize=12)
        ax.plot(shares.mean(), row - 0.3, "^", color=_GREY, markersize=4)
    ax.axvline(100, color="black", linewidth=0.8, linestyle="dashed")
    ax.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    ax.set_xlim(0, max(105.0, ax.get_xlim()[1]))
    ax.set_xlabel("used of the limit (%)")
    many = len(report.sites) > _MANY_CORES
    ax.set_title(
        "bar: 5 to 95 % of the cores, mark: fullest" if many else "mark: a core, triangle: mean",
        loc="left",
    )
    return ax


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
    _heat_map(ax, matrix, "messages per step")
    ax.set_xlabel("to core")
    ax.set_ylabel("from core")
    return ax


def _check_report(report: MappingReport) -> None:
    allowed = "a MappingReport, as from map_image"
    instance("figure", "report", report, MappingReport, allowed, error=RecordingError)


def _heat_map(ax: Axes, table: Float64Array, label: str) -> None:
    image = ax.imshow(table, origin="lower", cmap="viridis", aspect="equal", vmin=0)
    ax.figure.colorbar(image, ax=ax, label=label, shrink=0.8)


def mapping_figure(report: MappingReport) -> Figure:
    """Draw mesh, utilisation and traffic on one page.

    Parameters
    ----------
    report : MappingReport
        Mapping to draw.
    """
    _check_report(report)
    with styled(PAGE):
        figure = new_figure(7.0, 5.6)
        axes = figure.subplots(2, 2)
        plot_mesh(axes[0, 0], report)
        axes[0, 0].set_title("tiles, with their number of cores", loc="left")
        binding = report.binding
        plot_mesh(axes[0, 1], report, max(sorted(set(binding)), key=binding.count))
        axes[0, 1].set_title("what fills most cores", loc="left")
        plot_utilisation(axes[1, 0], report)
        plot_traffic(axes[1, 1], report)
        axes[1, 1].set_title("traffic between cores", loc="left")
    return figure
