"""Sigma-delta neurons: they sum what arrives, and send changes of their activation."""

from __future__ import annotations

from ...chip.core import CoreSpec
from ...errors import ProgramError
from ..program import NeuronProgram

__all__ = ["sigma_delta"]

_STATE_EXPONENT_MAX = 7


def sigma_delta(core: CoreSpec) -> NeuronProgram:
    """Return a sigma-delta neuron with a ReLU, whose spikes carry the change of its activation.

    ``sigma = sigma + a``; ``act = max(sigma + bias, 0)``; ``d = act - (act before) + residue``;
    ``s = d`` if ``abs(d) >= threshold``, otherwise 0; ``residue = d - s``; payload
    ``s / 2**state_exponent``, rounded toward minus infinity.

    Source: lava-nc 0.10.0, ``proc/sdn/models.py``, ``PySigmaDeltaModelFixed`` (the variant with a
    residue, which repeats the arrays of lava-dl's Loihi 2 tests). Lava computes with 32 bits; here
    each state is limited to the width of the core, and a limit that acts is counted.

    Parameters
    ----------
    core : CoreSpec
        Width of the state and of the payload.

    Returns
    -------
    NeuronProgram
        State sigma, act, residue. Parameters bias, threshold and state_exponent.

    Raises
    ------
    ProgramError
        If the core has no payloads.
    """
    if not core.payload_bits:
        raise ProgramError(
            "sigma_delta: the core has payload_bits = 0, so its spikes are binary; allowed: a core "
            "with payloads, such as LOIHI2.core."
        )
    bits, most = core.state_bits, core.state.maximum
    return NeuronProgram(
        name="sigma_delta",
        state={"sigma": bits, "act": bits, "residue": bits},
        parameters={
            "bias": (-most, most),
            "threshold": (0, most),
            "state_exponent": (0, _STATE_EXPONENT_MAX),
        },
        rows=(
            ("sigma", "add", "sigma", "a"),
            ("sigma", "sat", "sigma", bits),
            ("before", "mov", "act"),
            ("act", "add", "sigma", "bias"),
            ("act", "max", "act", 0),
            ("act", "sat", "act", bits),
            ("d", "sub", "act", "before"),
            ("d", "add", "d", "residue"),
            ("size", "abs", "d"),
            ("sends", "ge", "size", "threshold"),
            ("s", "sel", "sends", "d", 0),
            ("residue", "sub", "d", "s"),
            ("residue", "sat", "residue", bits),
            ("payload", "asr", "s", "state_exponent"),
            ("payload", "sat", "payload", core.payload_bits),
            (None, "emit", "payload"),
        ),
        payload_bits=core.payload_bits,
    )
