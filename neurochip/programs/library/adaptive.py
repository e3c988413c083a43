"""A LIF neuron whose threshold rises with its spikes."""

from __future__ import annotations

from ...chip.core import CoreSpec
from ..program import NeuronProgram
from .membrane import (
    current_and_input,
    membrane_parameters,
    membrane_state,
    threshold_range,
    voltage,
)
from .of_core import of_core

__all__ = ["lif_adaptive"]


@of_core
def lif_adaptive(core: CoreSpec) -> NeuronProgram:
    """Return a LIF neuron whose threshold rises at each of its spikes, and decays back.

    ``u`` and ``v`` as in :func:`lif`, without refractoriness. ``w = w keep_w / 4096``, toward zero;
    a spike if ``v > threshold + w``; then ``v = 0`` and ``w = w + step_w``, limited to the width of
    the state.

    Source: a rule of this project. The adaptive threshold is that of Bellec et al. (2018, Long
    short-term memory and learning-to-learn in networks of spiking neurons, arXiv:1803.09574); its
    rounding and its order are ours. No other integer model was found that can be compared: Lava's
    ATRLIF multiplies fractions of 1 in its fixed-point model. Proof: a loop written from these
    equations; with ``step_w = 0`` the neuron is :func:`lif`.

    Parameters
    ----------
    core : CoreSpec
        Widths and overflow rules.

    Returns
    -------
    NeuronProgram
        State u, v and w (all in units of a). Parameters keep_u, keep_v, bias, vmin, vmax,
        threshold, keep_w (``4096 exp(-dt / tau_w)``) and step_w. Spikes are binary.
    """
    return NeuronProgram(
        name="lif_adaptive",
        state={**membrane_state(core), "w": core.state_bits},
        parameters={
            **membrane_parameters(core),
            "threshold": threshold_range(core),
            "keep_w": (0, core.decay_scale),
            "step_w": (0, core.state.maximum),
        },
        rows=(
            *current_and_input(core),
            *voltage(core),
            ("w", "mul", "w", "keep_w"),
            ("w", "rtz", "w", core.decay_bits),
            ("limit", "add", "threshold", "w"),
            ("spike", "gt", "v", "limit"),
            ("v", "sel", "spike", 0, "v"),
            ("rise", "mul", "spike", "step_w"),
            ("w", "add", "w", "rise"),
            ("w", "sat", "w", core.state_bits),
            (None, "emit", "spike"),
        ),
    )
