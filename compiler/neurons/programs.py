"""Lay out the neurons that the cores of a chip only run as programs.

These are neurons whose reset subtracts, or whose v has a lower bound, and on the same chip all
neurons that receive several spikes as one event, since the LIF neuron of a core knows no payload.
A neuron takes one compartment, also with two receptors: then its program has two accumulators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurochip.chip.fixedpoint import Rounding, round_to_integer
from neurochip.chip.registers import decode_bias, decode_voltage_limits
from neurochip.chip.spec import CoreSpec
from neurochip.network import Network
from neurochip.programs import PROGRAMS, NeuronProgram
from neurochip.recurrence import IdealPopulation
from neurochip.typing import Float64Array, Int64Array

from .decays import Decays
from .registers import PopulationRegisters

__all__ = ["PopulationProgram", "accumulator", "lay_out_program", "programmed"]


def programmed(network: Network) -> frozenset[str]:
    """Return the populations that need a program."""
    own = {item.name for item in network.populations if item.model.subtracts or item.model.bounded}
    several = {item.name for item in network.populations if item.model.several}
    reached = {
        item.target.name
        for item in network.connections
        if item.source.name in several and item.n_synapses
    }
    two = {
        item.name
        for item in network.populations
        if item.model.two_currents or item.name in network.kicked
    }
    # A chip has no neurons of two compartments beside programs.
    return frozenset(own | reached | two) if own | reached else frozenset()


@dataclass(frozen=True, eq=False)
class PopulationProgram:
    """Program and registers of the neurons of a population.

    Parameters
    ----------
    program : NeuronProgram
        What a neuron does in a step.
    state : dict of str to ndarray of int64, shape (size,)
        Registers before the first step.
    parameters : dict of str to ndarray of int64, shape (size,)
        Constants of the neurons, in LSB.
    """

    program: NeuronProgram
    state: Mapping[str, Int64Array]
    parameters: Mapping[str, Int64Array]


def accumulator(receptor: int, found: PopulationProgram | None) -> int:
    """Return the accumulator of a compartment that a receptor of its neuron adds to.

    The second accumulator takes the first of two receptors, which otherwise has a compartment of
    its own.
    """
    two = found is not None and len(found.program.inputs) > 1
    return 1 if two and receptor == 0 else 0


def lay_out_program(
    ideal: IdealPopulation,
    decays: Decays,
    registers: PopulationRegisters,
    lsb_per_mv: Float64Array,
    core: CoreSpec,
) -> PopulationProgram:
    """Choose the program of a population, and its registers."""
    model, two = ideal.population.model, len(decays.receptors) > 1
    if two:
        reset = model.reset if model.spiking else "value"
        program = PROGRAMS["lif_two_inputs"](
            core, reset, model.spikes_per_step, kicks_lost=ideal.kicks_lost
        )
    elif model.subtracts:
        program = PROGRAMS["lif_soft_reset"](
            core, model.spikes_per_step, kicks_lost=ideal.kicks_lost, raises=model.raises
        )
    else:
        program = PROGRAMS["lif"](core)
    lowest, highest = decode_voltage_limits(core.vmin_exponent_max, registers.vmax_exponent, core)
    v_min = np.maximum(ideal.v_min * lsb_per_mv, lowest)
    keeps = [
        round_to_integer(item.keep_u * core.decay_scale, Rounding.NEAREST)
        for item in decays.receptors
    ]
    parameters = {
        "keep_u": keeps[-1],
        "keep_v": round_to_integer(decays.keep_v * core.decay_scale, Rounding.NEAREST),
        "bias": decode_bias(registers.bias_mantissa, registers.bias_exponent).astype(np.int64),
        "vmin": round_to_integer(v_min, Rounding.NEAREST),
        "vmax": highest.astype(np.int64),
        "threshold": registers.threshold,
        "refractory": registers.refractory,
    }
    state = {"u": registers.u_init[-1], "v": registers.v_init}
    if registers.amount is not None:
        parameters["amount"] = registers.amount
    if two:
        parameters["keep_u2"], state["u2"] = keeps[0], registers.u_init[0]
    return PopulationProgram(program, state, parameters)
