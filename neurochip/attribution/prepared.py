"""Makes the flat tables that runs of the recurrence need besides their input, once for many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..reference.tables import SynapseTable
from ..typing import Float64Array, Int64Array
from .tables import Changes, NeuronRegisters, Rules, SoftRegisters, SourceRows

__all__ = ["Prepared", "by_slot", "steps_of"]


class Prepared(NamedTuple):
    """Tables of a run with some sources of error.

    Parameters
    ----------
    cells : NeuronRegisters
        Registers of the neurons.
    soft : SoftRegisters or None
        Registers of resets that subtract and of lowest v, if there are any.
    changes : Changes or None
        Registers that follow currents in steps, if there are any.
    rows : SourceRows
        Synapses.
    rules : Rules
        Rules of the arithmetic.
    origin : ndarray of float64, shape (n_neurons,), mV
        Potential of register value 0.
    grid : bool
        Whether the run is on the grid of the chip.
    digest : bytes
        Equal for equal tables.
    """

    cells: NeuronRegisters
    soft: SoftRegisters | None
    changes: Changes | None
    rows: SourceRows
    rules: Rules
    origin: Float64Array
    grid: bool
    digest: bytes


def steps_of(table: SynapseTable) -> Int64Array:
    """Return the delay of each synapse in steps; a table without delays omits them."""
    return np.asarray(table.delay if len(table.delay) else np.zeros(len(table.target)), np.int64)


def by_slot(gains: Sequence[Sequence[Float64Array]]) -> Float64Array:
    """Return gains of all first slots (the last receptors), then of all second slots."""
    seconds = [item[0] for item in gains if len(item) > 1]
    return np.concatenate([*(item[-1] for item in gains), *seconds])
