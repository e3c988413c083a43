"""What a sweep gave: flat rows, one for each point and population."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._extras import require
from ..errors import SweepError
from ..validation.comparison import OVERFLOWS
from .journal import Journal, read_journal

__all__ = ["RESULT_COLUMNS", "Row", "Sweep", "read_sweep"]

Row = dict[str, Any]

_POINT = ("point", "problem", "image", "population")
_POPULATION = (
    *("verdict", "size", "reference_spikes", "chip_spikes", "reference_rate", "chip_rate"),
    *("rate_error", "rate_error_low", "rate_error_high"),
    *("rate_difference_low", "rate_difference_high", "beyond_chance"),
    *("mean_absolute_error_hz", "mean_absolute_error", "mean_neuron_rate_error"),
    *("worst_neuron", "neurons_differing", "reference_cv", "chip_cv", "equal_spikes"),
    *("coincidence", "reference_saturated", "chip_saturated"),
    *("v_rmse", "v_largest_error", "v_neurons"),
)
_SPLIT = tuple(
    f"{part}_{kind}"
    for part in ("quantisation", "time_step", "total")
    for kind in ("signed", "absolute")
)
RESULT_COLUMNS = (*_POINT, *_POPULATION, *_SPLIT, *OVERFLOWS)
"""Names that no axis may have."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sweep:
    """The points of a sweep that are done.

    Parameters
    ----------
    header : dict
        What the sweep was: axes, number of points, duration, versions, digests of network and chip.
    records : tuple of dict
        What each point gave, in the order of the points, as in the file.
    path : Path or None
        The file, if there is one.
    """

    header: Mapping[str, Any]
    records: tuple[Mapping[str, Any], ...]
    path: Path | None = None

    @classmethod
    def from_journal(cls, journal: Journal) -> Sweep:
        """Return the records of a journal."""
        return cls(
            header=journal.header, records=tuple(journal.records.values()), path=journal.path
        )

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes."""
        return tuple(self.header["axes"])

    @property
    def complete(self) -> bool:
        """Whether all points are done."""
        return bool(len(self.records) == self.header["points"])

    @property
    def populations(self) -> tuple[str, ...]:
        """Names of the populations, in order."""
        names = (name for record in self.records for name in record.get("populations", ()))
        return tuple(dict.fromkeys(names))

    @functools.cached_property
    def rows(self) -> list[Row]:
        """One flat dictionary for each point and population, all with the same columns.

        ``point`` and the axes, ``population``, then the fields of
        :class:`~neurochip.validation.PopulationComparison` (an interval as ``_low`` and ``_high``,
        the split as ``quantisation_signed`` and so on), overflows, and what ``measure`` returned.
        A point that the chip cannot hold is one row with a ``problem`` and None elsewhere.
        """
        measured = dict.fromkeys(name for item in self.records for name in item.get("measured", ()))
        for name in measured:
            if name in (*RESULT_COLUMNS, *self.axes):
                raise SweepError(
                    f"sweep: measure returned {name!r}, which is the name of another column; "
                    "rename it."
                )
        results = [*_POPULATION, *(_SPLIT if self.header["fine"] is not None else ())]
        return [
            row
            for record in self.records
            for row in _rows(record, results, [*OVERFLOWS], [*measured])
        ]

    def column(self, name: str, population: str | None = None) -> list[Any]:
        """Return one column, of all rows or of those of one population.

        Parameters
        ----------
        name : str
            A key of the rows.
        population : str, optional
            Leaves out other populations, and points that have none.

        Raises
        ------
        SweepError
            If there is no such column or population.
        """
        if self.rows and name not in self.rows[0]:
            raise SweepError(
                f"sweep: no column {name!r}; there are {', '.join(map(repr, self.rows[0]))}."
            )
        if population is not None and population not in self.populations:
            known = ", ".join(map(repr, self.populations)) or "none"
            raise SweepError(f"sweep: no population {population!r}; there are {known}.")
        return [row[name] for row in self.rows if population in (None, row["population"])]

    def to_pandas(self) -> Any:
        """Return the rows as a ``pandas.DataFrame``.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        return require("pandas", "sweep", "Sweep.to_pandas").DataFrame(self.rows)

    def to_xarray(self) -> Any:
        """Return a ``xarray.Dataset`` with the axes and ``population`` as dimensions.

        Points that have a problem are left out; combinations that were not run are NaN.

        Raises
        ------
        MissingExtraError
            If xarray or pandas is not installed.
        """
        xarray = require("xarray", "sweep", "Sweep.to_xarray")
        frame = self.to_pandas()
        run = frame[frame["population"].notna()].drop(columns=["problem"])
        return xarray.Dataset.from_dataframe(run.set_index([*self.axes, "population"]))

    def __repr__(self) -> str:
        return (
            f"Sweep({', '.join(self.axes)}: {len(self.records)} of {self.header['points']} points)"
        )


def read_sweep(path: str | os.PathLike[str]) -> Sweep:
    """Read the file of a sweep, finished or not.

    Parameters
    ----------
    path : path
        As given to :func:`sweep`.

    Raises
    ------
    SweepError
        If it is no file of a sweep, too new, or damaged.
    """
    header, records, _ = read_journal(Path(path))
    return Sweep(
        header=header, records=tuple(records[point] for point in sorted(records)), path=Path(path)
    )


def _rows(
    record: Mapping[str, Any],
    results: Sequence[str],
    overflows: Sequence[str],
    measured: Sequence[str],
) -> Iterator[Row]:
    found = record.get("populations") or {None: {}}
    for population, values in found.items():
        flat = dict(_flat(values))
        yield {
            "point": record["point"],
            **record["axes"],
            "population": population,
            **{name: flat.get(name) for name in results},
            **{
                name: record["overflows"].get(name, 0) if population is not None else None
                for name in overflows
            },
            **{name: record.get("measured", {}).get(name) for name in measured},
            "image": record.get("image"),
            "problem": record["problem"],
        }


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if name.endswith("_interval"):
            low, high = value
            yield name.replace("_interval", "_low"), low
            yield name.replace("_interval", "_high"), high
        elif name == "split":
            for part, errors in (value or {}).items():
                yield f"{part}_signed", errors["signed"]
                yield f"{part}_absolute", errors["absolute"]
        else:
            yield name, value
