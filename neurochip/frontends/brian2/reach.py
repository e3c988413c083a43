"""Detects thresholds that v cannot reach, which mark neurons that only integrate.

On the chip the threshold sets the resolution of v. If a threshold is set very high to prevent
spikes, v has few levels in the range that it uses; without a threshold, v can use the whole
register.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .kicks import Kicks
from .neurons import Cells

__all__ = ["out_of_reach"]

_FAR = 32  # a threshold up to 32 times the range of v costs at most 5 of the 23 bits of v


def out_of_reach(cells: Cells, kicks: Sequence[Kicks]) -> bool:
    """Return whether no neuron of a group can spike and all thresholds are far above v.

    The upper bound of v is the larger of its initial value and its resting level, plus the steady
    state of all its synapses if each of them adds in every step.

    Parameters
    ----------
    cells : Cells
        The group.
    kicks : sequence of Kicks
        All kicks of its variables.
    """
    linear, dt = cells.linear, float(cells.group.clock.dt_)
    if not linear.leaky or linear.timed:
        return False  # v has no bound, or none that is known
    rest = linear.v_inf * cells.unit
    # Change of v by one base unit, at once (v) or in the steady state (currents), and the smallest
    # fraction of it that decays in a step.
    moves = {cells.v: np.full(cells.size, cells.unit)}
    lost = {cells.v: -np.expm1(-linear.rate * dt)}
    moved, swing = np.abs(cells.v_init - rest), np.zeros(cells.size)
    for name, decay in linear.decay.items():
        moves[name] = np.abs(linear.drive[name]) / linear.rate * cells.unit
        lost[name] = -np.expm1(-decay * dt)
        initial = np.abs(cells.group.variables[name].get_value() - linear.level[name])
        initial = initial * moves[name]
        moved, swing = moved + initial, swing + initial
    for item in kicks:
        added = item.largest * moves[item.variable][item.post] * item.most
        total = np.bincount(item.post, weights=added, minlength=cells.size)
        moved, swing = moved + total, swing + total / lost[item.variable]
    distance = cells.v_thresh - np.maximum(cells.v_init, rest)
    far = cells.v_thresh - rest > _FAR * moved
    return bool(moved.any() and (distance > swing).all() and far.all())
