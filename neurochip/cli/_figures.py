"""Figures of commands: the options of their files, and the files of a judgement."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .._support.json_text import as_json
from .._support.names import file_stems
from .._support.npz import write_atomically
from ._numbers import DOTS
from ._request import given_options
from ._results import numbers_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..report import Judgement

__all__ = ["figure_options", "write_figure", "write_judgement"]

_FORMATS = ("png", "pdf", "svg")
_CHOSEN = "neurochip.figures"
_FORMAT = click.option(
    "--format",
    "file_format",
    type=click.Choice(_FORMATS),
    default="png",
    show_default=True,
    help="Format of the figures.",
)
_DPI = click.option(
    "--dpi",
    type=DOTS,
    default=300,
    show_default=True,
    help="Dots per inch of png, and of dense rasters in pdf and svg.",
)


def figure_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--format`` and ``--dpi``, which :func:`write_figure` obeys.

    They are refused where the command writes no figures, because ``--output`` is missing.
    """

    @functools.wraps(command)
    def chosen(*, file_format: str, dpi: int, **given: Any) -> Any:
        if given["output"] is None:
            for option in given_options(("file_format", "dpi")):
                raise click.UsageError(f"{option} needs -o: figures are written to a folder.")
        click.get_current_context().meta[_CHOSEN] = (file_format, dpi)
        return command(**given)

    return _FORMAT(_DPI(chosen))


def write_figure(figure: Figure, folder: Path, stem: str) -> Path:
    """Write a figure in the format of the command, and return its path."""
    kind, dpi = click.get_current_context().meta[_CHOSEN]
    path = folder / f"{stem}.{kind}"
    write_atomically(path, lambda file: figure.savefig(file, format=kind, dpi=dpi))
    return path


def write_judgement(judgement: Judgement, folder: Path, prefix: str = "") -> Iterator[Path]:
    """Write figures per population and one JSON of all numbers; yield each path once written.

    The file name of a figure begins with the name of its population, with characters replaced that
    file names may not contain.
    """
    stems = file_stems(population.name for population in judgement.network.populations)
    for population in judgement.network.populations:
        stem = f"{prefix}{stems[population.name]}"
        yield write_figure(judgement.membrane_figure(population.name), folder, f"{stem}_membrane")
        yield write_figure(
            judgement.comparison_figure(population.name), folder, f"{stem}_comparison"
        )
    path, text = folder / f"{prefix}numbers.json", as_json(numbers_of(judgement))
    write_atomically(path, lambda file: file.write(text))
    yield path
