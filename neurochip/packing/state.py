"""Bits of the state of each compartment, on cores whose memory holds both state and synapses.

How the second generation lays out the state of a neuron is not published, only that its size
depends on the program (Intel's technology brief of 2021). Counted here are the bits that a neuron
needs at least, in whole bytes:

- with a program: its state registers, and each parameter that differs between the neurons of its
  group. A parameter that all of them share counts as part of the program, whose own memory is not
  published and not counted;
- without: u, v, the counter of refractory steps, and the bias with its exponent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..chip.spec import CoreSpec
from ..image import ChipImage
from ..programs import NeuronProgram
from ..typing import Int32Array

__all__ = ["bits_of_lif", "bits_of_program", "state_bits_of"]

_BYTE = 8


def state_bits_of(image: ChipImage) -> Int32Array:
    """Return the bits of each compartment in the memory of its core; 0 if state has its own."""
    core = image.chip.core
    bits = np.full(image.n_compartments, bits_of_lif(core), dtype=np.int32)
    if core.memory_words:
        for group in image.programs:
            bits[group.compartments] = bits_of_program(group.program, group.parameters)
    return bits


def bits_of_lif(core: CoreSpec) -> int:
    """Return the bits of a LIF neuron without a program; 0 if state has a memory of its own."""
    if not core.memory_words:
        return 0
    bias = core.bias_mantissa_bits + core.bias_exponent_max.bit_length()
    return _whole_bytes(2 * core.state_bits + core.refractory_max.bit_length() + bias)


def bits_of_program(program: NeuronProgram, parameters: Iterable[Any]) -> int:
    """Return the bits of each neuron of a group, whose parameters are given in their order."""
    own = [
        _width(*limits)
        for limits, values in zip(program.parameters.values(), parameters, strict=True)
        if (values != values[0]).any()
    ]
    return _whole_bytes(sum(program.state.values()) + sum(own))


def _width(low: int, high: int) -> int:
    """Return the bits that hold every integer of a range."""
    if low >= 0:
        return high.bit_length()
    return 1 + max((-low - 1).bit_length(), high.bit_length())


def _whole_bytes(bits: int) -> int:
    return -(-bits // _BYTE) * _BYTE
