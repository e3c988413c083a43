"""Each neuron as one compartment, or as a child and its parent.

A compartment has one current. A neuron with two takes two compartments: the child has the
inhibitory current, which joins that of its parent in every step, and is nothing else. Its v is in
the way: it must neither spike nor be clipped, for both would be counted. So

- the child is the inhibitory one: its u, and with it its v, is never above 0;
- it has the largest threshold, and no bias;
- it has the fastest decay of v, so that its v is its u to one part in the decay scale, and fits
  where u fits; the scale leaves room for the difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurochip.chip.spec import CoreSpec
from neurochip.typing import Int64Array

from .decays import Decays
from .registers import PopulationRegisters

__all__ = ["PopulationCompartments", "lay_out_compartments"]


@dataclass(frozen=True, eq=False)
class PopulationCompartments:
    """Registers of the compartments of a population.

    Parameters
    ----------
    per_neuron : int
        Compartments that a neuron takes, one after the other; the last one is where its v is.
    registers : dict of str to ndarray of int64, shape (size * per_neuron,)
        By the names of :class:`~neurochip.image.Compartments`.
    """

    per_neuron: int
    registers: Mapping[str, Int64Array]


def lay_out_compartments(
    decays: Decays, neurons: PopulationRegisters, core: CoreSpec
) -> PopulationCompartments:
    """Interleave the registers of the neurons with those of their children."""
    per_neuron = len(decays.receptors)

    def column(own: Int64Array, child: int) -> Int64Array:
        table = np.full((len(own), per_neuron), child, dtype=np.int64)
        table[:, -1] = own
        return table.ravel()

    return PopulationCompartments(
        per_neuron,
        {
            "decay_u": np.stack([item.decay_u for item in decays.receptors], axis=1).ravel(),
            "decay_v": column(decays.decay_v, core.decay.maximum),
            "threshold_mantissa": column(
                neurons.threshold_mantissa, core.threshold_mantissa.maximum
            ),
            "bias_mantissa": column(neurons.bias_mantissa, 0),
            "bias_exponent": column(neurons.bias_exponent, 0),
            "refractory": column(neurons.refractory, 1),
            # All compartments of a core share it, and v of a child is never above 0.
            "vmax_exponent": np.repeat(neurons.vmax_exponent, per_neuron),
            "v_init": column(neurons.v_init, 0),
            "u_init": np.stack(neurons.u_init, axis=1).ravel(),
            "join": column(np.full_like(decays.decay_v, per_neuron > 1), 0),
        },
    )
