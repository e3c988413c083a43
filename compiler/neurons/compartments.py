"""Lay out each neuron as one compartment, or as a child and a parent compartment.

A compartment has one synaptic current. A neuron with two receptors takes two compartments: the
child holds the inhibitory current, or the kicks of v, which are added to the current of the parent
in every step. The v of the child has no meaning, but it must neither spike nor be clipped, since
both are counted. Therefore

- the child is the inhibitory compartment: its u, and so its v, is never above 0. With kicks, which
  may have both signs, the scale keeps v of the child below every threshold: its u is the input of
  one step, since it decays completely;
- it has the largest threshold, and no bias;
- it has the fastest decay of v, so that its v equals its u to one part in the decay scale, and
  fits where u fits; the scale leaves room for the difference.

A neuron that runs a program is one compartment, whose LIF registers have no meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurochip.chip.spec import CoreSpec
from neurochip.image import Compartments
from neurochip.typing import Int64Array

from .decays import Decays
from .programs import PopulationProgram
from .registers import PopulationRegisters

__all__ = ["PopulationCompartments", "lay_out_compartments"]


@dataclass(frozen=True, eq=False)
class PopulationCompartments:
    """Registers of the compartments of a population.

    Parameters
    ----------
    per_neuron : int
        Consecutive compartments of a neuron; the last one holds its v.
    registers : dict of str to ndarray of int64, shape (size * per_neuron,)
        Registers, under the names of :class:`~neurochip.image.Compartments`.
    program : PopulationProgram or None
        What the neurons run instead of the core's own kind.
    """

    per_neuron: int
    registers: Mapping[str, Int64Array]
    program: PopulationProgram | None


def lay_out_compartments(
    decays: Decays,
    neurons: PopulationRegisters,
    program: PopulationProgram | None,
    core: CoreSpec,
) -> PopulationCompartments:
    """Interleave the registers of the neurons with those of their children."""
    per_neuron = 1 if program is not None else len(decays.receptors)

    def column(own: Int64Array, child: int) -> Int64Array:
        table = np.full((len(own), per_neuron), child, dtype=np.int64)
        table[:, -1] = own
        return table.ravel()

    registers = {
        "decay_u": np.stack([item.decay_u for item in decays.receptors], axis=1).ravel(),
        "decay_v": column(decays.decay_v, core.decay.maximum),
        "threshold_mantissa": column(neurons.threshold_mantissa, core.threshold_mantissa.maximum),
        "bias_mantissa": column(neurons.bias_mantissa, 0),
        "bias_exponent": column(neurons.bias_exponent, 0),
        "refractory": column(neurons.refractory, 1),
        # All compartments of a core share vmax; the scale keeps v of a child below it.
        "vmax_exponent": np.repeat(neurons.vmax_exponent, per_neuron),
        "v_init": column(neurons.v_init, 0),
        "u_init": np.stack(neurons.u_init, axis=1).ravel(),
        "join": column(np.full_like(decays.decay_v, per_neuron > 1), 0),
    }
    if program is not None:
        none = Compartments.fill(core, len(neurons.v_init))
        registers = {name: getattr(none, name).astype(np.int64) for name in registers}
    return PopulationCompartments(per_neuron, registers, program)
