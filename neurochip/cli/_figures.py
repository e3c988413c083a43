"""Writes the files of a judgement: figures for each population and one JSON of all numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .._support.json_text import as_json
from .._support.names import file_stems
from .._support.npz import write_atomically
from ..report import Judgement
from ._results import numbers_of

__all__ = ["write_judgement"]


def write_judgement(judgement: Judgement, folder: Path, prefix: str = "") -> Iterator[Path]:
    """Write figures per population and one JSON of all numbers; yield each path once written.

    The file name of a figure begins with the name of its population, with characters replaced that
    file names may not contain.
    """
    stems = file_stems(population.name for population in judgement.network.populations)
    for population in judgement.network.populations:
        name = population.name
        figures = {
            "membrane": judgement.membrane_figure(name),
            "comparison": judgement.comparison_figure(name),
        }
        for kind, figure in figures.items():
            path = folder / f"{prefix}{stems[name]}_{kind}.png"
            write_atomically(path, lambda file, f=figure: f.savefig(file, format="png"))
            yield path
    path, text = folder / f"{prefix}numbers.json", as_json(numbers_of(judgement))
    write_atomically(path, lambda file: file.write(text))
    yield path
