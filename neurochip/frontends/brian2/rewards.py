"""Reads ``run_regularly`` of Synapses as the reward that turns an eligibility into weight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import sympy
from brian2.groups.group import CodeRunner

from ...network import Reward, RewardModulation
from ...typing import Float64Array
from .abstract import Effect, effect_of, shown, symbol_of
from .refusal import check_part, refusal
from .times import milliseconds
from .traces import equations_of, number
from .values import NotConstantError, evaluate

__all__ = ["Regular", "read_regular", "read_reward", "regular_runners"]

_REWARD = (
    "What works: pairs that change an eligibility ('elig += y' in on_pre, 'elig += x' in on_post), "
    "and run_regularly('w = clip(w + elig*reward, 0, w_max); elig *= exp(-interval/tau)', "
    "dt=interval)."
)
_TOLERANCE = 1e-6  # of a step, for the quotient of two time steps
_AT_ONCE = 1000.0  # intervals of this many time constants: exp(-1000) is 0 in float64


class Regular(NamedTuple):
    """The effect of ``run_regularly`` on synapses.

    Parameters
    ----------
    effect : Effect
        Its statements.
    every : int
        Steps of the network between two runs, the first of which is at step 0.
    interval : float, ms
        The same time.
    """

    effect: Effect
    every: int
    interval: float

    def refusal(self, synapses: Any, why: str) -> Exception:
        """Return the refusal of its first statement."""
        first = next(iter(self.effect.lines))
        return refusal(synapses, f"{self.effect.line(first)} {why}", _REWARD)


def regular_runners(synapses: Any) -> list[Any]:
    """Return the active operations that ``run_regularly`` made for a Synapses object."""
    own = {
        id(part)
        for part in (
            *synapses._pathways,
            *synapses.summed_updaters.values(),
            synapses.state_updater,
            synapses.subexpression_updater,
        )
    }
    return [
        part
        for part in synapses.contained_objects
        if isinstance(part, CodeRunner) and id(part) not in own and part.active
    ]


def read_regular(synapses: Any) -> Regular | None:
    """Read the operations of ``run_regularly``, which must have one interval; None without any.

    Raises
    ------
    FrontendError
        If they act within a step or have two intervals, or a statement cannot be read.
    """
    runners = sorted(regular_runners(synapses), key=lambda item: (item.order, item.name))
    if not runners:
        return None
    for runner in runners:
        check_part(synapses, "run_regularly", "start", runner)
    lengths = sorted({float(runner.clock.dt_) for runner in runners})
    step = float(synapses.clock.dt_)
    every = round(lengths[0] / step)
    if len(lengths) > 1 or every < 1 or abs(lengths[0] / step - every) > _TOLERANCE:
        raise refusal(
            synapses,
            f"its run_regularly has dt = {' and '.join(f'{dt * 1e3:g}' for dt in lengths)} ms",
            f"What works: one interval, a whole number of steps of {step * 1e3:g} ms.",
        )
    codes = [runner.abstract_code for runner in runners]
    effect = effect_of(synapses, "run_regularly", codes)
    return Regular(effect, every, every * milliseconds(step))


def read_reward(
    synapses: Any,
    weight: str,
    value: Any,
    regular: Regular,
    moving: frozenset[str],
    namespace: Mapping[str, Any],
    n_steps: int | None,
) -> tuple[str, RewardModulation]:
    """Read how a reward turns an eligibility into weight.

    Parameters
    ----------
    synapses : brian2.Synapses
        The object.
    weight : str
        Its weight.
    value : sympy expression
        The weight after ``run_regularly``, before it is clipped.
    regular : Regular
        What ``run_regularly`` does.
    moving : frozenset of str
        Variables of the synapses that change at spikes, without the weight.
    namespace : dict
        Names of the caller of ``run``.
    n_steps : int or None
        Steps from time 0 to the end of the run, for a reward that changes with time.

    Returns
    -------
    str
        Name of the eligibility.
    RewardModulation
        The reward.

    Raises
    ------
    FrontendError
        If it is another rule.
    """
    change = sympy.expand(value - symbol_of(weight))
    inside = sorted(moving & {symbol.name for symbol in change.free_symbols})
    line = regular.effect.line(weight)
    name = inside[0] if inside else ""
    factor = sympy.diff(change, symbol_of(name)) if inside else change
    rest = change.subs(symbol_of(name), 0) if inside else change
    mixed = factor.free_symbols & {symbol_of(other) for other in (*moving, weight)}
    if len(inside) != 1 or mixed or rest != 0:
        raise refusal(synapses, f"{line} adds {shown(change)} to {weight}", _REWARD)
    if name in equations_of(synapses):
        raise refusal(synapses, f"its eligibility {name} has a differential equation", _REWARD)
    others = sorted(set(regular.effect.values) - {weight, name})
    if others:
        raise refusal(synapses, f"{regular.effect.line(others[0])} changes {others[0]}", _REWARD)
    tau = _tau_of(synapses, name, regular, namespace)
    reward = _reward_of(synapses, factor, line, regular, namespace, n_steps)
    return name, RewardModulation(reward=reward, tau_eligibility=tau, interval=regular.interval)


def _tau_of(synapses: Any, name: str, regular: Regular, namespace: Mapping[str, Any]) -> float:
    """Return the time constant of an eligibility in ms, by what an interval leaves of it."""
    left = sympy.expand(regular.effect.after(name) / symbol_of(name))
    line = regular.effect.line(name) if name in regular.effect.lines else "run_regularly"
    keeps = number(synapses, left, f"the factor of {name} in {line}", namespace)
    if not 0 <= keeps < 1:
        raise refusal(synapses, f"{line} leaves {keeps:g} of the eligibility {name}", _REWARD)
    return regular.interval / (-float(np.log(keeps)) if keeps else _AT_ONCE)


def _reward_of(
    synapses: Any,
    factor: Any,
    line: str,
    regular: Regular,
    namespace: Mapping[str, Any],
    n_steps: int | None,
) -> Reward:
    """Return the reward at each of its times, without those at which it stays as it is."""
    code = shown(factor)
    try:
        values = np.asarray(evaluate(code, synapses, namespace), dtype=np.float64)
        times = np.zeros(1)
    except NotConstantError:
        if n_steps is None:
            raise refusal(
                synapses,
                f"{line} has a reward that changes with time, {code!r}",
                "Pass duration=..., the length of the run.",
            ) from None
        times = np.arange(0, max(n_steps, 1), regular.every) / regular.every
        values = _at_times(synapses, code, line, times * regular.interval / 1e3, namespace)
    values = _by_target(synapses, code, line, values.reshape(len(times), -1))
    changed = np.append(True, (values[1:] != values[:-1]).any(axis=1))
    values = values[changed, 0] if values.shape[1] == 1 else values[changed]
    return Reward(times=times[changed] * regular.interval, values=values)


def _at_times(
    synapses: Any, code: str, line: str, times: Float64Array, namespace: Mapping[str, Any]
) -> Float64Array:
    try:
        values = np.asarray(evaluate(code, synapses, namespace, times[:, None]), dtype=np.float64)
    except NotConstantError as reason:
        raise refusal(
            synapses,
            f"{line} has the reward {code!r}, and {reason}",
            "What works: a constant, or a function of time such as a TimedArray.",
        ) from None
    return np.broadcast_to(values, np.broadcast_shapes(values.shape, (len(times), 1)))


def _by_target(synapses: Any, code: str, line: str, values: Float64Array) -> Float64Array:
    """Return rewards of synapses as those of targets, shape (n_times, 1) or (n_times, size)."""
    if not np.isfinite(values).all():
        raise refusal(
            synapses, f"{line} has a reward {code!r} that is not finite", "Give a number."
        )
    if not values.size:  # of no synapses
        return np.zeros((len(values), 1))
    if (values == values[:, :1]).all():
        return values[:, :1]
    post = synapses.variables["_synaptic_post"].get_value()
    target = synapses.target
    size = int(getattr(target, "source", target).N)
    by_target = np.zeros((len(values), size))
    by_target[:, post] = values
    if (by_target[:, post] != values).any():
        raise refusal(
            synapses,
            f"{line} has a reward {code!r} that differs between synapses of one target",
            "What works: one reward for all synapses, or one for each target.",
        )
    return by_target
