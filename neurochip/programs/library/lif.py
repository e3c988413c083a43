"""Leaky integrate-and-fire neurons: the core's own, with resets that subtract, with two currents.

The numbers in brackets are sections of ``docs/reference/core-semantics.md``.
"""

from __future__ import annotations

from ..._support.values import choice
from ...chip.core import CoreSpec
from ...errors import ProgramError
from ..operations import Interval
from ..program import NeuronProgram
from ..rows import Row
from .membrane import (
    current_and_input,
    membrane_parameters,
    membrane_state,
    threshold_range,
    two_currents_and_input,
    voltage,
)
from .of_core import of_core

__all__ = ["lif", "lif_soft_reset", "lif_two_inputs"]


@of_core
def lif(core: CoreSpec) -> NeuronProgram:
    """Return the LIF neuron of the core, as a program; the same integers as its own neuron.

    ``u = u keep_u / 4096 + a``; ``v = clip(v keep_v / 4096 + u + bias, vmin, vmax)``, both
    divisions toward zero; v is 0 while it is held; above the threshold a spike, ``v = 0`` and a
    hold of ``refractory - 1`` steps. Wraps follow the rules of the core.

    Source: ``docs/reference/core-semantics.md``, sections 5.1 to 5.6. Proof: agrees with the
    built-in neuron bit for bit on random images; 16 recorded runs of Lava; the arrays of lava-dl's
    dense layer, tiny network and PilotNet.

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
    return _lif("lif", core, subtracts=False, several=False)


@of_core
def lif_soft_reset(
    core: CoreSpec,
    spikes_per_step: str = "one",
    *,
    kicks_lost: bool = False,
    raises: bool = False,
) -> NeuronProgram:
    """Return a LIF neuron whose spike lowers v by an amount, instead of setting it to 0.

    Integration is that of :func:`lif`. A refractory neuron keeps its v. With ``"one"``:
    ``v = v - amount`` if v exceeds the threshold. With ``"many"``: ``v = v - n amount``, where n is
    the smallest number after which v does not exceed the threshold; n is the payload. With
    ``raises`` a step that begins with v above the threshold needs a v above ``threshold + amount``.

    Source: the reset of snnTorch and Norse ("subtract") and, with several spikes, the multi-spike
    activation of sinabs (n = floor(v / threshold)), in the core's integers. v does not fall below
    vmin. With ``raises`` the neuron is :func:`snntorch` with ``"subtract"`` and no delay, with a
    refractory counter. Proof: 16 recorded runs of sinabs, with one and with several spikes a step.

    Parameters
    ----------
    core : CoreSpec
        Widths and overflow rules.
    spikes_per_step : str
        ``"one"`` or ``"many"``.
    kicks_lost : bool
        Whether v moves again in the last step of the refractory counter, but without u: for input
        that acts on v at once and is lost on a refractory neuron, as kicks of v in Brian2's order.
    raises : bool
        Whether a v above the threshold raises it by the amount for the next step, with one spike a
        step.

    Returns
    -------
    NeuronProgram
        Registers of :func:`lif`, and the parameter ``amount`` of at least 1.

    Raises
    ------
    ProgramError
        If ``spikes_per_step`` is something else, or ``"many"`` with ``raises``.
    """
    several = _several("lif_soft_reset", spikes_per_step)
    if several and raises:
        raise ProgramError(
            "lif_soft_reset: spikes_per_step = 'many' with raises = True; allowed: 'one' with it, "
            "since many spikes leave nothing above the threshold."
        )
    name = "lif_soft_reset"
    return _lif(name, core, subtracts=True, several=several, kicks_lost=kicks_lost, raises=raises)


@of_core
def lif_two_inputs(
    core: CoreSpec,
    reset: str = "value",
    spikes_per_step: str = "one",
    *,
    kicks_lost: bool = False,
) -> NeuronProgram:
    """Return a LIF neuron with two currents, each with an accumulator and a decay of its own.

    ``u = u keep_u / 4096 + a``; ``u2 = u2 keep_u2 / 4096 + b``;
    ``v = clip(v keep_v / 4096 + u + u2 + bias, vmin, vmax)``; all else as in :func:`lif`, or, with
    ``reset="subtract"`` or ``"subtract_and_raise"``, as in :func:`lif_soft_reset`.

    Source: ``docs/reference/core-semantics.md``, section 5.3: u2 takes the place of the u of a
    child compartment. Proof: agrees with a child and its parent bit for bit.

    Parameters
    ----------
    core : CoreSpec
        Widths and overflow rules.
    reset : str
        ``"value"``: a spike sets v to 0. ``"subtract"``: it lowers v by the amount.
        ``"subtract_and_raise"``: it does, and a v above the threshold raises it by the amount for
        the next step.
    spikes_per_step : str
        ``"one"``, or ``"many"`` with ``reset="subtract"``.
    kicks_lost : bool
        As for :func:`lif_soft_reset`, with u2 in place of u; not with ``reset="value"``.

    Returns
    -------
    NeuronProgram
        Inputs a and b. Registers of :func:`lif` or :func:`lif_soft_reset`, the state u2 and the
        parameter keep_u2.

    Raises
    ------
    ProgramError
        If an argument is something else.
    """
    owner = "lif_two_inputs"
    resets = ("value", "subtract", "subtract_and_raise")
    choice(owner, "reset", reset, resets, error=ProgramError)
    several = _several(owner, spikes_per_step)
    if several and reset != "subtract":
        why = "a reset to a value leaves nothing for a second spike"
        if reset != "value":
            why = "many spikes leave nothing above the threshold"
        raise ProgramError(
            f"{owner}: spikes_per_step = 'many' with reset = {reset!r}; allowed: 'many' with reset "
            f"= 'subtract', since {why}."
        )
    if kicks_lost and reset == "value":
        raise ProgramError(
            f"{owner}: kicks_lost with reset = 'value'; allowed: with reset = 'subtract'. After a "
            "reset to a value, a longer refractory counter loses them."
        )
    subtracts = reset != "value"
    return _lif(
        f"{owner}_subtract" if subtracts else owner,
        core,
        subtracts=subtracts,
        several=several,
        two=True,
        kicks_lost=kicks_lost,
        raises=reset == "subtract_and_raise",
    )


def _several(owner: str, spikes_per_step: str) -> bool:
    allowed = ("one", "many")
    choice(owner, "spikes_per_step", spikes_per_step, allowed, error=ProgramError)
    return spikes_per_step == "many"


def _lif(
    name: str,
    core: CoreSpec,
    *,
    subtracts: bool,
    several: bool,
    two: bool = False,
    kicks_lost: bool = False,
    raises: bool = False,
) -> NeuronProgram:
    state = membrane_state(core)
    parameters: dict[str, Interval] = {
        **membrane_parameters(core),
        "threshold": threshold_range(core),
        "refractory": (1, core.refractory_max),
    }
    if two:
        state = {"u": state["u"], "u2": state["u"], "v": state["v"]}
        parameters["keep_u2"] = parameters["keep_u"]
    if subtracts:
        parameters["amount"] = (1, core.state.maximum)
    bits = core.payload_bits or core.state_bits
    waits, limit = "waits" if kicks_lost else "held", "limit" if raises else "threshold"
    return NeuronProgram(
        name=name
        + ("_raise" if raises else "")
        + ("_many" if several else "")
        + ("_kicks" if kicks_lost else ""),
        inputs=("a", "b") if two else ("a",),
        state={**state, "held": core.refractory_max.bit_length() + 1},
        parameters=parameters,
        rows=(
            *((("old", "mov", "v"),) if subtracts else ()),
            *(_RAISE if raises else ()),
            *(two_currents_and_input if two else current_and_input)(core, kicks_lost=kicks_lost),
            *voltage(core),
            *((("waits", "gt", "held", 1),) if kicks_lost else ()),
            ("v", "sel", waits, "old" if subtracts else 0, "v"),
            *(_number_of_spikes(bits) if several else (("spike", "gt", "v", limit),)),
            ("spike", "sel", waits, 0, "spike"),
            *(_SUBTRACT if subtracts else _TO_ZERO),
            *_HOLD,
            (None, "emit", "spike"),
        ),
        payload_bits=bits if several else 0,
    )


def _number_of_spikes(bits: int) -> tuple[Row, ...]:
    """Return the rows that count how many amounts bring v down to the threshold."""
    return (
        ("excess", "sub", "v", "threshold"),
        ("excess", "sub", "excess", 1),
        ("fits", "div", "excess", "amount"),
        ("fits", "add", "fits", 1),
        ("spike", "max", "fits", 0),
        ("spike", "sat", "spike", bits),
    )


_TO_ZERO: tuple[Row, ...] = (("v", "sel", "spike", 0, "v"),)
_RAISE: tuple[Row, ...] = (
    ("above", "gt", "v", "threshold"),
    ("rise", "mul", "above", "amount"),
    ("limit", "add", "threshold", "rise"),
)
_SUBTRACT: tuple[Row, ...] = (
    ("fall", "mul", "spike", "amount"),
    ("v", "sub", "v", "fall"),
    ("v", "max", "v", "vmin"),
)
_HOLD: tuple[Row, ...] = (
    ("held", "sel", "spike", "refractory", "held"),
    ("held", "sub", "held", 1),
    ("held", "max", "held", 0),
)
"""The refractory counter after a step (semantics 5.6)."""
