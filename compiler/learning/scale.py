"""The scale of neurons onto which synapses learn: the largest learned weight is ``w_max``.

Weights that learn stop at the top of their format, and no published register moves that limit. So
``w_max`` fixes what a weight step is worth, up to powers of two, and the scale of v follows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from neurochip.chip.registers import SignMode, mantissa_range
from neurochip.chip.spec import CoreSpec
from neurochip.network import Connection
from neurochip.typing import Float64Array

from ..neurons.decays import Decays
from ..synapses.formats import Grid, grid, grids
from ..synapses.projections import Projection

__all__ = ["Anchor", "at_limit", "find_anchor", "plastic_grid"]

_BELOW = 1 - 1e-9  # so that float rounding of w_max does not reach the next grid
_LOST_BITS = 3  # of a weight that synapses may lose when they deliver it, but not when it learns


def at_limit(projection: Projection) -> Projection:
    """Return a projection with the largest weights that it can learn, for which there is room."""
    connection = projection.connection
    if connection.plasticity is None:
        return projection
    return replace(projection, connection=replace(connection, weight=connection.plasticity.w_max))


def plastic_grid(connection: Connection, largest: float, core: CoreSpec) -> Grid:
    """Return the finest grid of learned weights whose top reaches ``largest`` (w_max in LSB)."""
    assert connection.plasticity is not None
    top = learned_top(core)
    for candidate in learned_grids(core):
        if top * candidate.step // candidate.mantissa_step >= largest * _BELOW:
            return candidate
    return candidate


def learned_grids(core: CoreSpec) -> tuple[Grid, ...]:
    """Return the grids of learned weights, finest first.

    With an exponent below those of other weights, a weight learns with all its bits, and a spike
    delivers it without the lowest ones. That makes room for a ``w_max`` far below the threshold.
    """
    usual = grids(SignMode.EXCITATORY, core)
    first = usual[0].format.weight_exponent
    least = max(first - _LOST_BITS, core.weight_exponent_min, -core.weight_shift)
    finer = (grid(exponent, SignMode.EXCITATORY, core) for exponent in range(least, first))
    return (*finer, *usual)


def learned_top(core: CoreSpec) -> int:
    """Return the largest mantissa that a core can learn: that of its engine, or of its synapses."""
    most = mantissa_range(SignMode.EXCITATORY, core)[1]
    return most if core.learning is None else min(core.learning.excitatory_limits[1], most)


class Anchor(NamedTuple):
    """The plastic projection whose ``w_max`` sets the scale of a population.

    Parameters
    ----------
    scales : ndarray of float64
        LSB per mV at which the top of each grid is ``w_max``, from the finest grid on, for the
        neuron with the smallest gain.
    relative : ndarray of float64, shape (size,)
        Scale of each neuron, relative to that.
    """

    scales: Float64Array
    relative: Float64Array


def find_anchor(projections: Sequence[Projection], decays: Decays, core: CoreSpec) -> Anchor | None:
    """Return the anchor of a population: the first projection onto it that learns, if any."""
    for item in projections:
        stdp = item.connection.plasticity
        if stdp is not None and item.connection.n_synapses:
            gain = decays.receptors[item.receptor].gain
            tops = np.array(
                [learned_top(core) * each.step / each.mantissa_step for each in learned_grids(core)]
            )
            return Anchor(tops / (stdp.w_max * gain.min()), gain.min() / gain)
    return None
