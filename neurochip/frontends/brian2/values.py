"""Evaluates Brian2 expressions that are constant during a run.

All values are floats in Brian2's base units (volt, second, ampere ...).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.codegen.translation import analyse_identifiers
from brian2.core.clocks import Clock
from brian2.core.functions import DEFAULT_FUNCTIONS, Function
from brian2.core.variables import ArrayVariable, AuxiliaryVariable, Subexpression
from brian2.equations.equations import SUBEXPRESSION
from brian2.equations.unitcheck import check_units_statements
from brian2.input.timedarray import TimedArray
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.parsing.rendering import NumpyNodeRenderer
from brian2.parsing.statements import parse_statement
from brian2.utils.stringtools import get_identifiers

from ...typing import Float64Array

__all__ = [
    "NotConstantError",
    "check_units_of",
    "dimensions_of",
    "evaluate",
    "identifiers_of",
    "set_at_spikes",
    "statements",
    "uniform",
    "varies_of",
]

_OF_SPIKES = ("lastspike", "not_refractory", "lastupdate")


class NotConstantError(Exception):
    """An expression is not constant during a run; the text names the part and the reason."""


def evaluate(
    code: str, owner: Any, namespace: Mapping[str, Any], times: Float64Array | None = None
) -> Any:
    """Return the value of an expression in the context of a group.

    Parameters
    ----------
    code : str
        Expression that Brian2 would evaluate in every step.
    owner : brian2.Group
        Group whose variables the expression may name.
    namespace : dict
        Names of the caller of ``run``.
    times : ndarray, shape (n, 1), s, optional
        Times at which to evaluate it; the first axis of the result.

    Returns
    -------
    float or ndarray
        One value for all members of the group (neurons, synapses), or one for each.

    Raises
    ------
    NotConstantError
        If it names time and no ``times`` are given, a random number, a user function, or a
        variable that changes in a run.
    KeyError
        From Brian2, if a name is unknown.
    """
    names = identifiers_of(code)
    # No user_identifiers: the checks of units below report shadowed names.
    variables = owner.resolve_all(names, namespace, user_identifiers=set())
    # Functions first, in a fixed order: the reason for wave(t) is the function, not t.
    order = sorted(names, key=lambda name: (not isinstance(variables[name], Function), name))
    values = {name: _value(name, variables[name], owner, namespace, times) for name in order}
    known = {"__builtins__": {}, "logical_not": np.logical_not}
    return eval(NumpyNodeRenderer().render_expr(code), known, values)


def identifiers_of(code: str) -> set[str]:
    """Return the names in an expression or statement."""
    return set(get_identifiers(code))


def statements(code: str) -> list[tuple[str, str, str]]:
    """Split abstract code into (variable, operation, expression)."""
    lines = (line.strip() for line in re.split(r"[;\n]", code))
    return [parse_statement(line)[:3] for line in lines if line.partition("#")[0].strip()]


def set_at_spikes(group: Any) -> set[str]:
    """Return the variables that the resets of a group set, or the pathways of Synapses."""
    codes = [*(getattr(group, "event_codes", None) or {}).values()]
    codes += [path.code for path in getattr(group, "_pathways", ()) if path.active]
    return {variable for code in codes for variable, _, _ in statements(code)}


def varies_of(owner: Any) -> set[str]:
    """Return the variables of a group that change during a run by equations and at spikes."""
    systems = getattr(owner, "equations", None), getattr(owner, "event_driven", None)
    moving = {name for system in systems for name in getattr(system, "diff_eq_names", ())}
    return {*_OF_SPIKES, *moving, *set_at_spikes(owner)}


def check_units_of(code: str, owner: Any, namespace: Mapping[str, Any]) -> None:
    """Let Brian2 check the units of statements, and report names that shadow others in its log.

    Raises
    ------
    DimensionMismatchError
        From Brian2, if the units do not match.
    """
    _, known, unknown = analyse_identifiers(code, owner.variables, recursive=True)
    written = identifiers_of(code)
    check_units_statements(
        code, owner.resolve_all(known | unknown, namespace, user_identifiers=written)
    )


def dimensions_of(code: str, owner: Any, namespace: Mapping[str, Any]) -> Any:
    """Return the dimensions that Brian2 finds; it reports names that shadow others in its log.

    Raises
    ------
    DimensionMismatchError
        From Brian2, if the dimensions of its parts do not match.
    """
    variables = owner.resolve_all(identifiers_of(code), namespace)
    return parse_expression_dimensions(code, variables)


def uniform(values: Any) -> float | Float64Array:
    """Return one number if all values are equal, otherwise an array of float64."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0 or (array == array.flat[0]).all():
        return float(array.flat[0])
    return array


def _value(
    name: str,
    variable: Any,
    owner: Any,
    namespace: Mapping[str, Any],
    times: Float64Array | None,
) -> Any:
    if isinstance(variable, Function):
        return _function(name, variable, owner, times)
    if isinstance(variable, AuxiliaryVariable):
        raise NotConstantError(f"{name} is noise")
    if isinstance(variable, Subexpression):
        return evaluate(variable.expr, owner, namespace, times)
    if not isinstance(variable, ArrayVariable):
        return variable.get_value()  # a constant
    if isinstance(variable.owner, Clock) and not variable.constant:
        return _time(name, variable, times)
    if variable.name in varies_of(variable.owner):
        raise NotConstantError(f"{name} changes during the run")
    values, index = variable.get_value(), owner.variables.indices[name]
    written = getattr(variable.owner, "user_equations", {}).get(variable.name)
    if written is not None and written.type == SUBEXPRESSION:
        # "(constant over dt)": Brian2 writes the array only during a step, so evaluate it here.
        value = evaluate(written.expr.code, variable.owner, namespace)
        values = np.broadcast_to(value, values.shape)
    if variable.scalar or index == "0":
        return values[0]
    return values if index == "_idx" else values[owner.variables[index].get_value()]


def _time(name: str, variable: Any, times: Float64Array | None) -> Float64Array:
    if times is None or variable.name != "t":
        raise NotConstantError(f"{name} is time")
    return times


def _function(name: str, function: Function, owner: Any, times: Float64Array | None) -> Any:
    if isinstance(function, TimedArray) and times is not None:
        return function.implementations[NumpyCodeObject].get_code(owner)
    if isinstance(function, TimedArray):
        raise NotConstantError(f"{name} is a TimedArray, a function of time")
    if function is not DEFAULT_FUNCTIONS.get(name):
        raise NotConstantError(f"{name} is a function of your own")
    if not function.stateless:
        raise NotConstantError(f"{name} draws a random number")
    return function.pyfunc
