"""Neurons that send changes: delta, sigma-delta, and sigma, which sums what arrives.

All follow lava-nc 0.10.0, ``proc/sdn/models.py``, in the variant with a residue, which repeats the
arrays of lava-dl's Loihi 2 tests. Lava computes with 32 bits; here each state is limited to the
width of the core, and a limit that acts is counted.
"""

from __future__ import annotations

from ...chip.core import CoreSpec
from ..operations import Interval
from ..program import NeuronProgram
from ..rows import Row
from .of_core import of_core
from .payload import in_mantissas, needs_payload

__all__ = ["delta", "sigma", "sigma_delta", "sigma_delta_identity"]

_EXPONENT_MAX = 7


@of_core
def sigma(core: CoreSpec) -> NeuronProgram:
    """Return a neuron that sums all that ever arrived, and sends the sum in every step.

    With ``x = a / 2**weight_shift``, which is what arrived in units of a mantissa:
    ``sigma = sigma + x``; payload ``sigma``, limited to the width of a payload.

    Source: lava-nc 0.10.0, ``PySigmaModelFixed``. Proof: 8 recorded runs of Lava; the last layer of
    lava-dl's tiny sigma-delta network.

    Parameters
    ----------
    core : CoreSpec
        Widths of state and payload.

    Returns
    -------
    NeuronProgram
        State sigma, in units of a mantissa. No parameters.

    Raises
    ------
    ProgramError
        If the core has no payloads.
    """
    needs_payload("sigma", core)
    return NeuronProgram(
        name="sigma",
        state={"sigma": core.state_bits},
        rows=(
            *_summed(core),
            ("payload", "sat", "sigma", core.payload_bits),
            (None, "emit", "payload"),
        ),
        payload_bits=core.payload_bits,
    )


@of_core
def delta(core: CoreSpec) -> NeuronProgram:
    """Return a neuron that sends the change of its input, once it is large enough.

    With ``x = a / 2**weight_shift``, which is what arrived in units of a mantissa:
    ``act = x * 2**input_exponent``; ``d = act - (act before) + residue``; ``s = d`` if
    ``abs(d) >= threshold``, otherwise 0; ``residue = d - s``; payload ``s / 2**state_exponent``,
    rounded toward minus infinity. The input is a level, such as the value of a pixel, that arrives
    in every step.

    Source: lava-nc 0.10.0, ``PyDeltaModelFixed``, where ``input_exponent`` is spike_exp + state_exp
    and the threshold is shifted by as much. Proof: 8 recorded runs of Lava; the input layers of
    lava-dl's tiny network and PilotNet with sigma-delta neurons.

    Parameters
    ----------
    core : CoreSpec
        Widths of state and payload.

    Returns
    -------
    NeuronProgram
        State act and residue, in units of ``x / 2**input_exponent``. Parameters threshold,
        input_exponent and state_exponent.

    Raises
    ------
    ProgramError
        If the core has no payloads.
    """
    needs_payload("delta", core)
    return NeuronProgram(
        name="delta",
        state={"act": core.state_bits, "residue": core.state_bits},
        parameters={**_encoding(core), "input_exponent": (0, 2 * _EXPONENT_MAX)},
        rows=(
            ("before", "mov", "act"),
            in_mantissas(core, "act", "a"),
            ("act", "shl", "act", "input_exponent"),
            ("act", "sat", "act", core.state_bits),
            *_encoded(core),
        ),
        payload_bits=core.payload_bits,
    )


@of_core
def sigma_delta(core: CoreSpec) -> NeuronProgram:
    """Return a sigma-delta neuron with a ReLU, whose spikes carry the change of its activation.

    With ``x = a / 2**weight_shift``, which is what arrived in units of a mantissa:
    ``sigma = sigma + x``; ``act = max(sigma + bias, 0)``; ``d = act - (act before) + residue``;
    ``s = d`` if ``abs(d) >= threshold``, otherwise 0; ``residue = d - s``; payload
    ``s / 2**state_exponent``, rounded toward minus infinity.

    Source: lava-nc 0.10.0, ``PySigmaDeltaModelFixed`` with the activation RELU. Proof: 8 recorded
    runs of Lava; a layer of lava-dl's tiny network, and its whole PilotNet.

    Parameters
    ----------
    core : CoreSpec
        Widths of state and payload.

    Returns
    -------
    NeuronProgram
        State sigma, act and residue, in units of a mantissa. Parameters bias, threshold and
        state_exponent.

    Raises
    ------
    ProgramError
        If the core has no payloads.
    """
    return _sigma_delta("sigma_delta", core, (("act", "max", "act", 0),))


@of_core
def sigma_delta_identity(core: CoreSpec) -> NeuronProgram:
    """Return a sigma-delta neuron without a ReLU: its activation is its sum and bias, of any sign.

    As :func:`sigma_delta`, with ``act = sigma + bias``.

    Source: lava-nc 0.10.0, ``PySigmaDeltaModelFixed`` with the activation UNIT. Proof: 8 recorded
    runs of Lava.

    Parameters
    ----------
    core : CoreSpec
        Widths of state and payload.

    Returns
    -------
    NeuronProgram
        Registers of :func:`sigma_delta`.

    Raises
    ------
    ProgramError
        If the core has no payloads.
    """
    return _sigma_delta("sigma_delta_identity", core, ())


def _sigma_delta(name: str, core: CoreSpec, activation: tuple[Row, ...]) -> NeuronProgram:
    needs_payload(name, core)
    most = core.state.maximum
    return NeuronProgram(
        name=name,
        state=dict.fromkeys(("sigma", "act", "residue"), core.state_bits),
        parameters={"bias": (-most, most), **_encoding(core)},
        rows=(
            *_summed(core),
            ("before", "mov", "act"),
            ("act", "add", "sigma", "bias"),
            *activation,
            ("act", "sat", "act", core.state_bits),
            *_encoded(core),
        ),
        payload_bits=core.payload_bits,
    )


def _summed(core: CoreSpec) -> tuple[Row, ...]:
    return (
        in_mantissas(core, "arrived", "a"),
        ("sigma", "add", "sigma", "arrived"),
        ("sigma", "sat", "sigma", core.state_bits),
    )


def _encoding(core: CoreSpec) -> dict[str, Interval]:
    return {"threshold": (0, core.state.maximum), "state_exponent": (0, _EXPONENT_MAX)}


def _encoded(core: CoreSpec) -> tuple[Row, ...]:
    """Return the rows that send the change from ``before`` to ``act``, or keep it as a residue."""
    return (
        ("d", "sub", "act", "before"),
        ("d", "add", "d", "residue"),
        ("size", "abs", "d"),
        ("sends", "ge", "size", "threshold"),
        ("s", "sel", "sends", "d", 0),
        ("residue", "sub", "d", "s"),
        ("residue", "sat", "residue", core.state_bits),
        ("payload", "asr", "s", "state_exponent"),
        ("payload", "sat", "payload", core.payload_bits),
        (None, "emit", "payload"),
    )
