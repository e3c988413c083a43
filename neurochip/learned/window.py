"""The learning window of a connection: float, and the chip over many draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._support.brief import brief
from ..learning.group import plastic_group
from ..learning.layout import Neurons
from ..network import STDP
from ..typing import Float64Array
from .open_loop import LearnedConnection, by_step, late_steps, learned_weights

__all__ = ["LearningWindow", "learning_window"]

_PAIRS = 200  # pairs of spikes at each distance
_DISTANCES = 41
_REACH = 3.0  # time constants


@dataclass(frozen=True, eq=False)
class LearningWindow:
    """Change of a weight by one pair of spikes, over the time between them, in weight steps.

    Parameters
    ----------
    distance : ndarray of float64, shape (n,), ms
        From the arrival of the presynaptic spike to the postsynaptic one.
    reference : ndarray of float64, shape (n,)
        Change in float.
    chip : ndarray of float64, shape (n_pairs, n)
        Changes on the chip, with other draws for each pair.
    """

    distance: Float64Array
    reference: Float64Array
    chip: Float64Array

    __repr__ = brief

    @property
    def band(self) -> tuple[Float64Array, Float64Array]:
        """95 % of all pairs lie between these changes."""
        low, high = np.quantile(self.chip, [0.025, 0.975], axis=0)
        return low, high


def learning_window(item: LearnedConnection, seed: int) -> LearningWindow | None:
    """Return the window of a connection at half its largest weight; None if it needs a reward."""
    stdp, rule = item.connection.plasticity, item.rule
    assert stdp is not None
    if stdp.reward is not None or rule.given or rule.epoch > 1:
        return None
    late, dt = late_steps(item), item.symbols.dt
    reach = int(np.ceil(_REACH * max(stdp.tau_plus, stdp.tau_minus) / dt))
    steps = np.unique(np.round(np.linspace(-reach, reach, _DISTANCES)).astype(np.int64))
    n = len(steps) * _PAIRS
    ids, every = np.arange(n, dtype=np.int32), np.repeat(steps, _PAIRS)
    first = np.maximum(0, -(every + late))  # the earlier of both spikes comes in step 0
    start = item.top // 2 >> item.low_bits << item.low_bits
    group = plastic_group(
        rule,
        Neurons(ids, n, ids),
        Neurons(ids, n, ids),
        ids,
        ids,
        np.full(n, start),
        sign_mode=item.synapses.format.sign_mode,
        low_bits=item.low_bits,
        numbers=ids,
        seed=seed,
    )
    n_steps = 2 * reach + late + 1
    pre, post = (by_step(each, ids, n_steps) for each in (first, first + every + late))
    changes = (learned_weights(group, pre, post) - start).reshape(len(steps), _PAIRS).T
    step, distance = float(item.step.mean()), np.asarray(steps * dt, dtype=np.float64)
    reference = _float_window(stdp, distance, start * step) / step
    return LearningWindow(distance, reference, changes.astype(np.float64))


def _float_window(stdp: STDP, distance: Float64Array, weight: float) -> Float64Array:
    """Return the change by one pair in float, from a weight; distance 0 is a postsynaptic event."""
    later = distance >= 0.0
    grown = stdp.a_plus * np.exp(-np.abs(distance) / stdp.tau_plus)
    shrunk = -stdp.a_minus * np.exp(-np.abs(distance) / stdp.tau_minus)
    if stdp.bounds == "soft":
        grown = grown * (stdp.w_max - weight) / stdp.w_max
        shrunk = shrunk * weight / stdp.w_max
    return stdp.a_pre + np.where(later, grown, shrunk)
