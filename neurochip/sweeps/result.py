"""Result of a sweep: flat rows, one for each point and population."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._support.extras import require
from .._support.values import shown
from ..errors import SweepError
from .journal import Journal, read_journal
from .records import COLUMNS, SPLIT, SweepRow, rows_of

__all__ = ["Sweep", "path_of", "read_sweep"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sweep:
    """Finished points of a sweep.

    Parameters
    ----------
    header : dict
        Description of the sweep: axes, number of points, duration, versions, digests of network
        and chip.
    records : tuple of dict
        Results of each point, in the order of the points, as in the file.
    path : Path or None
        Path of the file, if there is one.
    """

    header: Mapping[str, Any]
    records: tuple[Mapping[str, Any], ...]
    path: Path | None = None

    @classmethod
    def from_journal(cls, journal: Journal) -> Sweep:
        """Return the sweep of a journal."""
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
    def rows(self) -> list[SweepRow]:
        """One flat dictionary for each point and population, all with the same columns.

        ``point`` and the axes, ``population``, then the fields of
        :class:`~neurochip.validation.PopulationComparison` (an interval as ``_low`` and ``_high``,
        the split as ``quantisation_signed`` and so on), overflows, and what ``measure`` returned.
        A point that the chip cannot hold is one row with a ``problem`` and None elsewhere.
        """
        measured = dict.fromkeys(name for item in self.records for name in item.get("measured", ()))
        results = [*COLUMNS, *(SPLIT if self.header["fine_dt"] is not None else ())]
        return [row for record in self.records for row in rows_of(record, results, [*measured])]

    def column(self, name: str, population: str | None = None) -> list[Any]:
        """Return one column, of all rows or of those of one population.

        Parameters
        ----------
        name : str
            A key of the rows.
        population : str, optional
            Return only rows of this population.

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

        Points with a problem are omitted; combinations that were not run are NaN.

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
        Path that was given to :func:`sweep`.

    Returns
    -------
    Sweep
        Its finished points. The last line may be cut off, as it can be while the sweep runs.

    Raises
    ------
    SweepError
        If the file cannot be read, is not a sweep, has a newer format, or is damaged before its
        end. :func:`sweep` can continue a damaged file.
    """
    source = path_of(path)
    found = read_journal(source)
    if found.damaged:
        raise SweepError(
            f"{source}: {found.damaged[0]} is damaged. Run the sweep again with this path: it "
            "keeps the other points, and computes what is missing."
        )
    records = tuple(found.records[point] for point in sorted(found.records))
    return Sweep(header=found.header, records=records, path=source)


def path_of(path: Any) -> Path:
    """Return the path of a sweep as a :class:`Path`.

    Raises
    ------
    SweepError
        If it is not a path.
    """
    try:
        return Path(path)
    except TypeError:
        raise SweepError(
            f"sweep: path = {shown(path)}; allowed: the path of a file (.jsonl)."
        ) from None
