"""Accuracies and tables of them as text."""

from __future__ import annotations

from collections.abc import Sequence

from .._support.text import aligned, percent

__all__ = ["accuracy_cells", "as_table", "said_accuracy"]


def said_accuracy(value: float) -> str:
    """Return an accuracy in percent with one decimal."""
    return percent(value, sign="", digits=1)


def accuracy_cells(accuracy: float, interval: tuple[float, float]) -> tuple[str, str]:
    """Return an accuracy and its interval as text."""
    low, high = (100 * end for end in interval)
    return said_accuracy(accuracy), f"{low:.1f} to {high:.1f} %"


def as_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of text as lines with aligned columns."""
    return [f"  {line}" for line in aligned(rows)]
