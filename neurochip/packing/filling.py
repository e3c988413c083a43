"""The result of filling cores with neurons in a given order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..typing import Int64Array

__all__ = ["Filling"]


@dataclass(frozen=True, eq=False)
class Filling:
    """The cores that result from filling cores with neurons in a given order.

    Parameters
    ----------
    order : ndarray of int64, shape (n_neurons,)
        The neurons, in the order in which they fill the cores.
    core_ptr : ndarray of int64, shape (n_cores + 1,)
        Start of each core in the order of the neurons.
    usage : dict of str to ndarray of int64, shape (n_cores,)
        Use of each resource, without axons between neurons; and ``delay_bits``.
    failed : int
        Place in the order of a neuron that exceeds a limit alone, or -1. If there is such a neuron,
        ``usage`` holds what it needs.
    """

    order: Int64Array
    core_ptr: Int64Array
    usage: Mapping[str, Int64Array]
    failed: int = -1

    @property
    def n_cores(self) -> int:
        """Number of cores."""
        return len(self.core_ptr) - 1

    @property
    def core_of(self) -> Int64Array:
        """Core of each neuron."""
        core = np.empty_like(self.order)
        core[self.order] = np.repeat(np.arange(self.n_cores), np.diff(self.core_ptr))
        return core
