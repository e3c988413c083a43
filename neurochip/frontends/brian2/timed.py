"""Reads TimedArrays in equations as currents that change in steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from brian2.input.timedarray import TimedArray, _find_K
from sympy.core.function import AppliedUndef

from ...network import Population, StepCurrent
from ...typing import Float64Array, Int64Array
from .refusal import refusal

__all__ = ["Timed", "split_timed", "step_currents"]


@dataclass(frozen=True, eq=False)
class Timed:
    """A TimedArray that adds to dv/dt.

    Parameters
    ----------
    array : brian2.TimedArray
        The array, with one value per time or a row with one value per neuron.
    factor : ndarray, shape (size,)
        What one unit of it adds to dv/dt, in (unit of v)/s.
    """

    array: Any
    factor: Float64Array


def split_timed(
    group: Any,
    expression: Any,
    namespace: Mapping[str, Any],
    evaluate: Callable[[Any, str], Float64Array],
) -> tuple[Any, tuple[Timed, ...]]:
    """Return an expression without its TimedArrays, and the TimedArrays with their factors.

    A TimedArray is ``f(t)``, or ``f(t, i)`` with the number of the neuron. Others stay in the
    expression, and so does one in which the expression is not linear.

    Parameters
    ----------
    group : brian2.NeuronGroup
        Group of the expression.
    expression : sympy expression
        Sum that is added to dv/dt.
    namespace : dict
        Names of the caller of ``run``.
    evaluate : callable
        Evaluates a factor, given with its description, for each neuron.
    """
    calls = sorted(expression.atoms(AppliedUndef), key=str)
    arrays = {call: _array_of(group, call, namespace) for call in calls}
    names = {call: sympy.Dummy() for call, array in arrays.items() if array is not None}
    rest, found = expression.xreplace(names), []
    for call, name in names.items():
        factor = sympy.diff(rest, name)
        if not factor.has(*names.values()):
            values = evaluate(factor, f"the factor of {call} in the equations")
            found.append(Timed(arrays[call], values))
            rest = rest.xreplace({name: sympy.Integer(0)})
    return rest.xreplace({name: call for call, name in names.items()}), tuple(found)


def step_currents(
    group: Any, timed: tuple[Timed, ...], unit: float, population: Population, dt: float
) -> Iterator[StepCurrent]:
    """Yield the TimedArrays of a group as currents into its population.

    Parameters
    ----------
    group : brian2.NeuronGroup
        The group.
    timed : tuple of Timed
        Its TimedArrays.
    unit : float, mV
        Value of the base unit of v.
    population : Population
        Population of the group.
    dt : float, ms
        Length of a step.

    Raises
    ------
    FrontendError
        If a TimedArray has fewer columns than the group has neurons.
    """
    for item in timed:
        values = np.asarray(item.array.values, dtype=np.float64)
        per_unit = item.factor * unit / 1000.0 * population.parameter("cm")  # nA
        if values.ndim > 1 and values.shape[1] < population.size:
            raise refusal(
                group,
                f"the TimedArray {item.array.name!r} has {values.shape[1]} columns for "
                f"{population.size} neurons",
                "Give it one column per neuron.",
            )
        steps, pieces = _pieces(item.array, len(values), float(group.clock.dt_))
        if values.ndim == 1 and (per_unit == per_unit[0]).all():
            amplitudes = values[pieces] * per_unit[0]
        else:
            columns = values[pieces].reshape(len(pieces), -1)
            amplitudes = columns[:, : population.size] * per_unit
        yield StepCurrent(population, steps * dt, amplitudes)


def _array_of(group: Any, call: Any, namespace: Mapping[str, Any]) -> Any:
    """Return the TimedArray of a call such as ``f(t)`` or ``f(t, i)``; None if it is none."""
    name = str(call.func)
    array = group.resolve_all({name}, namespace, user_identifiers=set())[name]
    if not isinstance(array, TimedArray):
        return None
    wanted = ("t",) if array.values.ndim == 1 else ("t", "i")
    return array if tuple(map(str, call.args)) == wanted else None


def _pieces(array: Any, n: int, dt: float) -> tuple[Int64Array, Int64Array]:
    """Return the first step of each piece that a clock of ``dt`` seconds meets, and its number.

    By Brian2's rule, the piece at time t is the whole part of ``(t / epsilon + 0.5) / K``, with
    ``epsilon`` a fraction 1/K of the step of the array.
    """
    length = float(array.dt)
    most = _find_K(dt, length)
    numbers = np.arange(n)
    near = np.maximum(np.floor(numbers * (length / dt)).astype(np.int64) - 1, 0)
    tried = near[:, None] + np.arange(4)
    piece = ((tried * dt / (length / most) + 0.5) / most).astype(np.int64)
    steps = tried[numbers, np.argmax(piece >= numbers[:, None], axis=1)]
    met = np.append(steps[1:] > steps[:-1], True)  # the last of several that begin in one step
    return steps[met], numbers[met]
