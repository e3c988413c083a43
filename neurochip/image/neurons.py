"""Registers of the neurons of a population, whether they run a program or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..chip.registers import (
    decode_bias,
    decode_threshold,
    decode_voltage_limits,
    kept_fraction,
)
from ..chip.spec import CoreSpec
from ..programs import NeuronProgram
from ..typing import Float64Array, Int32Array, Int64Array
from .chip_image import ChipImage
from .program_group import ProgramGroup
from .symbols import PopulationSymbol

__all__ = ["DecodedNeurons", "decode_neurons", "has_units", "program_of", "with_parameters"]

_STATE = {"u", "v", "held"}
_PARAMETERS = {"keep_u", "keep_v", "bias", "vmin", "vmax", "threshold", "refractory"}


@dataclass(frozen=True, kw_only=True, eq=False)
class DecodedNeurons:
    """Decoded registers of the neurons of a population; arrays of shape (size,), in LSB.

    Parameters
    ----------
    keep_v : ndarray of float64
        Fraction of v that a step keeps.
    keep_u, u_init : tuple of ndarray of float64
        Fraction of the current that a step keeps, and the current before the first step, for each
        receptor.
    threshold, bias, v_init : ndarray of float64
        Threshold, bias, and v before the first step.
    refractory : ndarray of int64
        Refractory register.
    v_low, v_high : ndarray of float64
        Limits of v.
    amount : ndarray of float64
        What a spike subtracts from v; 0 if it sets v to a value.
    """

    keep_v: Float64Array
    keep_u: tuple[Float64Array, ...]
    threshold: Float64Array
    bias: Float64Array
    v_init: Float64Array
    u_init: tuple[Float64Array, ...]
    refractory: Int64Array
    v_low: Float64Array
    v_high: Float64Array
    amount: Float64Array


def program_of(image: ChipImage, symbol: PopulationSymbol) -> ProgramGroup | None:
    """Return the program that the neurons of a population run; None for the core's own kind."""
    first = symbol.compartment_ids[0]
    return next((item for item in image.programs if first in item.compartments), None)


def has_units(program: NeuronProgram) -> bool:
    """Return whether a program has the registers of those that the compiler makes, and no other."""
    second = ({"u2"}, {"keep_u2"}) if len(program.inputs) > 1 else (set(), set())
    state, parameters = _STATE | second[0], _PARAMETERS | second[1]
    return program.state.keys() == state and parameters <= program.parameters.keys()


def decode_neurons(image: ChipImage, symbol: PopulationSymbol) -> DecodedNeurons:
    """Read the registers of a population of a compiled image."""
    group = program_of(image, symbol)
    if group is not None:
        return _of_program(symbol, group, image.chip.core)
    core, registers, own = image.chip.core, image.compartments, symbol.compartment_ids

    def keep(which: str, at: Int32Array) -> Float64Array:
        offset = getattr(registers, f"{which}_offset")[at]
        return kept_fraction(getattr(registers, which)[at], offset, core)

    low, high = decode_voltage_limits(
        registers.vmin_exponent[own], registers.vmax_exponent[own], core
    )
    bias = decode_bias(registers.bias_mantissa[own], registers.bias_exponent[own])
    return DecodedNeurons(
        keep_v=keep("decay_v", own),
        keep_u=tuple(keep("decay_u", at) for at in symbol.currents),
        threshold=decode_threshold(registers.threshold_mantissa[own], core).astype(np.float64),
        bias=bias.astype(np.float64),
        v_init=registers.v_init[own].astype(np.float64),
        u_init=tuple(registers.u_init[at].astype(np.float64) for at in symbol.currents),
        refractory=registers.refractory[own].astype(np.int64),
        v_low=low.astype(np.float64),
        v_high=high.astype(np.float64),
        amount=np.zeros(len(own)),
    )


def with_parameters(
    image: ChipImage, symbol: PopulationSymbol, values: Mapping[str, Any]
) -> ChipImage:
    """Return the image with other parameters of the program of a population.

    Parameters
    ----------
    image : ChipImage
        Image in which the population runs a program.
    symbol : PopulationSymbol
        The population.
    values : mapping of str to array_like of int, shape (size,)
        New values by name.
    """
    group = program_of(image, symbol)
    assert group is not None
    parameters, names = group.parameters.copy(), list(group.program.parameters)
    place = np.searchsorted(group.compartments, symbol.compartment_ids)
    for name, new in values.items():
        parameters[names.index(name), place] = new
    changed = replace(group, parameters=parameters)
    programs = tuple(changed if item is group else item for item in image.programs)
    return replace(image, programs=programs)


def _of_program(symbol: PopulationSymbol, group: ProgramGroup, core: CoreSpec) -> DecodedNeurons:
    """Read the registers of a program as the compiler lays them out."""
    place = np.searchsorted(group.compartments, symbol.compartment_ids)

    def parameter(name: str) -> Float64Array:
        row = list(group.program.parameters).index(name)
        return np.asarray(group.parameters[row, place], dtype=np.float64)

    def state(name: str) -> Float64Array:
        row = list(group.program.state).index(name)
        return np.asarray(group.state[row, place], dtype=np.float64)

    # The second accumulator takes the first of two receptors.
    second = ("2", "") if len(symbol.receptors) > 1 else ("",)
    subtracts = "amount" in group.program.parameters
    return DecodedNeurons(
        keep_v=parameter("keep_v") / core.decay_scale,
        keep_u=tuple(parameter(f"keep_u{each}") / core.decay_scale for each in second),
        threshold=parameter("threshold"),
        bias=parameter("bias"),
        v_init=state("v"),
        u_init=tuple(state(f"u{each}") for each in second),
        refractory=parameter("refractory").astype(np.int64),
        v_low=parameter("vmin"),
        v_high=parameter("vmax"),
        amount=parameter("amount") if subtracts else np.zeros(len(place)),
    )
