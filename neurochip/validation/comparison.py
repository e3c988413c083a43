"""Result of a comparison for a whole network."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._support.npz import write_json
from .._support.values import shown
from ..chip.registers import OVERFLOWS
from ..errors import RecordingError
from .answer import Answer, answer, lead, worst_first
from .population import PopulationComparison
from .text import describe, one_line, paragraph

__all__ = ["Comparison"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Chip against reference, made by :func:`neurochip.validation.compare`.

    Parameters
    ----------
    reference, chip : str
        Labels of the recordings.
    fine : str or None
        Label of the reference on a finer grid.
    dt : float, ms
        Step of both runs.
    fine_dt : float or None, ms
        Step of the finer reference.
    n_steps : int
        Number of steps of both runs.
    window : float, ms
        Largest distance of coincident spikes.
    min_spikes : int
        With fewer spikes in the reference the verdict is "too few spikes".
    overflows : dict of str to int
        Overflow counters of the chip that are not 0: wrapped sums and clipped voltages.
    populations : dict of str to PopulationComparison
        Comparisons of the populations by name.
    """

    reference: str
    chip: str
    fine: str | None
    dt: float
    fine_dt: float | None
    n_steps: int
    window: float
    min_spikes: int
    overflows: Mapping[str, int]
    populations: Mapping[str, PopulationComparison]

    @property
    def duration(self) -> float:
        """Length of the runs in ms."""
        return self.n_steps * self.dt

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The answer for each population, the largest error first."""
        items = self.populations.values()
        return worst_first(answer(item, self.dt, self.fine_dt) for item in items)

    def population(self, name: str) -> PopulationComparison:
        """Return the comparison of one population.

        Raises
        ------
        RecordingError
            If there is no population of that name.
        """
        if not isinstance(name, str) or name not in self.populations:
            known = ", ".join(repr(known) for known in self.populations)
            raise RecordingError(f"comparison: no population {shown(name)}; there are {known}.")
        return self.populations[name]

    def to_dict(self) -> dict[str, Any]:
        """Return everything except the counts of single neurons, as data for JSON; None for NaN."""
        return {
            "reference": self.reference,
            "chip": self.chip,
            "fine": self.fine,
            "dt": self.dt,
            "fine_dt": self.fine_dt,
            "n_steps": self.n_steps,
            "window": self.window,
            "min_spikes": self.min_spikes,
            "overflows": dict(self.overflows),
            "answers": {item.population: item.to_dict() for item in self.answers},
            "populations": {name: item.to_dict() for name, item in self.populations.items()},
        }

    def to_json(self, path: str | os.PathLike[str]) -> Path:
        """Write :meth:`to_dict` atomically to a JSON file and return its path."""
        return write_json(path, self.to_dict())

    def __str__(self) -> str:
        lines = [
            *paragraph(lead(self.answers)),
            "",
            f"Chip against reference, {self.duration:g} ms in steps of {self.dt:g} ms",
            one_line(f"  reference  {self.reference}"),
            one_line(f"  chip       {self.chip}"),
        ]
        if self.fine is not None:
            lines.append(one_line(f"  fine       dt {self.fine_dt:g} ms: {self.fine}"))
        lines += [
            f"  WARNING    {name} = {count:,} on the chip: {OVERFLOWS[name]}"
            for name, count in self.overflows.items()
        ]
        return "\n".join([*lines, *describe(list(self.populations.values()), self.window)])

    def __repr__(self) -> str:
        verdicts = ", ".join(f"{n}: {p.verdict.value}" for n, p in self.populations.items())
        return f"Comparison({self.duration:g} ms, {verdicts})"
