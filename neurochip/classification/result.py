"""Accuracies of a classifier in float64 and on chips: numbers, sentence and table."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.brief import line
from .._support.json_text import plain_data
from .._support.text import counted, percent
from .._support.values import ArrayValue, shown
from ..errors import AnalysisError
from ..image import ChipImage
from ..typing import Int64Array
from .statistics import holm, mcnemar, wilson_interval

__all__ = ["HEADER", "ChipAccuracy", "Classification"]

_LEVEL = 0.05  # of a test
_WIDTH = 80  # columns of the printed text
HEADER = ("", "accuracy", "95 % interval", "against float", "p", "tied")


@dataclass(frozen=True, kw_only=True, eq=False)
class ChipAccuracy(ArrayValue):
    """Classes that one chip gives to the samples.

    Parameters
    ----------
    name : str
        Name of the chip.
    bits : int
        Bits of its weights.
    image : ChipImage
        The compiled network.
    labels, floats, classes : ndarray of int64, shape (n_samples,)
        The true class of each sample, that in float64, and that on the chip.
    tied : int
        Samples for which several classes had the highest score on the chip; the first was taken.
    """

    name: str
    bits: int
    image: ChipImage
    labels: Int64Array
    floats: Int64Array
    classes: Int64Array
    tied: int

    def __repr__(self) -> str:
        return line(self, repr(self.name), counted(self.bits, "bit"), _accuracy(self.accuracy))

    @property
    def hits(self) -> int:
        """Number of samples that the chip classifies correctly."""
        return int(np.count_nonzero(self.classes == self.labels))

    @property
    def accuracy(self) -> float:
        """Fraction of the samples that the chip classifies correctly."""
        return self.hits / len(self.labels)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy (Wilson 1927)."""
        return wilson_interval(self.hits, len(self.labels))

    @property
    def lost(self) -> int:
        """Samples that float64 classifies correctly and the chip does not."""
        right = self.floats == self.labels
        return int(np.count_nonzero(right & (self.classes != self.labels)))

    @property
    def won(self) -> int:
        """Samples that the chip classifies correctly and float64 does not."""
        wrong = self.floats != self.labels
        return int(np.count_nonzero(wrong & (self.classes == self.labels)))

    @property
    def difference(self) -> float:
        """Accuracy on the chip minus accuracy in float64."""
        return (self.won - self.lost) / len(self.labels)

    @property
    def p_value(self) -> float:
        """P-value of McNemar's exact test that chip and float64 are equally accurate."""
        return mcnemar(self.lost, self.won)

    @property
    def disagreeing(self) -> Int64Array:
        """Indices of the samples to which chip and float64 give different classes."""
        return np.flatnonzero(self.classes != self.floats)


@dataclass(frozen=True, kw_only=True, eq=False)
class Classification(ArrayValue):
    """Accuracy of a trained network in float64 and on chips; made by :func:`classify`.

    Parameters
    ----------
    labels, floats : ndarray of int64, shape (n_samples,)
        The true class of each sample, and that in float64.
    tied : int
        Samples for which several classes had the highest score in float64; the first was taken.
    chips : tuple of ChipAccuracy
        One for each chip, from the widest weights down.
    problems : dict of int to str
        Numbers of weight bits for which the network cannot be compiled, each with its reason.
    n_classes : int
        Number of neurons of the output.
    decode : str
        Name of the rule that reads the class.
    """

    labels: Int64Array
    floats: Int64Array
    tied: int
    chips: tuple[ChipAccuracy, ...]
    problems: Mapping[int, str]
    n_classes: int
    decode: str

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

    def at(self, bits: int) -> ChipAccuracy:
        """Return the result for a number of weight bits.

        Raises
        ------
        AnalysisError
            If no chip had that many.
        """
        for item in self.chips:
            if item.bits == bits:
                return item
        had = ", ".join(str(item.bits) for item in self.chips)
        raise AnalysisError(f"classify: bits = {shown(bits)}; allowed: {had}.")

    def confusion(self, bits: int | None = None) -> Int64Array:
        """Return how often each class was taken for each other.

        Parameters
        ----------
        bits : int, optional
            Weight bits of the chip. Default: the float64 run.

        Returns
        -------
        ndarray of int64, shape (n_classes, n_classes)
            Samples by true class (rows) and given class (columns).
        """
        given = self.floats if bits is None else self.at(bits).classes
        pairs = np.bincount(self.labels * self.n_classes + given, minlength=self.n_classes**2)
        return pairs.reshape(self.n_classes, self.n_classes).astype(np.int64)

    @property
    def p_values(self) -> tuple[float, ...]:
        """P-value of each chip, adjusted for the number of chips (Holm 1979)."""
        return tuple(holm([item.p_value for item in self.chips]))

    @property
    def losing(self) -> tuple[bool, ...]:
        """Whether each chip is less accurate than float64, with an adjusted p-value below 0.05."""
        pairs = zip(self.chips, self.p_values, strict=True)
        return tuple(p < _LEVEL and item.lost > item.won for item, p in pairs)

    @property
    def lead(self) -> str:
        """The result in one sentence: how far down nothing is lost, and what is lost next."""
        first = self.losing.index(True) if any(self.losing) else len(self.chips)
        parts = []
        if first > 0:
            parts.append(self._said(first - 1, f"nothing that {self.n_samples} samples can show"))
        if first < len(self.chips):
            points = -100 * self.chips[first].difference
            parts.append(self._said(first, f"{points:.1f} points"))
        return "; ".join(parts) + "."

    def _said(self, index: int, what: str) -> str:
        item, p = self.chips[index], self.p_values[index]
        subject = counted(item.bits, "weight bit") if len(self.chips) > 1 else "The chip"
        verb = "lose" if subject.endswith("bits") else "loses"
        return (
            f"{subject} {verb} {what} ({_accuracy(item.accuracy)} against "
            f"{_accuracy(self.accuracy)} in float, {'p < 0.001' if p < 0.001 else f'p = {p:.2g}'})"
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
                    }
                    for item, p in zip(self.chips, self.p_values, strict=True)
                ],
                "problems": {str(bits): reason for bits, reason in self.problems.items()},
            }
        )
        return found

    def _problem_lines(self) -> list[str]:
        texts = [f"{counted(bits, 'bit')}: {reason}" for bits, reason in self.problems.items()]
        return [
            line
            for text in texts
            for line in textwrap.wrap(
                text, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
            )
        ]

    @property
    def subject(self) -> str:
        """Number of samples and classes, and the rule that reads the class."""
        return (
            f"{counted(self.n_samples, 'sample')}, {self.n_classes} classes, decoded by "
            f"{self.decode}"
        )

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table of accuracies as text: float, then the chips."""
        rows: list[tuple[str, ...]] = [
            ("float", *_cells(self.accuracy, self.interval), "", "", str(self.tied))
        ]
        rows += [
            (
                counted(item.bits, "bit"),
                *_cells(item.accuracy, item.interval),
                f"{100 * item.difference:+.1f} points ({item.lost} lost, {item.won} won)",
                f"{p:.2g}",
                str(item.tied),
            )
            for item, p in zip(self.chips, self.p_values, strict=True)
        ]
        return rows

    def __repr__(self) -> str:
        facts = [f"{counted(item.bits, 'bit')}: {_accuracy(item.accuracy)}" for item in self.chips]
        float_ = f"float: {_accuracy(self.accuracy)}"
        return line(self, counted(self.n_samples, "sample"), float_, *facts)

    def __str__(self) -> str:
        lines = [
            *textwrap.wrap(self.lead, _WIDTH, subsequent_indent="  "),
            "",
            self.subject,
            *_table([HEADER, *self.rows()]),
            *self._problem_lines(),
        ]
        return "\n".join(lines)


def _accuracy(value: float) -> str:
    return percent(value, sign="", digits=1)


def _cells(accuracy: float, interval: tuple[float, float]) -> tuple[str, str]:
    low, high = (100 * end for end in interval)
    return _accuracy(accuracy), f"{low:.1f} to {high:.1f} %"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows
    ]
