"""Reads a NeuronGroup as LIF neurons: equations, threshold, reset, refractory period."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from brian2.core.functions import timestep
from brian2.core.preferences import prefs
from brian2.parsing.sympytools import str_to_sympy
from brian2.units import Quantity, have_same_dimensions, second, volt
from brian2.units.fundamentalunits import DIMENSIONLESS

from ...network.neurons import Integration, Reset
from ...typing import Float64Array
from .equations import (
    Linear,
    membrane_of,
    moving_subexpressions,
    per_neuron,
    read_linear,
)
from .methods import integration_of
from .refusal import check_part, refusal
from .times import periods
from .values import check_units_of, dimensions_of, set_at_spikes, statements

__all__ = ["Cells", "membrane_in", "read_cells"]

_THRESHOLD = "What works: threshold='v > v_threshold', with a constant v_threshold."
_RESET = "What works: reset='v = v_reset' or reset='v -= amount', with constants."


@dataclass(frozen=True, eq=False)
class Cells:
    """A NeuronGroup without its inputs; arrays have the shape (size,).

    Parameters
    ----------
    group : brian2.NeuronGroup
        The group.
    v : str
        Name of its membrane potential.
    unit : float, mV
        Value of Brian2's base unit of v: 1000 if v is in volt, 1 if v has no unit and is read as
        mV.
    linear : Linear
        Equations in base units.
    integration : str
        As in :class:`~neurochip.LIF`.
    reset : str
        As in :class:`~neurochip.LIF`.
    v_thresh, v_reset, v_init : ndarray, mV
        As in :class:`~neurochip.LIF`; the threshold is infinite if the group has none.
    tau_refrac : ndarray, ms
        Refractory period, in which v is held.
    """

    group: Any
    v: str
    unit: float
    linear: Linear
    integration: Integration
    reset: Reset
    v_thresh: Float64Array
    v_reset: Float64Array
    v_init: Float64Array
    tau_refrac: Float64Array

    @property
    def name(self) -> str:
        """Name of the group and of its population."""
        return str(self.group.name)

    @property
    def size(self) -> int:
        """Number of neurons."""
        return int(self.group.N)


def read_cells(group: Any, namespace: Mapping[str, Any], written: Collection[str] = ()) -> Cells:
    """Read a NeuronGroup.

    Parameters
    ----------
    group : brian2.NeuronGroup
        Group to read.
    namespace : dict
        Names of the caller of ``run``.
    written : collection of str
        Its variables that synapses add to.

    Raises
    ------
    FrontendError
        If it cannot be expressed as a :class:`~neurochip.LIF`.
    """
    _check_events(group)
    group.equations.check_units(group, run_namespace=namespace)
    spikes = "spike" in group.events
    moving = moving_subexpressions(group)
    if spikes:
        v, v_thresh = _read_threshold(group, moving, namespace)
    else:
        v, v_thresh = membrane_of(group, written), np.full(group.N, np.inf)
    dimensions = group.variables[v].dim
    if dimensions not in (volt.dim, DIMENSIONLESS):
        raise refusal(
            group,
            f"{v} is in {group.variables[v].unit}",
            "What works: a membrane potential in volt, or without a unit (then 1 is read as 1 mV).",
        )
    unit = 1000.0 if dimensions == volt.dim else 1.0
    if not np.issubdtype(group.variables[v].dtype, np.floating):
        raise refusal(
            group,
            f"{v} holds whole numbers; a membrane potential changes by fractions",
            f"Omit the flag or dtype of {v}.",
        )
    linear = read_linear(group, v, namespace)
    v_init = group.variables[v].get_value() * unit
    v_reset = linear.v_inf * unit if linear.leaky else v_init
    reset: Reset = "value"
    if spikes:
        reset, potential = _read_reset(group, v, v_thresh, namespace)
        v_reset = potential * unit
    return Cells(
        group=group,
        v=v,
        unit=unit,
        linear=linear,
        integration=integration_of(group, linear, namespace),
        reset=reset,
        v_thresh=v_thresh * unit,
        v_reset=v_reset,
        v_init=v_init,
        tau_refrac=_read_refractory(group, v, namespace, reset),
    )


def _check_events(group: Any) -> None:
    for event in group.events:
        if event != "spike":
            raise refusal(
                group, f"it defines the event {event!r}", "Only spikes exist on the chip."
            )
    parts = [("state updater", "groups", group.state_updater)]
    if "spike" in group.events:
        if "spike" not in group.event_codes:
            raise refusal(group, "it has no reset; the chip resets v after every spike", _RESET)
        parts.append(("thresholder", "thresholds", group.thresholder["spike"]))
        parts.append(("resetter", "resets", group.resetter["spike"]))
    for part, slot, runner in parts:
        check_part(group, part, slot, runner)


def membrane_in(group: Any, condition: Any) -> list[str]:
    """Return the variables of a threshold that could be the membrane potential of a group.

    They have a differential equation, or are parameters that the reset sets.
    """
    moving = {*group.user_equations.diff_eq_names, *set_at_spikes(group)}
    return sorted(name for name in moving if _symbol(name) in condition.atoms())


def _read_threshold(
    group: Any, moving: Mapping[Any, Any], namespace: Mapping[str, Any]
) -> tuple[str, Float64Array]:
    """Return the name of the membrane potential and the threshold in its base unit."""
    code = group.events["spike"]
    dimensions_of(code, group, namespace)
    whole = sympy.sympify(str_to_sympy(code, group.variables)).xreplace(moving)
    parts = whole.args if isinstance(whole, sympy.And) else (whole,)
    gates = [part for part in parts if not membrane_in(group, part)]
    rest = [part for part in parts if part not in gates]
    condition = rest[0] if len(rest) == 1 else whole
    compares = isinstance(condition, (sympy.Gt, sympy.Lt, sympy.Ge, sympy.Le))
    if not compares:
        raise refusal(group, f"threshold = {code!r} is not a single comparison", _THRESHOLD)
    names = membrane_in(group, condition)
    if len(names) != 1:
        found = f"compares {' and '.join(names)}" if names else "compares no variable"
        raise refusal(
            group, f"threshold = {code!r} {found} of the differential equations", _THRESHOLD
        )
    (v,) = names
    distance = (condition.gts - condition.lts).expand()  # above 0 where the neuron spikes
    slope = sympy.diff(distance, _symbol(v))
    if slope.has(_symbol(v)):
        raise refusal(group, f"threshold = {code!r} is not linear in {v}", _THRESHOLD)
    factor = per_neuron(group, slope, f"the factor of {v} in the threshold", namespace)
    if not (factor > 0).all():
        raise refusal(group, f"threshold = {code!r} is crossed from above", _THRESHOLD)
    level = per_neuron(
        group, -distance.subs(_symbol(v), 0), "the threshold", namespace, may_be_infinite=True
    )
    threshold = level / factor
    if isinstance(condition, (sympy.Ge, sympy.Le)):
        # v >= x is the same as v > the next float below x.
        threshold = np.nextafter(threshold, -np.inf)
    if not _is_open(group, gates, namespace):
        threshold = np.full(group.N, np.inf)
    return v, threshold


def _is_open(group: Any, gates: Iterable[Any], namespace: Mapping[str, Any]) -> bool:
    """Return whether all neurons of a group may spike; refuse a group of which only some may."""
    free = np.ones(group.N, dtype=bool)
    for gate in gates:
        if gate == _symbol("not_refractory"):
            continue  # Brian2 adds this condition to every threshold
        what = "a condition of the threshold"
        free &= per_neuron(group, gate, what, namespace).astype(bool)
    if free.any() and not free.all():
        raise refusal(
            group,
            f"threshold = {group.events['spike']!r} never lets neuron {int(np.argmin(free))} spike",
            "What works: a group of its own for neurons that do not spike.",
        )
    return bool(free.all())


def _read_reset(
    group: Any, v: str, v_thresh: Float64Array, namespace: Mapping[str, Any]
) -> tuple[Reset, Float64Array]:
    """Return the kind of a reset, and where it takes a v at the threshold, in base units."""
    code = group.event_codes["spike"]
    lines = statements(code)
    if len(lines) != 1 or lines[0][0] != v:
        others = ", ".join(sorted({name for name, _, _ in lines} - {v}))
        changed = f"also changes {others}" if others else "does not set v once"
        raise refusal(group, f"reset = {code.strip()!r} {changed}", _RESET)
    _, operation, expression = lines[0]
    check_units_of(code, group, namespace)
    right, before = sympy.sympify(str_to_sympy(expression, group.variables)), _symbol(v)
    after = {"=": right, "+=": before + right, "-=": before - right}.get(operation, before**2)
    if not after.has(before):
        return "value", per_neuron(group, expression, "the reset", namespace)
    taken = (before - after).expand()
    if taken.has(before):
        raise refusal(
            group,
            f"reset = {code.strip()!r} neither sets {v} to one value nor subtracts one from it",
            _RESET,
        )
    amount = per_neuron(group, taken, "the amount that the reset subtracts", namespace)
    if not (amount > 0).all():
        raise refusal(group, f"reset = {code.strip()!r} does not lower {v}", _RESET)
    # Neurons that never spike have an infinite threshold; any reset will do.
    return "subtract", np.where(np.isfinite(v_thresh), v_thresh, 0.0) - amount


def _read_refractory(
    group: Any, v: str, namespace: Mapping[str, Any], reset: Reset
) -> Float64Array:
    """Return the refractory period in ms."""
    period = group._refractory  # it has no public name
    if period is False:
        return np.zeros(group.N)
    if isinstance(period, str):
        if dimensions_of(period, group, namespace) != second.dim:
            raise refusal(
                group,
                f"refractory = {period!r} is a condition",
                "What works: a time, or an expression of parameters that is a time.",
            )
        seconds = per_neuron(group, period, "refractory", namespace)
    elif isinstance(period, Quantity) and have_same_dimensions(period, second):
        seconds = np.full(group.N, float(period))
    else:
        raise refusal(
            group, f"refractory = {period!r} is not a time", "What works: a time, or False."
        )
    if prefs["legacy.refractory_timing"]:
        raise refusal(
            group, "prefs.legacy.refractory_timing is set", "What works: Brian2's present timing."
        )
    dt = float(group.clock.dt_)
    _check_begin(group, seconds, dt)
    if "spike" not in group.events:
        return np.zeros(group.N)
    _check_held(group, v, steps=timestep(seconds, dt))
    if reset == "subtract":
        # Kicks that arrive in the step of the spike are lost only if v is '(unless refractory)'.
        held = v in group.user_equations and "unless refractory" in group.user_equations[v].flags
        seconds = np.maximum(seconds, dt) if held else np.zeros(group.N)
    return periods(seconds, dt)


def _check_begin(group: Any, seconds: Float64Array, dt: float) -> None:
    """Refuse neurons that are refractory at time 0."""
    last = group.variables["lastspike"].get_value()
    held = np.asarray(timestep(-last, dt)) < timestep(seconds, dt)
    if held.any():
        first = int(np.argmax(held))
        raise refusal(
            group,
            f"neuron {first} is refractory at time 0 (its lastspike is {last[first] * 1e3:g} ms, "
            f"its refractory period {seconds[first] * 1e3:g} ms); on the chip no neuron is "
            "refractory at time 0",
            "What works: a lastspike at least one refractory period before time 0, such as the "
            "default of -1e4*second.",
        )


def _check_held(group: Any, v: str, steps: Any) -> None:
    """Refuse variables that Brian2 and the chip treat differently in the refractory period."""
    equations = group.user_equations
    held = [
        name for name in equations.diff_eq_names if "unless refractory" in equations[name].flags
    ]
    # One refractory step is the step of the spike itself, in which the reset overwrites v.
    if (np.asarray(steps) > 1).any() and v not in held:
        moves = v in equations.diff_eq_names
        add = f"Add (unless refractory) to d{v}/dt, or set" if moves else "Set"
        raise refusal(
            group,
            f"{v} changes during the refractory period ({v} is not '(unless refractory)'); the "
            "chip holds it",
            f"{add} refractory=False.",
        )
    # A held current would lose the spikes of that step, even with a refractory period of 0.
    others = sorted(name for name in held if name != v)
    if others:
        raise refusal(
            group,
            f"{', '.join(others)} is '(unless refractory)'; the chip does not hold currents",
            f"Use the flag only for {v}.",
        )


def _symbol(name: str) -> Any:
    return sympy.Symbol(name, real=True)
