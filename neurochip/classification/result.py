"""Accuracies of a classifier in float64 and on chips: numbers, sentence and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.brief import line
from .._support.json_text import plain_data
from .._support.text import counted, folded
from .._support.values import ArrayValue, shown
from ..errors import AnalysisError
from ..typing import Int64Array
from .accuracy import ChipAccuracy, Unfit
from .statistics import LEVEL, holm, said_p, wilson_interval
from .text import accuracy_cells, as_table, said_accuracy

__all__ = ["COSTS", "HEADER", "Classification"]

HEADER = ("", "accuracy", "95 % interval", "points", "lost", "won", "p", "tied")
"""Columns of the table of accuracies; points, lost and won are against float."""

COSTS = "spikes, energy (dynamic, estimated) and latency of a sample, by table of costs"


@dataclass(frozen=True, kw_only=True, eq=False)
class Classification(ArrayValue):
    """Accuracy of a trained network in float64 and on chips; made by :func:`classify`.

    Parameters
    ----------
    labels, floats : ndarray of int64, shape (n_samples,)
        The true class of each sample, and that in float64.
    tied : int
        Samples for which several classes had the highest score in float64; the first was taken.
    layers : dict of str to ndarray of int64, shape (n_samples,)
        Spikes of each population in float64.
    chips : tuple of ChipAccuracy
        In the order of the chips, and for each from the widest weights down.
    problems : tuple of Unfit
        Chips and weight bits for which the network cannot be compiled.
    n_classes : int
        Number of neurons of the output.
    decode : str
        Name of the rule that reads the class.
    """

    labels: Int64Array
    floats: Int64Array
    tied: int
    layers: Mapping[str, Int64Array]
    chips: tuple[ChipAccuracy, ...]
    problems: tuple[Unfit, ...]
    n_classes: int
    decode: str

    @property
    def spikes(self) -> Int64Array:
        """Spikes of all neurons in float64, shape (n_samples,)."""
        total: Int64Array = np.sum([*self.layers.values()], axis=0)
        return total

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.labels)

    @property
    def hits(self) -> int:
        """Number of samples that float64 classifies correctly."""
        return int(np.count_nonzero(self.floats == self.labels))

    @property
    def accuracy(self) -> float:
        """Fraction of the samples that float64 classifies correctly."""
        return self.hits / self.n_samples

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy in float64 (Wilson 1927)."""
        return wilson_interval(self.hits, self.n_samples)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the chips."""
        return tuple(dict.fromkeys(item.name for item in self.chips))

    @property
    def unfit(self) -> tuple[str, ...]:
        """Names of the chips that the network cannot be compiled for, whatever the bits."""
        names = dict.fromkeys(item.chip for item in self.problems)
        return tuple(name for name in names if name not in self.names)

    @property
    def _one(self) -> bool:
        """Tell whether there is one chip only, so that it needs no name."""
        return len(self.names) + len(self.unfit) == 1

    def at(self, bits: int, chip: str | None = None) -> ChipAccuracy:
        """Return the result for a number of weight bits.

        Parameters
        ----------
        bits : int
            Weight bits of the chip.
        chip : str, optional
            Name of the chip. Default: the only one.

        Raises
        ------
        AnalysisError
            If no chip had that many, or there are several chips and no name.
        """
        names = ", ".join(map(repr, self.names))
        if chip not in self.names and not (chip is None and len(self.names) == 1):
            raise AnalysisError(f"classify: chip = {shown(chip)}; allowed: {names}.")
        own = [item for item in self.chips if chip in (None, item.name)]
        for item in own:
            if item.bits == bits:
                return item
        had = ", ".join(str(item.bits) for item in own)
        raise AnalysisError(f"classify: bits = {shown(bits)}; allowed: {had}.")

    def confusion(self, bits: int | None = None, chip: str | None = None) -> Int64Array:
        """Return how often each class was taken for each other.

        Parameters
        ----------
        bits : int, optional
            Weight bits of the chip. Default: the float64 run.
        chip : str, optional
            Name of the chip. Default: the only one.

        Returns
        -------
        ndarray of int64, shape (n_classes, n_classes)
            Samples by true class (rows) and given class (columns).
        """
        given = self.floats if bits is None else self.at(bits, chip).classes
        pairs = np.bincount(self.labels * self.n_classes + given, minlength=self.n_classes**2)
        return pairs.reshape(self.n_classes, self.n_classes).astype(np.int64)

    @property
    def p_values(self) -> tuple[float, ...]:
        """P-value of each chip and width, adjusted for their number (Holm 1979)."""
        return tuple(holm([item.p_value for item in self.chips]))

    @property
    def losing(self) -> tuple[bool, ...]:
        """Tell for each chip whether it loses accuracy: its adjusted p-value is below 0.05."""
        pairs = zip(self.chips, self.p_values, strict=True)
        return tuple(p < LEVEL and item.lost > item.won for item, p in pairs)

    @property
    def lead(self) -> str:
        """The result, a sentence for each chip: how far down nothing is lost, and what is next."""
        return " ".join(self._sentences())

    def _sentences(self) -> list[str]:
        cannot = [f"The network cannot be compiled for {name}." for name in self.unfit]
        return [*map(self._lead_of, self.names), *cannot]

    def _lead_of(self, name: str) -> str:
        own = [k for k, item in enumerate(self.chips) if item.name == name]
        losing = [k for k in own if self.losing[k]]
        first = own.index(losing[0]) if losing else len(own)
        parts = []
        if first > 0:
            what = f"nothing that {self.n_samples} samples can show"
            parts.append(self._said(own[first - 1], what, widths=len(own)))
        if first < len(own):
            points = -100 * self.chips[own[first]].difference
            parts.append(self._said(own[first], f"{points:.1f} points", widths=len(own)))
        several = not self._one and len(own) > 1
        return (f"{name}: " if several else "") + "; ".join(parts) + "."

    def _said(self, index: int, what: str, widths: int) -> str:
        item, p = self.chips[index], self.p_values[index]
        alone = "The chip" if self._one else item.name
        subject = counted(item.bits, "weight bit") if widths > 1 else alone
        verb = "lose" if subject.endswith("bits") else "loses"
        return (
            f"{subject} {verb} {what} ({said_accuracy(item.accuracy)} against "
            f"{said_accuracy(self.accuracy)} in float, {said_p(p)})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as plain lists and dicts, ready for JSON."""
        found: dict[str, Any] = plain_data(
            {
                "lead": self.lead,
                "samples": self.n_samples,
                "classes": self.n_classes,
                "decode": self.decode,
                "labels": self.labels.tolist(),
                "float": {
                    "classes": self.floats.tolist(),
                    "accuracy": self.accuracy,
                    "interval": self.interval,
                    "tied": self.tied,
                    "spikes": _means(self.layers),
                    "confusion": self.confusion().tolist(),
                },
                "chips": [
                    {
                        "name": item.name,
                        "bits": item.bits,
                        "image": item.image.digest(),
                        "classes": item.classes.tolist(),
                        "accuracy": item.accuracy,
                        "interval": item.interval,
                        "lost": item.lost,
                        "won": item.won,
                        "p_value": p,
                        "tied": item.tied,
                        "disagreeing": item.disagreeing.tolist(),
                        "confusion": self.confusion(item.bits, item.name).tolist(),
                        "spikes": _means(item.layers),
                        "costs": {
                            name: {
                                "energy_joule": cost.energy,
                                "latency_second": cost.latency,
                                "partial": cost.partial,
                            }
                            for name, cost in item.costs.items()
                        },
                    }
                    for item, p in zip(self.chips, self.p_values, strict=True)
                ],
                "problems": [item._asdict() for item in self.problems],
            }
        )
        return found

    @property
    def subject(self) -> str:
        """Number of samples and classes, and the rule that reads the class."""
        return (
            f"{counted(self.n_samples, 'sample')}, {self.n_classes} classes, decoded by "
            f"{self.decode}"
        )

    def rows(self, chip: str) -> list[tuple[str, ...]]:
        """Return the table of accuracies of a chip as text: float, then each width."""
        rows: list[tuple[str, ...]] = [
            ("float", *accuracy_cells(self.accuracy, self.interval), "", "", "", "", str(self.tied))
        ]
        rows += [
            (
                counted(item.bits, "bit"),
                *accuracy_cells(item.accuracy, item.interval),
                f"{100 * item.difference:+.1f}",
                str(item.lost),
                str(item.won),
                f"{p:.2g}",
                str(item.tied),
            )
            for item, p in zip(self.chips, self.p_values, strict=True)
            if item.name == chip
        ]
        return rows

    def cost_rows(self, chip: str) -> list[tuple[str, ...]]:
        """Return spikes of a sample, and its energy and latency by each table, as text."""
        own = [item for item in self.chips if item.name == chip]
        blank = [""] * len(own[0].costs)
        return [
            ("", "spikes", *own[0].costs),
            ("float", f"{self.spikes.mean():.1f}", *blank),
            *(
                (
                    counted(item.bits, "bit"),
                    f"{item.spikes.mean():.1f}",
                    *map(str, item.costs.values()),
                )
                for item in own
            ),
        ]

    def _label(self, name: str, bits: int) -> str:
        prefix = "" if self._one else f"{name}, "
        return prefix + counted(bits, "bit")

    def problem_texts(self) -> list[str]:
        """Return the reason of each chip and width that the network cannot be compiled for."""
        return [f"{self._label(item.chip, item.bits)}: {item.reason}" for item in self.problems]

    def __repr__(self) -> str:
        facts = [
            f"{self._label(item.name, item.bits)}: {said_accuracy(item.accuracy)}"
            for item in self.chips
        ]
        float_ = f"float: {said_accuracy(self.accuracy)}"
        return line(self, counted(self.n_samples, "sample"), float_, *facts)

    def __str__(self) -> str:
        lines = [part for sentence in self._sentences() for part in folded(sentence)]
        lines += ["", self.subject]
        for name in self.names:
            lines += [] if self._one else [f"\n{name}"]
            lines += as_table([HEADER, *self.rows(name)])
            header, *rows = self.cost_rows(name)
            lines += ["", COSTS if header[2:] else "spikes of a sample", *as_table([header, *rows])]
        for text in self.problem_texts():
            lines += folded(text, first="  ", indent="    ")
        return "\n".join(lines)


def _means(layers: Mapping[str, Int64Array]) -> dict[str, float]:
    return {name: float(spikes.mean()) for name, spikes in layers.items()}
