"""Leaky integrate-and-fire neurons: the core's own, and the one whose reset subtracts.

The numbers in brackets are sections of ``docs/reference/core-semantics.md``.
"""

from __future__ import annotations

from ..._support.values import choice
from ...chip.core import CoreSpec
from ...chip.fixedpoint import Overflow
from ...errors import ProgramError
from ..operations import Interval
from ..program import NeuronProgram
from ..rows import Row

__all__ = ["lif", "lif_soft_reset"]

_UNLIMITED_BITS = 31  # width of a register "without a limit" (semantics 8)


def lif(core: CoreSpec) -> NeuronProgram:
    """Return the LIF neuron of the core, as a program; the same integers as its own neuron.

    ``u = u keep_u / 4096 + a``; ``v = clip(v keep_v / 4096 + u + bias, vmin, vmax)``, both
    divisions toward zero; v is 0 while it is held; above the threshold a spike, ``v = 0`` and a
    hold of ``refractory - 1`` steps. Wraps follow the rules of the core.

    Source: ``docs/reference/core-semantics.md``, sections 5.1 to 5.6. Proof: agrees with the
    built-in neuron bit for bit on random images.

    Parameters
    ----------
    core : CoreSpec
        Widths and overflow rules.

    Returns
    -------
    NeuronProgram
        State u, v, held (refractory counter). Parameters keep_u and keep_v (``4096 - decay``),
        bias, vmin, vmax, threshold and refractory, all decoded.
    """
    return NeuronProgram(
        name="lif",
        state=_state(core),
        parameters=_parameters(core),
        rows=(
            *_current_and_input(core),
            *_voltage(core),
            ("v", "sel", "held", 0, "v"),
            ("above", "gt", "v", "threshold"),
            ("spike", "sel", "held", 0, "above"),
            ("v", "sel", "spike", 0, "v"),
            *_HOLD,
            (None, "emit", "spike"),
        ),
    )


def lif_soft_reset(core: CoreSpec, spikes_per_step: str = "one") -> NeuronProgram:
    """Return a LIF neuron whose spike lowers v by an amount, instead of setting it to 0.

    Integration is that of :func:`lif`. A refractory neuron keeps its v. With ``"one"``:
    ``v = v - amount`` if v exceeds the threshold. With ``"many"``: ``v = v - n amount``, where n is
    the smallest number after which v does not exceed the threshold; n is the payload.

    Source: the reset of snnTorch and Norse ("subtract") and, with several spikes, the multi-spike
    activation of sinabs (n = floor(v / threshold)), in the core's integers. v does not fall below
    vmin.

    Parameters
    ----------
    core : CoreSpec
        Widths and overflow rules.
    spikes_per_step : str
        ``"one"`` or ``"many"``.

    Returns
    -------
    NeuronProgram
        Registers of :func:`lif`, and the parameter ``amount`` of at least 1.

    Raises
    ------
    ProgramError
        If ``spikes_per_step`` is something else.
    """
    choice(
        "lif_soft_reset", "spikes_per_step", spikes_per_step, ("one", "many"), error=ProgramError
    )
    bits = core.payload_bits or core.state_bits
    spikes: tuple[Row, ...] = (
        ("above", "gt", "v", "threshold"),
        ("spike", "sel", "held", 0, "above"),
    )
    if spikes_per_step == "many":
        spikes = (
            ("excess", "sub", "v", "threshold"),
            ("excess", "sub", "excess", 1),
            ("fits", "div", "excess", "amount"),
            ("fits", "add", "fits", 1),
            ("above", "max", "fits", 0),
            ("spike", "sel", "held", 0, "above"),
            ("spike", "sat", "spike", bits),
        )
    return NeuronProgram(
        name="lif_soft_reset" if spikes_per_step == "one" else "lif_soft_reset_many",
        state=_state(core),
        parameters={**_parameters(core), "amount": (1, core.state.maximum)},
        rows=(
            ("old", "mov", "v"),
            *_current_and_input(core),
            *_voltage(core),
            ("v", "sel", "held", "old", "v"),
            *spikes,
            ("fall", "mul", "spike", "amount"),
            ("v", "sub", "v", "fall"),
            ("v", "max", "v", "vmin"),
            *_HOLD,
            (None, "emit", "spike"),
        ),
        payload_bits=0 if spikes_per_step == "one" else bits,
    )


def _state(core: CoreSpec) -> dict[str, int]:
    return {
        "u": _bits(core.state_bits, core.current_overflow),
        "v": _bits(core.state_bits, core.voltage_overflow),
        "held": core.refractory_max.bit_length() + 1,
    }


def _parameters(core: CoreSpec) -> dict[str, Interval]:
    bias, most = core.bias_mantissa, _most(core)
    return {
        "keep_u": (0, core.decay_scale),
        "keep_v": (0, core.decay_scale),
        "bias": (bias.minimum << core.bias_exponent_max, bias.maximum << core.bias_exponent_max),
        "vmin": (-most, 0),
        "vmax": (0, most),
        "threshold": (0, core.threshold_mantissa.maximum << core.threshold_shift),
        "refractory": (1, core.refractory_max),
    }


def _most(core: CoreSpec) -> int:
    """Return the largest magnitude of v (semantics 5.4)."""
    return (1 << (_bits(core.state_bits, core.voltage_overflow) - 1)) - 1


def _bits(bits: int, overflow: Overflow) -> int:
    """Return the width of a register under a rule; WRAP_UP holds one number more."""
    if overflow is Overflow.NONE:
        return _UNLIMITED_BITS
    return bits + 1 if overflow is Overflow.WRAP_UP else bits


def _current_and_input(core: CoreSpec) -> tuple[Row, ...]:
    """Return the rows that set u (semantics 5.2) and x, which v receives (semantics 5.3)."""
    return (
        ("u", "mul", "u", "keep_u"),
        ("u", "rtz", "u", core.decay_bits),
        ("u", "add", "u", "a"),
        *_wrapped("u", core.state_bits, core.current_overflow),
        ("x", "add", "u", "bias"),
        *_wrapped("x", core.state_bits, core.input_overflow),
    )


def _wrapped(name: str, bits: int, overflow: Overflow) -> tuple[Row, ...]:
    """Return the rows that fit a value into its register, by the core's rule (semantics 8)."""
    if overflow is Overflow.WRAP_UP:
        return ((name, "sub", 0, name), (name, "wrap", name, bits), (name, "sub", 0, name))
    return ((name, "wrap", name, _bits(bits, overflow)),)


def _voltage(core: CoreSpec) -> tuple[Row, ...]:
    """Return the rows that set v, limited to vmin and vmax (semantics 5.4)."""
    return (
        ("v", "mul", "v", "keep_v"),
        ("v", "rtz", "v", core.decay_bits),
        ("v", "add", "v", "x"),
        ("v", "max", "v", "vmin"),
        ("v", "min", "v", "vmax"),
    )


_HOLD: tuple[Row, ...] = (
    ("held", "sel", "spike", "refractory", "held"),
    ("held", "sub", "held", 1),
    ("held", "max", "held", 0),
)
"""The refractory counter after a step (semantics 5.6)."""
