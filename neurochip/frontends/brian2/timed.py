"""Reads TimedArrays and other functions of time in equations as currents that change in steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from brian2.input.timedarray import TimedArray, _find_K
from brian2.parsing.sympytools import str_to_sympy
from sympy.core.function import AppliedUndef

from ...network import Population, StepCurrent
from ...typing import Float64Array, Int64Array
from .refusal import refusal

__all__ = ["TIME", "OfTime", "Timed", "split_timed", "step_currents"]

TIME = str_to_sympy("t")
"""Brian2's symbol of time in equations."""

_MOST = 1 << 25  # numbers of one current: 268 MB
_BLOCK = 1 << 20  # numbers that are evaluated at once


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


@dataclass(frozen=True, eq=False)
class OfTime:
    """A function that adds to dv/dt and changes with time only, such as ``sin(2*pi*f*t)``.

    Parameters
    ----------
    code : str
        The sum of all these parts of dv/dt.
    at : callable
        Returns its values in (unit of v)/s at some times in s of shape (n, 1), with the shape
        (n, 1) if they are equal for all neurons, otherwise (n, size).
    """

    code: str
    at: Callable[[Float64Array], Float64Array]


def split_timed(
    group: Any,
    expression: Any,
    namespace: Mapping[str, Any],
    evaluate: Callable[[Any, str], Float64Array],
) -> tuple[Any, tuple[Timed, ...], Any]:
    """Return the constant part of a sum, its TimedArrays with their factors, and what is left.

    A TimedArray is ``f(t)``, or ``f(t, i)`` with the number of the neuron. Others are left, and so
    are those that the sum is not linear in or whose factor changes with time.

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

    Returns
    -------
    constant : sympy expression
        The part without time.
    timed : tuple of Timed
        The TimedArrays.
    left : sympy expression
        All other parts with time; 0 if there are none.
    """
    calls = sorted(expression.atoms(AppliedUndef), key=str)
    arrays = {call: _array_of(group, call, namespace) for call in calls}
    names = {call: sympy.Dummy() for call, array in arrays.items() if array is not None}
    rest, found = expression.xreplace(names), []
    for call, name in names.items():
        factor = sympy.diff(rest, name)
        if not factor.has(TIME, *names.values()):
            values = evaluate(factor, f"the factor of {call} in the equations")
            found.append(Timed(arrays[call], values))
            rest = rest.xreplace({name: sympy.Integer(0)})
    rest = rest.xreplace({name: call for call, name in names.items()})
    constant, left = rest.as_independent(TIME, as_Add=True)
    return constant, tuple(found), left


def step_currents(
    group: Any,
    timed: tuple[Timed | OfTime, ...],
    unit: float,
    population: Population,
    dt: float,
    n_steps: int | None,
) -> Iterator[StepCurrent]:
    """Yield the functions of time of a group as currents into its population.

    Parameters
    ----------
    group : brian2.NeuronGroup
        The group.
    timed : tuple of Timed or OfTime
        Its functions of time.
    unit : float, mV
        Value of the base unit of v.
    population : Population
        Population of the group.
    dt : float, ms
        Length of a step.
    n_steps : int or None
        Steps from time 0 to the end of the run, if known.

    Raises
    ------
    FrontendError
        If a TimedArray has fewer columns than the group has neurons; if another function has too
        many values, or the length of the run is not known.
    """
    for item in timed:
        if isinstance(item, OfTime):
            yield _evaluated(group, item, unit, population, dt, n_steps)
            continue
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


def _evaluated(
    group: Any, item: OfTime, unit: float, population: Population, dt: float, n_steps: int | None
) -> StepCurrent:
    """Return a function of time as a current that changes where its value in a step is another."""
    if n_steps is None:
        raise refusal(
            group,
            f"its equations have a function of time, {item.code!r}, which is evaluated in each "
            "step of a run",
            "Pass duration=..., the length of the run.",
        )
    seconds = float(group.clock.dt_)
    last = max(n_steps, 1)
    block = max(1, _BLOCK // population.size)
    steps, parts, held = [], [], 0
    before = None
    for first in range(0, last, block):
        tried = np.arange(first, min(first + block, last))
        values = item.at(np.asarray(tried[:, None] * seconds, dtype=np.float64))
        earlier = np.concatenate([values[:1] if before is None else before, values[:-1]])
        changed = (values != earlier).any(axis=1)
        changed[0] |= before is None
        before = values[-1:]
        steps.append(tried[changed])
        parts.append(values[changed])
        held += parts[-1].size
        if held > _MOST:
            raise refusal(
                group,
                f"its function of time {item.code!r} has more than {_MOST} values in the "
                f"{last} steps from time 0 to the end of the run, for {values.shape[1]} neurons",
                "Run for a shorter time, or use a TimedArray with a longer step.",
            )
    per_unit = unit / 1000.0 * population.parameter("cm")  # nA
    amplitudes = np.concatenate(parts)
    if amplitudes.shape[1] == 1 and (per_unit == per_unit[0]).all():
        return StepCurrent(population, np.concatenate(steps) * dt, amplitudes[:, 0] * per_unit[0])
    return StepCurrent(population, np.concatenate(steps) * dt, amplitudes * per_unit)


def _array_of(group: Any, call: Any, namespace: Mapping[str, Any]) -> Any:
    """Return the TimedArray of a call such as ``f(t)`` or ``f(t, i)``; None if it is none."""
    name = str(call.func).removesuffix("_")  # Brian2 writes int as int_
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
