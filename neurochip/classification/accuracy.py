"""Accuracy and cost of a classifier on one chip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .._support.brief import brief, line
from .._support.text import counted, si
from .._support.values import ArrayValue
from ..image import ChipImage
from ..typing import Float64Array, Int64Array
from .statistics import Paired, wilson_interval
from .text import said_accuracy

__all__ = ["ChipAccuracy", "InferenceCost", "Unfit"]


@dataclass(frozen=True, kw_only=True, eq=False)
class InferenceCost(ArrayValue):
    """Estimated energy and time of each sample, by one table of costs.

    Parameters
    ----------
    table : str
        Name of the table of costs.
    energies : ndarray of float64, shape (n_samples,), J
        Dynamic energy of each sample, without static power.
    times : ndarray of float64, shape (n_samples,), s
        Time from the first to the last step of each sample.
    partial : bool
        Whether the table lacks the cost of neuron programs or payloads, so that energy and time are
        lower bounds.
    """

    table: str
    energies: Float64Array
    times: Float64Array
    partial: bool = False

    @property
    def energy(self) -> float:
        """Mean dynamic energy of a sample in J."""
        return float(self.energies.mean())

    @property
    def latency(self) -> float:
        """Mean time of a sample in s."""
        return float(self.times.mean())

    def __str__(self) -> str:
        least = "at least " if self.partial else ""
        return f"{least}{si(self.energy)}J, {si(self.latency)}s"

    def __repr__(self) -> str:
        return line(self, repr(self.table), str(self))


class Unfit(NamedTuple):
    """A chip that the network cannot be compiled for: its name, its weight bits and the reason."""

    chip: str
    bits: int
    reason: str

    def __repr__(self) -> str:
        return brief(self)


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
    layers : dict of str to ndarray of int64, shape (n_samples,)
        Spikes of each population on the chip.
    costs : dict of str to InferenceCost
        Estimates by the name of the table of costs.
    """

    name: str
    bits: int
    image: ChipImage
    labels: Int64Array
    floats: Int64Array
    classes: Int64Array
    tied: int
    layers: Mapping[str, Int64Array]
    costs: Mapping[str, InferenceCost]

    def __repr__(self) -> str:
        return line(self, repr(self.name), counted(self.bits, "bit"), said_accuracy(self.accuracy))

    @property
    def spikes(self) -> Int64Array:
        """Spikes of all neurons on the chip, shape (n_samples,)."""
        total: Int64Array = np.sum([*self.layers.values()], axis=0)
        return total

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
    def paired(self) -> Paired:
        """The chip against float64 on the same samples."""
        return Paired.of(self.labels, self.floats, self.classes)

    @property
    def lost(self) -> int:
        """Samples that float64 classifies correctly and the chip does not."""
        return self.paired.lost

    @property
    def won(self) -> int:
        """Samples that the chip classifies correctly and float64 does not."""
        return self.paired.won

    @property
    def difference(self) -> float:
        """Accuracy on the chip minus accuracy in float64."""
        return self.paired.difference

    @property
    def p_value(self) -> float:
        """P-value of McNemar's exact test that chip and float64 are equally accurate."""
        return self.paired.p_value

    @property
    def disagreeing(self) -> Int64Array:
        """Indices of the samples to which chip and float64 give different classes."""
        return np.flatnonzero(self.classes != self.floats)
