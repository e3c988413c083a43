"""Words and units of quantities, as figures show them: "weight bits", "time step (ms)"."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Label", "words"]


def words(name: str) -> str:
    """Return the words of a name of the program: ``chip_rate`` becomes "chip rate"."""
    return name.replace("_", " ")


class Label(NamedTuple):
    """A quantity in words, and its unit.

    Parameters
    ----------
    words : str
        What the quantity is.
    unit : str
        Its unit, ``"%"`` for a fraction that is shown in percent, or empty.
    """

    words: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.words} ({self.unit})" if self.unit else self.words

    @property
    def factor(self) -> float:
        """Number by which values are multiplied to be shown in the unit."""
        return 100.0 if self.unit == "%" else 1.0

    def of(self, value: object) -> str:
        """Return the quantity with one of its values: "time step = 0.5 ms"."""
        unit = f" {self.unit}" if self.unit else ""
        shown = f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else value
        return f"{self.words} = {shown}{unit}"
