"""Reads the equations of a group as a linear system of v and its synaptic currents.

The equations are parsed by Brian2's own objects and sympy. All variables without a differential
equation must be constant during a run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from brian2.equations.equations import SUBEXPRESSION, Equations
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str

from ...typing import Float64Array
from .refusal import refusal
from .timed import TIME, OfTime, Timed, split_timed
from .values import NotConstantError, evaluate, set_at_spikes, varies_of

__all__ = [
    "Linear",
    "membrane_of",
    "moving_subexpressions",
    "per_neuron",
    "read_linear",
]

_LIF = (
    "What works: one v with dv/dt = (v_rest - v + R*I)/tau or I/C, and up to two currents with "
    "dI/dt = (I0 - I)/tau_syn."
)


@dataclass(frozen=True, eq=False)
class Linear:
    """``dv/dt = slope - rate v + sum of drive (I - level)`` with ``dI/dt = decay (level - I)``.

    All values are in base units. A current is measured from its level, so that on the chip it
    decays to 0; what its level adds to dv/dt is part of the slope.

    Parameters
    ----------
    rate, slope : ndarray, shape (size,)
        Decay rate of v in 1/s, 0 for all neurons or for none; and dv/dt at v = 0, with all currents
        at their levels, in (unit of v)/s.
    decay, drive, level : dict of str to ndarray, shape (size,)
        Decay rate of each current in 1/s, its effect on v in (unit of v)/(unit of I)/s, and the
        level that it decays to, in the order of the equations.
    timed : tuple of Timed or OfTime
        TimedArrays and other functions of time that add to dv/dt.
    """

    rate: Float64Array
    slope: Float64Array
    decay: dict[str, Float64Array]
    drive: dict[str, Float64Array]
    level: dict[str, Float64Array]
    timed: tuple[Timed | OfTime, ...]

    @property
    def leaky(self) -> bool:
        """Tell whether v decays toward a resting level."""
        return bool((self.rate > 0).all())

    @property
    def v_inf(self) -> Float64Array:
        """Resting level of v in its base unit, shape (size,); v must leak."""
        return self.slope / self.rate


def read_linear(group: Any, v: str, namespace: Mapping[str, Any]) -> Linear:
    """Read the equations of a NeuronGroup around its membrane potential ``v``.

    Raises
    ------
    FrontendError
        If they do not describe leaky integrate-and-fire neurons with decaying currents.
    """
    equations = group.user_equations
    if equations.is_stochastic:
        noise = ", ".join(sorted(equations.stochastic_variables))
        raise refusal(
            group,
            f"its equations contain noise ({noise}), which has no register",
            "Draw spikes instead: a PoissonGroup or a PoissonInput.",
        )
    sides = {v: sympy.Integer(0), **_right_sides(group)}  # v may be a parameter
    symbols = {name: sympy.Symbol(name, real=True) for name in sides}
    currents = [name for name in sides if name != v]
    if len(currents) > 2:
        raise refusal(
            group,
            f"it has {len(currents)} differential equations beside that of {v} "
            f"({', '.join(currents)}); a neuron of the chip has at most two synaptic currents",
            _LIF,
        )
    slopes = {name: sympy.diff(sides[v], symbol) for name, symbol in symbols.items()}
    _check_membrane(group, v, sides[v], slopes, symbols)
    rest = sides[v].subs(dict.fromkeys(symbols.values(), 0))
    rate = -per_neuron(group, slopes[v], f"the factor of {v} in d{v}/dt", namespace)
    if (rate < 0).any() or ((rate == 0).any() and (rate > 0).any()):
        which = "grows by itself" if (rate < 0).any() else "leaks in some neurons and not in others"
        raise refusal(
            group, f"{v} {which} (the factor of {v} in d{v}/dt is {_shown(slopes[v])})", _LIF
        )
    rest, arrays, left = split_timed(
        group, rest, namespace, lambda factor, what: per_neuron(group, factor, what, namespace)
    )
    timed: tuple[Timed | OfTime, ...]
    timed = (*arrays, *_of_time(group, left, f"the part of d{v}/dt with time", namespace))
    slope = per_neuron(group, rest, f"the constant part of d{v}/dt", namespace)
    decay, drive, level = {}, {}, {}
    for name in currents:
        decay[name], level[name] = _decay_of(group, name, sides[name], symbols, namespace)
        if slopes[name] == 0:
            raise refusal(
                group,
                f"{name} has a differential equation and no effect on {v}",
                f"Remove it, or add it to d{v}/dt.",
            )
        drive[name] = per_neuron(group, slopes[name], f"the factor of {name} in d{v}/dt", namespace)
        slope = slope + drive[name] * level[name]
    return Linear(
        rate=np.abs(rate), slope=slope, decay=decay, drive=drive, level=level, timed=timed
    )


def membrane_of(group: Any, written: Collection[str] = ()) -> str:
    """Return the membrane potential of a group without threshold.

    It is the variable that no other differential equation depends on; in a group without
    differential equations, the one that synapses add to, ``written``.

    Raises
    ------
    FrontendError
        If no variable or more than one has this property.
    """
    sides = _right_sides(group)
    used = {
        name
        for name in sides
        for other, side in sides.items()
        if other != name and side.has(sympy.Symbol(name, real=True))
    }
    ends = sorted(sides.keys() - used if sides else written)
    if len(ends) == 1:
        return ends[0]
    found = f"{' and '.join(ends)} both could" if ends else "none of its variables can"
    raise refusal(
        group,
        f"it has no threshold, and {found} be its membrane potential",
        "What works: one variable that no other differential equation depends on; a group for each "
        "of several.",
    )


def per_neuron(
    group: Any,
    expression: Any,
    what: str,
    namespace: Mapping[str, Any],
    *,
    may_be_infinite: bool = False,
) -> Float64Array:
    """Evaluate an expression that must be constant, as one value for each neuron.

    Raises
    ------
    FrontendError
        If it is not constant, or a value is not finite.
    """
    code = expression if isinstance(expression, str) else sympy_to_str(expression)
    value = _value_of(group, code, what, namespace)
    values = np.broadcast_to(np.asarray(value, dtype=np.float64), (group.N,))
    good = ~np.isnan(values) if may_be_infinite else np.isfinite(values)
    if not good.all():
        first = int(np.argmin(good))
        raise refusal(
            group,
            f"{what} is {code!r}, which is {values[first]} for neuron {first}",
            "Give its parameters values before the run.",
        )
    return values


def _value_of(
    group: Any,
    code: str,
    what: str,
    namespace: Mapping[str, Any],
    times: Float64Array | None = None,
) -> Any:
    try:
        return evaluate(code, group, namespace, times)
    except NotConstantError as reason:
        raise refusal(
            group,
            f"{what} is {code!r}, and {reason}",
            "What works: numbers and parameters that are constant during a run; "
            "time-varying input as spikes (PoissonGroup, SpikeGeneratorGroup), or as a TimedArray "
            "or another function of t that adds to the membrane equation.",
        ) from None


def _of_time(
    group: Any, expression: Any, what: str, namespace: Mapping[str, Any]
) -> Iterator[OfTime]:
    """Yield a part of dv/dt that changes with time, unless it is 0."""
    if expression == 0:
        return
    code = _shown(expression)

    def at(times: Float64Array) -> Float64Array:
        found = np.asarray(_value_of(group, code, what, namespace, times), dtype=np.float64)
        values = np.broadcast_to(found, np.broadcast_shapes(found.shape, times.shape))
        good = np.isfinite(values)
        if not good.all():
            row, column = np.argwhere(~good)[0]
            raise refusal(
                group,
                f"{what} is {code!r}, which is {values[row, column]} for neuron {column} at "
                f"t = {times[row, 0] * 1e3:g} ms",
                "Write it so that it is finite in every step, and give its parameters values "
                "before the run.",
            )
        return values

    at(np.zeros((1, 1)))  # what cannot be evaluated is refused at once
    yield OfTime(code, at)


def moving_subexpressions(group: Any) -> dict[Any, Any]:
    """Return the subexpressions that depend on a variable that moves, by their symbols.

    Variables move by a differential equation or by the reset.

    Raises
    ------
    FrontendError
        If such a subexpression is ``(constant over dt)``.
    """
    equations = group.user_equations
    names = {*equations.diff_eq_names, *set_at_spikes(group)}
    moving = {sympy.Symbol(name, real=True) for name in names}
    found = {}
    for name, code in _substituted(group):
        value = str_to_sympy(code.code, group.variables)
        if equations[name].type != SUBEXPRESSION or not value.atoms() & moving:
            continue
        if "constant over dt" in equations[name].flags:
            inside = ", ".join(sorted(str(symbol) for symbol in value.atoms() & moving))
            raise refusal(
                group,
                f"{name} is '(constant over dt)' and changes with {inside}, so it lags behind "
                "within a step",
                "Remove the flag.",
            )
        found[sympy.Symbol(name, real=True)] = value
    return found


def _right_sides(group: Any) -> dict[str, Any]:
    """Return the right-hand sides of the differential equations, expanded."""
    moving = group.user_equations.diff_eq_names
    return {name: _expand(group, code.code) for name, code in _substituted(group) if name in moving}


def _substituted(group: Any) -> Any:
    """Return differential equations and subexpressions with all subexpressions substituted.

    The equations are built again here, since a group shares the parts of its equations with a
    second version, which changes the order of substitution in the first one.
    """
    equations = Equations([*group.user_equations.values()])
    return equations.get_substituted_expressions(group.variables, include_subexpressions=True)


def _expand(group: Any, code: str) -> Any:
    """Return an expression as a sum.

    Functions and powers that change with time only stay as they are written: the product of
    exp(t0/tau) and exp(-t/tau) may overflow where exp((t0 - t)/tau) does not.
    """
    written = sympy.sympify(str_to_sympy(code, group.variables))
    moving = [sympy.Symbol(name, real=True) for name in varies_of(group)]
    whole = {
        part: sympy.Dummy(real=True)
        for part in written.atoms(sympy.Function, sympy.Pow)
        if part.has(TIME) and not part.has(*moving)
    }
    back = {name: part for part, name in whole.items()}
    return written.xreplace(whole).expand().xreplace(back)


def _check_membrane(
    group: Any, v: str, side: Any, slopes: Mapping[str, Any], symbols: Mapping[str, Any]
) -> None:
    for name, slope in slopes.items():
        inside = [other for other, symbol in symbols.items() if slope.has(symbol)]
        if not inside:
            continue
        if {name, *inside} == {v}:
            raise refusal(group, f"d{v}/dt is not linear in {v} ({_shown(side)})", _LIF)
        current = next(other for other in (name, *inside) if other != v)
        raise refusal(
            group,
            f"d{v}/dt multiplies {current} by a variable that changes, as a conductance does "
            f"({_shown(side)}); the chip only adds currents",
            f"Write {current} as a current: multiply its weights by the driving force at a typical "
            f"{v}, and put + {current} in its place.",
        )


def _decay_of(
    group: Any, name: str, side: Any, symbols: Mapping[str, Any], namespace: Mapping[str, Any]
) -> tuple[Float64Array, Float64Array]:
    """Return the decay rate of a current in 1/s, and the level to which it decays."""
    slope = sympy.diff(side, symbols[name])
    others = [other for other, symbol in symbols.items() if other != name and side.has(symbol)]
    if others or slope.has(*symbols.values()):
        because = (
            f"which depends on {', '.join(others)}" if others else f"which is not linear in {name}"
        )
        raise refusal(group, f"d{name}/dt = {_shown(side)}, {because}", _LIF)
    decay = -per_neuron(group, slope, f"the factor of {name} in d{name}/dt", namespace)
    if not (decay > 0).all():
        raise refusal(group, f"{name} does not decay (d{name}/dt = {_shown(side)})", _LIF)
    steady = per_neuron(
        group, side.subs(symbols[name], 0), f"the constant part of d{name}/dt", namespace
    )
    return decay, steady / decay


def _shown(expression: Any) -> str:
    return str(sympy_to_str(expression))
