"""The neurons of snnTorch, reset and delay as its own recurrences have them."""

from __future__ import annotations

from ..._support.values import choice, switch
from ...chip.core import CoreSpec
from ...errors import ProgramError
from ..program import NeuronProgram
from ..rows import Row
from .membrane import (
    current_and_input,
    membrane_parameters,
    membrane_state,
    threshold_range,
    voltage,
)
from .of_core import of_core

__all__ = ["snntorch"]


@of_core
def snntorch(core: CoreSpec, reset: str = "subtract", delayed: bool = True) -> NeuronProgram:
    """Return the neuron ``Synaptic`` of snnTorch, and ``Leaky`` with ``keep_u = 0``.

    With ``w = v keep_v / 4096 + u + bias`` and ``r = 1`` if the v of the last step exceeds the
    threshold, otherwise 0:

    ========== ========= ======================== ===================
    reset      delayed   spike                    v
    ========== ========= ======================== ===================
    "subtract" True      w - r amount > threshold w - r amount
    "subtract" False     w - r amount > threshold w - spike amount
    "zero"     True      w (1 - r) > threshold    w (1 - r)
    "zero"     False     w > threshold            w (1 - spike)
    ========== ========= ======================== ===================

    The delayed reset to zero discards what arrives in the step after a spike. ``Leaky`` of snnTorch
    0.9 and 1.0 keeps it, so its spikes are those of ``reset="zero", delayed=False``; version 0.6
    discards it. A neuron that is above its threshold even after a subtraction without delay spikes
    in the next step only above ``threshold + amount``.

    Source: snnTorch 1.0.0, ``_neurons/synaptic.py`` and ``leaky.py``; ``amount`` is the threshold
    there. Proof: run with real numbers, the program gives every u, v and spike of 64 neurons that
    snnTorch ran in float64, and the spikes of eight of its networks; in integers there is no other
    source, so these rows are compared with a loop written from the equations.

    Parameters
    ----------
    core : CoreSpec
        Widths and overflow rules.
    reset : str
        ``"subtract"`` or ``"zero"``.
    delayed : bool
        Whether the reset acts in the step after the spike (``reset_delay``).

    Returns
    -------
    NeuronProgram
        State u and v. Parameters keep_u, keep_v, bias, vmin, vmax, threshold, and amount with
        ``"subtract"``. Spikes are binary.

    Raises
    ------
    ProgramError
        If an argument is something else.
    """
    choice("snntorch", "reset", reset, ("subtract", "zero"), error=ProgramError)
    delayed = switch("snntorch", "delayed", delayed, error=ProgramError)
    parameters = membrane_parameters(core)
    parameters["threshold"] = threshold_range(core)
    if reset == "subtract":
        parameters["amount"] = (1, core.state.maximum)
    return NeuronProgram(
        name=f"snntorch_{reset}{'_delayed' if delayed else ''}",
        state=membrane_state(core),
        parameters=parameters,
        rows=(
            ("before", "gt", "v", "threshold"),
            *current_and_input(core),
            *voltage(core),
            *_RESETS[reset, delayed],
            (None, "emit", "spike"),
        ),
    )


_LOWERED: tuple[Row, ...] = (
    ("fall", "mul", "before", "amount"),
    ("lowered", "sub", "v", "fall"),
    ("lowered", "max", "lowered", "vmin"),
    ("spike", "gt", "lowered", "threshold"),
)
_RESETS: dict[tuple[str, bool], tuple[Row, ...]] = {
    ("subtract", True): (*_LOWERED, ("v", "mov", "lowered")),
    ("subtract", False): (
        *_LOWERED,
        ("fall", "mul", "spike", "amount"),
        ("v", "sub", "v", "fall"),
        ("v", "max", "v", "vmin"),
    ),
    ("zero", True): (("v", "sel", "before", 0, "v"), ("spike", "gt", "v", "threshold")),
    ("zero", False): (("spike", "gt", "v", "threshold"), ("v", "sel", "spike", 0, "v")),
}
