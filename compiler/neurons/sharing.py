"""Give neurons scales of their own, so that many thresholds take few threshold registers.

The scale is a free choice: a neuron whose threshold, bias, weights and initial state are all
multiplied by the same factor gives the same spikes. A core of the chip holds few distinct
thresholds, but a bias and weights for each neuron. So neurons whose thresholds are similar share
one threshold register, and each has the scale at which this register is exactly its threshold.
"""

from __future__ import annotations

import numpy as np

from neurochip.chip.spec import CoreSpec
from neurochip.recurrence import IdealPopulation
from neurochip.typing import Float64Array

from .scaling import Scale

__all__ = ["neuron_scales"]


def neuron_scales(
    ideal: IdealPopulation, scale: Scale, core: CoreSpec, *, by_program: bool = False
) -> Float64Array:
    """Return the LSB per mV of each neuron of a population, shape (size,).

    All neurons have the scale of the population if that gives them at most half as many threshold
    registers as a core holds. Otherwise they share that many registers: the range of their
    thresholds is divided into intervals of equal ratio, and the neurons of an interval share the
    geometric mean of its thresholds, or the largest register at which no scale exceeds
    ``scale.highest``. So no bound of the population is broken, and no scale differs from that of
    the population by more than the ratio of an interval. Two such populations share a core, or
    one and the child compartments of its neurons. Neurons that run a program have thresholds of
    their own.
    """
    own = np.full(ideal.population.size, scale.lsb_per_mv)
    if by_program or not ideal.population.model.spiking:
        return own
    unit, most = 1 << core.threshold_shift, max(1, core.threshold_profiles // 2)
    asked = ideal.threshold * scale.lsb_per_mv / unit
    if len(np.unique(np.rint(asked))) <= most or asked.min() < 1:
        return own
    height = np.log(asked / asked.min())
    interval = np.minimum((height / height.max() * most).astype(np.int64), most - 1)
    room = scale.highest / scale.lsb_per_mv
    for number in np.unique(interval):
        inside = interval == number
        low, high = asked[inside].min(), asked[inside].max()
        shared = np.floor(min(np.sqrt(low * high), room * low))
        own[inside] = shared * unit / ideal.threshold[inside]
    return own
