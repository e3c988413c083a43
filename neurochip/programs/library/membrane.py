"""Rows that all neurons with a current u and a potential v share.

The numbers in brackets are sections of ``docs/reference/core-semantics.md``.
"""

from __future__ import annotations

from ...chip.core import CoreSpec
from ...chip.fixedpoint import Overflow
from ..operations import Interval
from ..rows import Row

__all__ = [
    "current_and_input",
    "membrane_parameters",
    "membrane_state",
    "threshold_range",
    "two_currents_and_input",
    "voltage",
]

_UNLIMITED_BITS = 31  # width of a register "without a limit" (semantics 8)


def membrane_state(core: CoreSpec) -> dict[str, int]:
    """Return the widths of u and v."""
    return {
        "u": _bits(core.state_bits, core.current_overflow),
        "v": _bits(core.state_bits, core.voltage_overflow),
    }


def membrane_parameters(core: CoreSpec) -> dict[str, Interval]:
    """Return the ranges of keep_u, keep_v (``4096 - decay``), bias, vmin and vmax, all decoded."""
    bias = core.bias_mantissa
    most = (1 << (membrane_state(core)["v"] - 1)) - 1  # (semantics 5.4)
    return {
        "keep_u": (0, core.decay_scale),
        "keep_v": (0, core.decay_scale),
        "bias": (bias.minimum << core.bias_exponent_max, bias.maximum << core.bias_exponent_max),
        "vmin": (-most, 0),
        "vmax": (0, most),
    }


def threshold_range(core: CoreSpec) -> Interval:
    """Return the range of a threshold, decoded."""
    return 0, core.threshold_mantissa.maximum << core.threshold_shift


def current_and_input(core: CoreSpec, *, kicks_lost: bool = False) -> tuple[Row, ...]:
    """Return the rows that set u (semantics 5.2) and x, which v receives (semantics 5.3).

    With ``kicks_lost`` v does not receive u while the counter ``held`` is above 0.
    """
    return (
        *_current(core, "u", "keep_u", "a"),
        *((("kick", "sel", "held", 0, "u"),) if kicks_lost else ()),
        ("x", "add", "kick" if kicks_lost else "u", "bias"),
        *_wrapped("x", core.state_bits, core.input_overflow),
    )


def two_currents_and_input(core: CoreSpec, *, kicks_lost: bool = False) -> tuple[Row, ...]:
    """Return the rows that set u and u2, a current of its own, and x, which is their sum.

    With ``kicks_lost`` x does not contain u2 while the counter ``held`` is above 0.
    """
    return (
        *_current(core, "u2", "keep_u2", "b"),
        *_current(core, "u", "keep_u", "a"),
        *((("kick", "sel", "held", 0, "u2"),) if kicks_lost else ()),
        ("x", "add", "u", "bias"),
        ("x", "add", "x", "kick" if kicks_lost else "u2"),
        *_wrapped("x", core.state_bits, core.input_overflow),
    )


def voltage(core: CoreSpec) -> tuple[Row, ...]:
    """Return the rows that set v, limited to vmin and vmax (semantics 5.4)."""
    return (
        ("v", "mul", "v", "keep_v"),
        ("v", "rtz", "v", core.decay_bits),
        ("v", "add", "v", "x"),
        ("v", "max", "v", "vmin"),
        ("v", "min", "v", "vmax"),
    )


def _current(core: CoreSpec, name: str, keep: str, arrived: str) -> tuple[Row, ...]:
    return (
        (name, "mul", name, keep),
        (name, "rtz", name, core.decay_bits),
        (name, "add", name, arrived),
        *_wrapped(name, core.state_bits, core.current_overflow),
    )


def _wrapped(name: str, bits: int, overflow: Overflow) -> tuple[Row, ...]:
    """Return the rows that fit a value into its register, by the core's rule (semantics 8)."""
    if overflow is Overflow.WRAP_UP:
        return ((name, "sub", 0, name), (name, "wrap", name, bits), (name, "sub", 0, name))
    return ((name, "wrap", name, _bits(bits, overflow)),)


def _bits(bits: int, overflow: Overflow) -> int:
    """Return the width of a register under a rule; WRAP_UP holds one number more."""
    if overflow is Overflow.NONE:
        return _UNLIMITED_BITS
    return bits + 1 if overflow is Overflow.WRAP_UP else bits
