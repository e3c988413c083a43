"""Reads the traces of Synapses: variables that decay, and that spikes of one side increase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from brian2.equations.equations import DIFFERENTIAL_EQUATION

from .abstract import Effect, expression_of, shown, symbol_of
from .methods import choices_of
from .refusal import refusal
from .times import milliseconds
from .values import NotConstantError, evaluate

__all__ = ["Trace", "equations_of", "number", "read_trace"]


@dataclass(frozen=True)
class Trace:
    """A trace of one side of a synapse.

    Parameters
    ----------
    name : str
        Name of the variable.
    side : str
        Whose spikes increase it: ``"source"`` or ``"target"``.
    tau : float, ms
        Time constant of its decay.
    impulse : float
        What a spike adds to it.
    """

    name: str
    side: str
    tau: float
    impulse: float


def equations_of(synapses: Any) -> dict[str, str]:
    """Return the right-hand sides of the differential equations of a Synapses object."""
    found = {}
    for equations in (synapses.equations, synapses.event_driven):
        for name, equation in (equations or {}).items():
            if equation.type == DIFFERENTIAL_EQUATION:
                found[str(name)] = str(equation.expr.code)
    return found


def read_trace(
    synapses: Any,
    name: str,
    on_pre: Effect,
    on_post: Effect,
    moving: frozenset[str],
    namespace: Mapping[str, Any],
) -> Trace:
    """Read a variable of a Synapses object as a trace.

    Parameters
    ----------
    synapses : brian2.Synapses
        The object.
    name : str
        The variable.
    on_pre, on_post : Effect
        What spikes of the source and of the target do.
    moving : frozenset of str
        Variables of the synapses that change during a run.
    namespace : dict
        Names of the caller of ``run``.

    Raises
    ------
    FrontendError
        If it is not a trace: it does not decay to 0, or spikes do other than add a constant to it.
    """
    equations = equations_of(synapses)
    if name not in equations:
        raise refusal(
            synapses,
            f"{_writer(name, on_pre, on_post)} changes {name}, which has no equation",
            f"Write its decay as an equation: d{name}/dt = -{name}/tau : 1 (event-driven).",
        )
    tau = _tau_of(synapses, name, equations[name], namespace)
    sides = [effect for effect in (on_pre, on_post) if name in effect.values]
    if len(sides) != 1:
        who = "spikes of both sides change" if sides else "no spike changes"
        raise refusal(
            synapses,
            f"{who} the trace {name}",
            f"What works: a trace that spikes of one side increase, {name} += A.",
        )
    (effect,) = sides
    step = sympy.expand(effect.change(name))
    if step.free_symbols & {symbol_of(other) for other in moving}:
        whole = not effect.after(name).has(symbol_of(name))
        because = ", so only the nearest spikes pair" if whole else ""
        raise refusal(
            synapses,
            f"{effect.line(name)} does other than add a constant to the trace {name}{because}",
            f"All pairs of spikes count on the chip: write {name} += A.",
        )
    start = np.asarray(synapses.variables[name].get_value())
    if start.any():
        raise refusal(
            synapses,
            f"the trace {name} begins at {start[np.flatnonzero(start)[0]]:g}",
            "Traces of the chip begin at 0.",
        )
    impulse = number(synapses, step, f"the step of {effect.line(name)}", namespace)
    return Trace(name, "source" if effect is on_pre else "target", tau, impulse)


def number(synapses: Any, expression: Any, what: str, namespace: Mapping[str, Any]) -> float:
    """Evaluate an expression that must be one constant for all synapses, in base units.

    Raises
    ------
    FrontendError
        If it is not constant, not finite (except infinite), or differs between synapses.
    """
    code = shown(expression)
    try:
        values = np.asarray(evaluate(code, synapses, namespace), dtype=np.float64)
    except NotConstantError as reason:
        raise refusal(
            synapses,
            f"{what} is {code!r}, and {reason}",
            "What works: traces of this Synapses object, and constants.",
        ) from None
    if np.isnan(values).any():
        raise refusal(synapses, f"{what} is {code!r}, which is no number", "Give it a value.")
    if values.size and (values != values.flat[0]).any():
        raise refusal(
            synapses,
            f"{what} is {code!r}, which is {values.min():g} to {values.max():g} for its synapses",
            "A rule of the chip has one value for all synapses: use a Synapses object for each "
            "value.",
        )
    return float(values.flat[0]) if values.size else 0.0


def _tau_of(synapses: Any, name: str, code: str, namespace: Mapping[str, Any]) -> float:
    """Return the time constant in ms that has the decay of a trace in a step."""
    side, symbol = expression_of(synapses, code), symbol_of(name)
    slope = sympy.diff(side, symbol)
    nearest = f"What works: d{name}/dt = -{name}/tau : 1 (event-driven)."
    if slope.has(symbol) or sympy.expand(side - slope * symbol) != 0:
        raise refusal(synapses, f"d{name}/dt = {shown(side)} is no decay to 0", nearest)
    rate = -number(synapses, slope, f"the factor of {name} in d{name}/dt", namespace)
    if not 0 < rate < np.inf:
        raise refusal(synapses, f"{name} does not decay (d{name}/dt = {shown(side)})", nearest)
    if name not in synapses.equations:
        return 1000.0 / rate  # event-driven: exact
    dt = float(synapses.state_updater.clock.dt_)
    method = next((name for _, name in choices_of(synapses, namespace)), "exact")
    if method in ("exact", "exponential_euler"):
        return 1000.0 / rate
    if method == "euler" and rate * dt < 1:
        return -milliseconds(dt) / float(np.log1p(-rate * dt))
    raise refusal(
        synapses,
        f"the trace {name} has the method {method!r}",
        "What works: (event-driven), or method='exact', 'exponential_euler' or 'euler'.",
    )


def _writer(name: str, on_pre: Effect, on_post: Effect) -> str:
    return next(effect.line(name) for effect in (on_pre, on_post) if name in effect.lines)
