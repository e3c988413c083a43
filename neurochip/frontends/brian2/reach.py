"""Thresholds that v cannot reach: neurons that only integrate.

The chip counts v in parts of the threshold. One that is put very high, so that a neuron never
spikes, leaves few parts to what v does below it; without a threshold, v has the whole register.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .kicks import Kicks
from .neurons import Cells

__all__ = ["out_of_reach"]

_FAR = 32  # a threshold nearer than this many times what moves v costs it 5 of its 23 bits


def out_of_reach(cells: Cells, kicks: Sequence[Kicks]) -> bool:
    """Return whether no neuron of a group can spike, with a threshold far from all that v does.

    v stays below the larger of its initial value and its resting level, plus what would be left of
    all its synapses, were they all to add in every step.

    Parameters
    ----------
    cells : Cells
        The group.
    kicks : sequence of Kicks
        All that adds to its variables.
    """
    linear, dt = cells.linear, float(cells.group.clock.dt_)
    rest = linear.v_inf * cells.unit
    # What one base unit moves v by, at once (v) or in the steady state (currents); and the part of
    # it that is lost in a step, at least.
    moves = {cells.v: np.full(cells.size, cells.unit)}
    lost = {cells.v: -np.expm1(-linear.rate * dt)}
    moved, swing = np.abs(cells.v_init - rest), np.zeros(cells.size)
    for name, decay in linear.decay.items():
        moves[name] = np.abs(linear.drive[name]) / linear.rate * cells.unit
        lost[name] = -np.expm1(-decay * dt)
        initial = np.abs(cells.group.variables[name].get_value()) * moves[name]
        moved, swing = moved + initial, swing + initial
    for item in kicks:
        added = np.abs(item.weight) * moves[item.variable][item.post] * item.most
        total = np.bincount(item.post, weights=added, minlength=cells.size)
        moved, swing = moved + total, swing + total / lost[item.variable]
    distance = cells.v_thresh - np.maximum(cells.v_init, rest)
    far = cells.v_thresh - rest > _FAR * moved
    return bool(moved.any() and (distance > swing).all() and far.all())
