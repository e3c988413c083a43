"""Loops over the neurons of a population: arriving input, propagator and threshold.

Most populations have the same parameters for all neurons. A parameter is then passed as a number,
otherwise as an array: each loop is compiled for both. Ten arrays of 100,000 neurons do not fit the
cache; with the five arrays that remain, a step takes half of the time.

Three rules for speed. Loops over a part of an array count in uint64, because Numba then omits its
check for negative indices and LLVM vectorises. Loops over neurons use no named tuples, because
reading a field costs as much as ten neurons. What a condition may leave as it was is loaded before
the condition: otherwise LLVM loads or stores only some lanes of a vector, which takes three times
as long on some processors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from .._kernels.jit import inner_kernel
from .tables import (
    CURRENT_AND_KICKS,
    KICKS,
    SUBTRACT_AND_RAISE,
    SUBTRACT_MANY,
    TO_VALUE,
    TWO_CURRENTS,
)

__all__ = ["update_population"]


def value_of(parameter: Any, i: Any) -> Any:
    """Return the parameter of neuron ``i``, from an array or from one number for all neurons."""
    return _from_array(parameter, i) if isinstance(parameter, np.ndarray) else parameter


def _from_array(parameter: Any, i: Any) -> Any:
    return parameter[i]


def _number(parameter: Any, i: Any) -> Any:  # noqa: ARG001
    return parameter


@overload(value_of, inline="always")
def _compiled_value_of(parameter: Any, i: Any) -> Callable[..., Any]:
    del i
    return _from_array if isinstance(parameter, types.Array) else _number


@inner_kernel
def advance_delta(
    v: Any,
    arrived: Any,
    free_from: Any,
    v_inf: Any,
    keep_v: Any,
    drift: Any,
    begin: Any,
    end: Any,
    step: Any,
) -> None:
    """Add the delta inputs of the step before to v, then let v decay toward v_inf."""
    for i in range(np.uint64(begin), np.uint64(end)):
        before, kick = v[i], arrived[i]
        arrived[i] = 0.0
        kick = kick if free_from[i] < step else 0.0
        kept = (before + kick - v_inf[i]) * value_of(keep_v, i)
        moved = v_inf[i] + kept + value_of(drift, i)
        v[i] = moved if free_from[i] <= step else before


@inner_kernel
def advance_then_kick(
    v: Any,
    arrived: Any,
    free_from: Any,
    v_inf: Any,
    keep_v: Any,
    drift: Any,
    begin: Any,
    end: Any,
    step: Any,
) -> None:
    """Let v decay toward v_inf, then add the delta inputs."""
    for i in range(np.uint64(begin), np.uint64(end)):
        before = v[i]
        kept = (before - v_inf[i]) * value_of(keep_v, i)
        moved = v_inf[i] + kept + value_of(drift, i) + arrived[i]
        arrived[i] = 0.0
        v[i] = moved if free_from[i] <= step else before


@inner_kernel
def advance_current(
    v: Any,
    i_syn: Any,
    arrived: Any,
    free_from: Any,
    v_inf: Any,
    keep_v: Any,
    drift: Any,
    keep_syn: Any,
    gain: Any,
    begin: Any,
    end: Any,
    step: Any,
) -> None:
    """Add the input of the step before to the current, then advance v and let the current decay."""
    for i in range(np.uint64(begin), np.uint64(end)):
        before, current = v[i], i_syn[i] + arrived[i]
        arrived[i] = 0.0
        kept = (before - v_inf[i]) * value_of(keep_v, i)
        moved = v_inf[i] + kept + value_of(drift, i) + value_of(gain, i) * current
        v[i] = moved if free_from[i] <= step else before
        i_syn[i] = current * value_of(keep_syn, i)


@inner_kernel
def advance_two_currents(
    v: Any,
    i_syn: Any,
    arrived: Any,
    free_from: Any,
    v_inf: Any,
    keep_v: Any,
    drift: Any,
    keep_syn: Any,
    gain: Any,
    second_keep_syn: Any,
    second_gain: Any,
    begin: Any,
    end: Any,
    second: Any,
    step: Any,
) -> None:
    """Do as :func:`advance_current` does, with an excitatory and an inhibitory current."""
    shift = np.uint64(second - begin)
    for i in range(np.uint64(begin), np.uint64(end)):
        j, before = i + shift, v[i]
        excitatory, inhibitory = i_syn[i] + arrived[i], i_syn[j] + arrived[j]
        arrived[i] = 0.0
        arrived[j] = 0.0
        driven = value_of(gain, i) * excitatory + value_of(second_gain, j) * inhibitory
        kept = (before - v_inf[i]) * value_of(keep_v, i)
        moved = v_inf[i] + kept + value_of(drift, i) + driven
        v[i] = moved if free_from[i] <= step else before
        i_syn[i] = excitatory * value_of(keep_syn, i)
        i_syn[j] = inhibitory * value_of(second_keep_syn, j)


@inner_kernel
def kick(
    v: Any, arrived: Any, free_from: Any, begin: Any, end: Any, second: Any, before: Any
) -> None:
    """Add the delta inputs of the second slots to v of neurons that are free before this step."""
    shift = np.uint64(second - begin)
    for i in range(np.uint64(begin), np.uint64(end)):
        amount = arrived[i + shift]
        v[i] += amount if free_from[i] < before else 0.0
        arrived[i + shift] = 0.0


@inner_kernel
def keep_above(v: Any, v_min: Any, begin: Any, end: Any) -> None:
    """Raise each v that is below its bound."""
    for i in range(np.uint64(begin), np.uint64(end)):
        v[i] = max(v[i], value_of(v_min, i))


@inner_kernel
def raise_thresholds(
    v: Any, v_thresh: Any, v_reset: Any, raised: Any, begin: Any, end: Any
) -> None:
    """Note by how much the v that a step begins with raises each threshold."""
    for i in range(np.uint64(begin), np.uint64(end)):
        threshold = value_of(v_thresh, i)
        raised[i] = threshold - value_of(v_reset, i) if v[i] > threshold else 0.0


@inner_kernel
def fire(
    v: Any,
    free_from: Any,
    v_thresh: Any,
    v_reset: Any,
    hold_steps: Any,
    begin: Any,
    end: Any,
    spikes: Any,
    payloads: Any,
    n: Any,
    step: Any,
) -> Any:
    """List and reset every neuron above its threshold; return the new number of spikes.

    A refractory neuron does not spike, even if its v was set above its threshold. The reset may
    come before the delivery, since the input of this step is kept in the ring. ``payloads`` is None
    in a network whose neurons emit one spike per step.
    """
    for i in range(np.uint64(begin), np.uint64(end)):
        if v[i] > value_of(v_thresh, i) and free_from[i] <= step:
            v[i] = value_of(v_reset, i)
            free_from[i] = step + value_of(hold_steps, i)
            spikes[n] = i
            if payloads is not None:
                payloads[n] = 1.0
            n += 1
    return n


@inner_kernel
def fire_and_subtract(
    v: Any,
    free_from: Any,
    v_thresh: Any,
    v_reset: Any,
    hold_steps: Any,
    several: Any,
    raised: Any,
    begin: Any,
    end: Any,
    spikes: Any,
    payloads: Any,
    n: Any,
    step: Any,
) -> Any:
    """Do as :func:`fire` does, but lower v by ``v_thresh - v_reset`` per spike.

    With ``several`` a neuron emits as many spikes as bring v down to its threshold. ``raised`` is
    None unless thresholds are raised.
    """
    for i in range(np.uint64(begin), np.uint64(end)):
        threshold = value_of(v_thresh, i)
        level = threshold if raised is None else threshold + raised[i]
        if v[i] > level and free_from[i] <= step:
            amount = threshold - value_of(v_reset, i)
            times = np.ceil((v[i] - threshold) / amount) if several else 1.0
            v[i] -= times * amount
            free_from[i] = step + value_of(hold_steps, i)
            spikes[n] = i
            if payloads is not None:
                payloads[n] = times
            n += 1
    return n


@inner_kernel
def update_population(
    v: Any,
    i_syn: Any,
    arrived: Any,
    free_from: Any,
    v_inf: Any,
    keep_v: Any,
    drift: Any,
    keep_syn: Any,
    gain: Any,
    second_keep_syn: Any,
    second_gain: Any,
    v_thresh: Any,
    v_reset: Any,
    v_min: Any,
    hold_steps: Any,
    receptors: Any,
    reset: Any,
    bounded: Any,
    special: Any,
    kicks_decay: Any,
    begin: Any,
    end: Any,
    second: Any,
    step: Any,
    spikes: Any,
    payloads: Any,
    raised: Any,
    n: Any,
) -> Any:
    """Advance the neurons from ``begin`` to ``end`` - 1 and list their spikes.

    Return the new number of spikes. Where ``special`` is None, no population of the network has two
    receptors, a bound of v, or a reset that subtracts, and nothing of that is compiled.
    """
    if special is not None and reset == SUBTRACT_AND_RAISE:
        raise_thresholds(v, v_thresh, v_reset, raised, begin, end)
    if special is not None and receptors == TWO_CURRENTS:
        advance_two_currents(
            *(v, i_syn, arrived, free_from, v_inf, keep_v, drift, keep_syn, gain),
            *(second_keep_syn, second_gain, begin, end, second, step),
        )
    elif receptors != KICKS:
        if special is not None and receptors == CURRENT_AND_KICKS and kicks_decay:
            kick(v, arrived, free_from, begin, end, second, step)
        advance_current(
            v, i_syn, arrived, free_from, v_inf, keep_v, drift, keep_syn, gain, begin, end, step
        )
        if special is not None and receptors == CURRENT_AND_KICKS and not kicks_decay:
            kick(v, arrived, free_from, begin, end, second, step + 1)
    elif kicks_decay:
        advance_delta(v, arrived, free_from, v_inf, keep_v, drift, begin, end, step)
    else:
        advance_then_kick(v, arrived, free_from, v_inf, keep_v, drift, begin, end, step)
    if special is not None and bounded:
        keep_above(v, v_min, begin, end)
    if special is not None and reset == SUBTRACT_AND_RAISE:
        return fire_and_subtract(
            *(v, free_from, v_thresh, v_reset, hold_steps, False, raised),
            *(begin, end, spikes, payloads, n, step),
        )
    if special is not None and reset != TO_VALUE:
        return fire_and_subtract(
            *(v, free_from, v_thresh, v_reset, hold_steps, reset == SUBTRACT_MANY, None),
            *(begin, end, spikes, payloads, n, step),
        )
    return fire(v, free_from, v_thresh, v_reset, hold_steps, begin, end, spikes, payloads, n, step)
