"""Decode register values: all decoding rules of a core.

``docs/reference/core-semantics.md`` states the rules and their sources; the numbers in brackets are
its sections. The compiler uses them to
choose registers and to report their values; the emulator decodes an image once, before the first
step.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.values import integer, shown
from ..errors import ImageError
from ..typing import Float64Array, Int32Array, Int64Array
from .fixedpoint import Overflow, Rounding, encode_mantissa_exponent
from .spec import CoreSpec

__all__ = [
    "OVERFLOWS",
    "PROGRAM_OVERFLOWS",
    "SignMode",
    "SynapseFormat",
    "check_format",
    "decode_bias",
    "decode_threshold",
    "decode_voltage_limits",
    "decode_weights",
    "effective_decay",
    "encode_bias",
    "kept_fraction",
    "mantissa_range",
    "sum_shift",
    "weights_in_sum",
]

OVERFLOWS = {
    "accumulator_wraps": "a sum of synaptic input wrapped round",
    "current_wraps": "u wrapped round",
    "input_wraps": "u + bias wrapped round",
    "voltage_clips_low": "v was held at its lower limit",
    "voltage_clips_high": "v was held at its upper limit",
}
"""Description of each overflow by the name of its counter, in the order of a step (semantics 7)."""


PROGRAM_OVERFLOWS = {
    "program_clips": "a sat operation of its program acted",
    "program_wraps": "a wrap operation of its program acted",
}
"""The same of neuron programs, whose operations ``sat`` and ``wrap`` keep values in their width."""


class SignMode(enum.IntEnum):
    """Signs that the weights of a synapse format may have."""

    MIXED = 1
    """Both signs: the sign takes the lowest bit of the mantissa."""
    EXCITATORY = 2
    """Zero or positive."""
    INHIBITORY = 3
    """Zero or negative."""


@dataclass(frozen=True)
class SynapseFormat:
    """Weight format that the synapses of a group share.

    Parameters
    ----------
    weight_exponent : int
        Weights are multiplied by ``2**weight_exponent``.
    weight_bits : int
        Stored bits of the mantissa; the low bits that are not stored read as 0.
    sign_mode : SignMode
        Signs that the weights may have.

    Raises
    ------
    ImageError
        If a value is not an integer or the sign mode does not exist.
    """

    weight_exponent: int
    weight_bits: int
    sign_mode: SignMode

    def __post_init__(self) -> None:
        for name in ("weight_exponent", "weight_bits"):
            value = integer("synapse format", name, getattr(self, name), error=ImageError)
            object.__setattr__(self, name, value)
        allowed = ", ".join(f"{mode.value} ({mode.name.lower()})" for mode in SignMode)
        mode = integer(
            "synapse format", "sign_mode", self.sign_mode, allowed=allowed, error=ImageError
        )
        if mode not in set(SignMode):
            raise ImageError(f"synapse format: sign_mode = {shown(mode)}; allowed: {allowed}.")
        object.__setattr__(self, "sign_mode", SignMode(mode))

    def low_bits(self, core: CoreSpec) -> int:
        """Return the number of low mantissa bits that a ``core`` does not store and reads as 0."""
        mixed = 1 if self.sign_mode is SignMode.MIXED else 0
        return core.weight_mantissa_bits - self.weight_bits + mixed


def mantissa_range(sign_mode: SignMode, core: CoreSpec) -> tuple[int, int]:
    """Return the smallest and the largest weight mantissa of a sign mode (semantics 4)."""
    top = 1 << core.weight_mantissa_bits  # inhibitory mantissas are magnitudes, at most top - 1
    return {
        SignMode.MIXED: (-top, top - 1),
        SignMode.EXCITATORY: (0, top - 1),
        SignMode.INHIBITORY: (1 - top, 0),
    }[sign_mode]


def decode_weights(mantissa: Any, synapse_format: SynapseFormat, core: CoreSpec) -> Int32Array:
    """Return the integers that synapses add to the accumulator (semantics 4).

    ``W = clip(((m >> low << low) << exponent) << shift)``: first the low bits that are not stored
    are dropped, then the exponent is applied (a negative exponent floors), then the fixed shift.
    Inhibitory mantissas drop their low bits toward zero, all others follow
    ``core.weight_rounding``. Rounding to nearest takes ties to even, and clips to the largest
    magnitude that the stored bits hold. With ``core.exponent_on_sum``, a negative exponent is
    applied to the sum of weights instead (see :func:`sum_shift`).

    Parameters
    ----------
    mantissa : array_like of int, shape (n,)
        Weight mantissas within :func:`mantissa_range`.
    synapse_format : SynapseFormat
        Exponent, stored bits and sign mode.
    core : CoreSpec
        Widths.

    Returns
    -------
    ndarray of int32, shape (n,)
    """
    stored = _store(np.asarray(mantissa, dtype=np.int64), synapse_format, core)
    exponent = synapse_format.weight_exponent + sum_shift(synapse_format, core)
    scaled = stored << exponent if exponent >= 0 else stored >> -exponent
    weights = scaled << core.weight_shift
    if core.weight_clips:
        weights = np.clip(weights, -core.weight_limit, core.weight_limit)
    return np.asarray(weights, dtype=np.int32)


def weights_in_sum(mantissa: Any, synapse_format: SynapseFormat, core: CoreSpec) -> Float64Array:
    """Return what synapses add to a sum once it is shifted, where the core shifts sums.

    Parameters are those of :func:`decode_weights`. Without ``core.exponent_on_sum`` these are its
    integers. With it, a sum of such parts is what the chip adds, before it is rounded down.
    """
    weights = decode_weights(mantissa, synapse_format, core)
    return np.asarray(np.ldexp(weights.astype(np.float64), -sum_shift(synapse_format, core)))


def sum_shift(synapse_format: SynapseFormat, core: CoreSpec) -> int:
    """Return the bits by which the sum of a group's weights is shifted right (semantics 8)."""
    return max(0, -synapse_format.weight_exponent) if core.exponent_on_sum else 0


def _store(m: Int64Array, synapse_format: SynapseFormat, core: CoreSpec) -> Int64Array:
    """Return mantissas as a format stores them, with missing low bits set to 0 (semantics 4)."""
    low = synapse_format.low_bits(core)
    if synapse_format.sign_mode is SignMode.INHIBITORY:
        return -((-m >> low) << low)
    if core.weight_rounding is Rounding.TOWARD_ZERO:
        return np.asarray(np.sign(m) * ((np.abs(m) >> low) << low))
    if core.weight_rounding is Rounding.NEAREST:
        most = ((1 << core.weight_mantissa_bits) - 1) >> low
        steps = np.clip(np.rint(np.ldexp(m.astype(np.float64), -low)), -most, most)
        return np.asarray(steps.astype(np.int64) << low)
    return (m >> low) << low


def effective_decay(register: Any, offset: Any) -> Int32Array:
    """Return the decay in units of ``2**-decay_bits``: the register plus the chip's offset.

    For u (semantics 5.2) and v (semantics 5.4).
    """
    return (np.asarray(register, dtype=np.int32) + np.asarray(offset, np.int32)).astype(np.int32)


def kept_fraction(register: Any, offset: Any, core: CoreSpec) -> Float64Array:
    """Return the fraction of a state that a step keeps: 1 minus its decay, from 0 to 1."""
    decay = effective_decay(register, offset)
    return np.asarray(1 - decay / core.decay_scale, dtype=np.float64)


def decode_threshold(mantissa: Any, core: CoreSpec) -> Int32Array:
    """Return the threshold that v must exceed: ``mantissa << shift`` (semantics 5.6)."""
    return (np.asarray(mantissa, dtype=np.int64) << core.threshold_shift).astype(np.int32)


def decode_bias(mantissa: Any, exponent: Any) -> Int32Array:
    """Return the integer added to v in every step: ``mantissa << exponent`` (semantics 5.3)."""
    return (np.asarray(mantissa, dtype=np.int64) << np.asarray(exponent, np.int64)).astype(np.int32)


def encode_bias(values: Any, core: CoreSpec) -> tuple[Int64Array, Int64Array]:
    """Return mantissa and exponent of the bias registers nearest to real numbers.

    Numbers beyond the largest bias get the largest, with their sign.
    """
    largest, smallest = core.bias_mantissa.maximum, core.bias_mantissa.minimum
    wanted = np.clip(values, *np.ldexp((smallest, largest), core.bias_exponent_max))
    return encode_mantissa_exponent(wanted, core.bias_mantissa, core.bias_exponent_max)


def decode_voltage_limits(
    vmin_exponent: Any, vmax_exponent: Any, core: CoreSpec
) -> tuple[Int32Array, Int32Array]:
    """Return the lowest and the highest v, within the width of the state (semantics 5.4).

    ``vmin = -2**vmin_exponent + 1`` and ``vmax = 2**(9 + 2 vmax_exponent) - 1``.
    """
    if core.voltage_overflow is Overflow.NONE:
        shape, most = np.shape(vmin_exponent), (1 << 30) - 1
        return np.full(shape, -most, dtype=np.int32), np.full(shape, most, dtype=np.int32)
    state = core.state
    vmin = 1 - (np.int64(1) << np.asarray(vmin_exponent, dtype=np.int64))
    vmax = (np.int64(1) << (9 + 2 * np.asarray(vmax_exponent, dtype=np.int64))) - 1
    return (
        np.maximum(vmin, -state.maximum).astype(np.int32),
        np.minimum(vmax, state.maximum).astype(np.int32),
    )


def check_format(owner: str, synapse_format: SynapseFormat, core: CoreSpec) -> None:
    """Raise :class:`ImageError` unless the core allows the synapse format."""
    exponent, bits = synapse_format.weight_exponent, synapse_format.weight_bits
    if not core.weight_exponent_min <= exponent <= core.weight_exponent_max:
        raise ImageError(
            f"{owner}: weight_exponent = {shown(exponent)}; allowed: {core.weight_exponent_min} to "
            f"{core.weight_exponent_max}."
        )
    if bits not in core.weight_bits:
        raise ImageError(
            f"{owner}: weight_bits = {shown(bits)}; allowed: "
            f"{', '.join(map(str, core.weight_bits))}."
        )
