"""The registers that cost the accuracy: numbers, sentence and table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._support.brief import line
from .._support.json_text import plain_data
from .._support.text import counted, folded
from .._support.values import ArrayValue
from ..typing import Int64Array
from .statistics import LEVEL, Paired, holm, said_p
from .text import as_table, said_accuracy

__all__ = ["EFFECTS", "AccuracyAttribution", "RegisterEffect"]

EFFECTS = ("", "alone", "lost", "won", "p", "last", "lost", "won", "p")
"""Columns of the table of effects; alone and last are points."""


@dataclass(frozen=True, kw_only=True)
class RegisterEffect:
    """Effect of one register, or rule of the arithmetic, on the accuracy.

    Parameters
    ----------
    source : str
        Name of the register or rule, as in an :class:`Attribution`.
    alone : Paired
        Float64 with only this register rounded, against float64.
    last : Paired
        The chip, against the chip with this register alone exact: what would be gained by it.
    p_alone, p_last : float
        Their p-values, adjusted for the number of effects (Holm 1979).
    """

    source: str
    alone: Paired
    last: Paired
    p_alone: float
    p_last: float

    @property
    def costs(self) -> bool:
        """Tell whether the register alone loses accuracy: its adjusted p-value is below 0.05."""
        return self.p_alone < LEVEL and self.alone.difference < 0

    def __repr__(self) -> str:
        points = [f"{100 * item.difference:+.1f} points" for item in (self.alone, self.last)]
        return line(self, repr(self.source), f"alone {points[0]}", f"last {points[1]}")


@dataclass(frozen=True, kw_only=True, eq=False)
class AccuracyAttribution(ArrayValue):
    """Loss of accuracy on a chip, by register; made by :func:`attribute_accuracy`.

    Parameters
    ----------
    name : str
        Name of the chip.
    bits : int
        Bits of its weights.
    labels, floats, classes : ndarray of int64, shape (n_samples,)
        The true class of each sample, that in float64, and that on the chip.
    effects : tuple of RegisterEffect
        Registers that change the class of a sample, from the largest loss alone.
    without : tuple of str
        Registers that change no class.
    unexplained : int
        Samples to which the model of the chip gives another class than the emulator or, with all
        registers exact, another than float64; 0 unless two scores are equal within rounding.
    """

    name: str
    bits: int
    labels: Int64Array
    floats: Int64Array
    classes: Int64Array
    effects: tuple[RegisterEffect, ...]
    without: tuple[str, ...]
    unexplained: int

    @classmethod
    def of_classes(
        cls,
        labels: Int64Array,
        floats: Int64Array,
        classes: Int64Array,
        alone: dict[str, Int64Array],
        without: dict[str, Int64Array],
        **parts: Any,
    ) -> AccuracyAttribution:
        """Return the result of runs.

        Parameters
        ----------
        labels, floats, classes
            As for the result.
        alone, without : dict of str to ndarray of int64, shape (n_samples,)
            Classes with only one register rounded, and with all others, by its name.
        **parts
            The other fields of the result.
        """
        pairs = {
            source: (Paired.of(labels, floats, alone[source]), Paired.of(labels, last, classes))
            for source, last in without.items()
            if (alone[source] != floats).any() or (last != classes).any()
        }
        adjusted = holm([item.p_value for pair in pairs.values() for item in pair])
        values = iter(adjusted)
        effects = [
            RegisterEffect(
                source=source, alone=one, last=last, p_alone=next(values), p_last=next(values)
            )
            for source, (one, last) in pairs.items()
        ]
        effects.sort(key=lambda item: (item.alone.difference, item.last.difference))
        return cls(
            labels=labels,
            floats=floats,
            classes=classes,
            effects=tuple(effects),
            without=tuple(source for source in without if source not in pairs),
            **parts,
        )

    @property
    def total(self) -> Paired:
        """The chip against float64."""
        return Paired.of(self.labels, self.floats, self.classes)

    def effect(self, source: str) -> RegisterEffect | None:
        """Return the effect of the register ``source``; None if it changes no class."""
        return next((item for item in self.effects if item.source == source), None)

    @property
    def lead(self) -> str:
        """The registers that cost accuracy, in one sentence."""
        total, n = self.total, len(self.labels)
        verb = "lose" if self.bits > 1 else "loses"
        said = f"{counted(self.bits, 'weight bit')} {verb}"
        if not (total.p_value < LEVEL and total.difference < 0):
            p = said_p(total.p_value)
            return f"{said} nothing that {n} samples can show ({p}): there is nothing to attribute."
        said += f" {-100 * total.difference:.1f} points"
        costly = [item for item in self.effects if item.costs]
        if not costly:
            return f"{said}; no register alone loses what {n} samples can show."
        listed = ", ".join(
            f"{item.source} {-100 * item.alone.difference:.1f} ({said_p(item.p_alone)})"
            for item in costly
        )
        back = -100 * costly[0].last.difference
        return (
            f"{said}; alone, these cost: {listed}. With exact {costly[0].source}, the chip would "
            f"lose {-100 * total.difference - back:.1f} points."
        )

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table of effects as text."""
        return [
            (
                item.source,
                *(
                    cell
                    for pair, p in ((item.alone, item.p_alone), (item.last, item.p_last))
                    for cell in (
                        f"{100 * pair.difference:+.1f}",
                        str(pair.lost),
                        str(pair.won),
                        f"{p:.2g}",
                    )
                ),
            )
            for item in self.effects
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as plain lists and dicts, ready for JSON."""
        found: dict[str, Any] = plain_data(
            {
                "lead": self.lead,
                "name": self.name,
                "bits": self.bits,
                "effects": [
                    {
                        "source": item.source,
                        "alone": item.alone._asdict() | {"p_value": item.p_alone},
                        "last": item.last._asdict() | {"p_value": item.p_last},
                    }
                    for item in self.effects
                ],
                "without": list(self.without),
                "unexplained": self.unexplained,
            }
        )
        return found

    @property
    def notes(self) -> list[str]:
        """Registers without an effect, and samples that the model does not explain."""
        notes = [f"no effect on any class: {', '.join(self.without)}"] if self.without else []
        if self.unexplained:
            notes.append(f"unexplained by the model: {counted(self.unexplained, 'sample')}")
        return notes

    def __repr__(self) -> str:
        points = f"{100 * self.total.difference:+.1f} points"
        return line(self, repr(self.name), counted(self.bits, "bit"), points)

    def __str__(self) -> str:
        lines = folded(self.lead)
        if self.effects:
            lines += ["", f"accuracy in points, {self.name}, {counted(self.bits, 'weight bit')}"]
            lines += as_table([EFFECTS, *self.rows()])
        for note in self.notes:
            lines += folded(note, first="  ", indent="    ")
        right = said_accuracy(float((self.classes == self.labels).mean()))
        return "\n".join([*lines, f"  accuracy on the chip: {right}"])
