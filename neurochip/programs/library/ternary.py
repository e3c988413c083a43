"""The ternary LIF neuron, whose spikes have a sign."""

from __future__ import annotations

from ...chip.core import CoreSpec
from ..program import NeuronProgram
from .membrane import current_and_input, membrane_parameters, membrane_state, voltage
from .of_core import of_core
from .payload import needs_payload

__all__ = ["ternary"]


@of_core
def ternary(core: CoreSpec) -> NeuronProgram:
    """Return a LIF neuron that spikes with 1 above one threshold and with -1 below another.

    ``u`` and ``v`` as in :func:`lif`, without refractoriness. Payload 1 if ``v > threshold_high``,
    -1 if ``v < threshold_low``; either sets v to 0.

    Source: lava-nc 0.10.0, ``proc/lif/models.py``, ``PyTernLifModelFixed``; overflows follow the
    rules of the core. Proof: 8 recorded runs of Lava.

    Parameters
    ----------
    core : CoreSpec
        Widths and overflow rules.

    Returns
    -------
    NeuronProgram
        State u and v. Parameters keep_u, keep_v, bias, vmin, vmax, threshold_high, threshold_low.

    Raises
    ------
    ProgramError
        If the core has no payloads.
    """
    needs_payload("ternary", core)
    parameters = membrane_parameters(core)
    highest = parameters["vmax"][1]
    return NeuronProgram(
        name="ternary",
        state=membrane_state(core),
        parameters={
            **parameters,
            "threshold_high": (0, highest),
            "threshold_low": (-highest, 0),
        },
        rows=(
            *current_and_input(core),
            *voltage(core),
            ("high", "gt", "v", "threshold_high"),
            ("low", "gt", "threshold_low", "v"),
            ("spike", "sub", "high", "low"),
            ("v", "sel", "spike", 0, "v"),
            (None, "emit", "spike"),
        ),
        payload_bits=core.payload_bits,
    )
