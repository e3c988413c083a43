"""Run a learning rule with the spikes of both sides given: the open loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from .._support.values import MOST_IDS, instance, integer, integers, switch
from ..chip.registers import SignMode
from ..errors import LearningError
from ..typing import Int32Array
from .draws import draws_of
from .inputs import (
    OWNER,
    check_weights,
    given_of,
    low_bits_of,
    names_of,
    pairs_of,
    rasters_of,
    sign_mode_of,
    spikes_of,
    start_of,
)
from .layout import Count, Neurons, Record, State
from .rule import LearningRule
from .terms import POST, PRE, TARGETS

__all__ = ["Learned", "learn"]


@dataclass(frozen=True, eq=False, repr=False)
class Learned:
    """Holds the result of :func:`learn`: synapses and traces at the end, and what was recorded.

    Parameters
    ----------
    weights, tags, delays : ndarray of int32
        Values at the end, in the shape of the weights that were given.
    traces : dict of str to ndarray of int32
        Each trace at the end: a value for each neuron of its side, or for each synapse if the
        engine keeps traces there.
    recorded : dict of str to ndarray of int32
        Values at the end of each step, with the steps as first axis, by the names of ``record``.
    saturated : dict of str to int
        How often ``"traces"`` were beyond their top, ``"accumulators"`` beyond their limits, and
        ``"weights"`` (also tags and delays) beyond their range.
    """

    weights: Int32Array
    tags: Int32Array
    delays: Int32Array
    traces: Mapping[str, Int32Array]
    recorded: Mapping[str, Int32Array]
    saturated: Mapping[str, int]

    def __repr__(self) -> str:
        return (
            f"Learned({self.weights.size} synapses, recorded {', '.join(self.recorded) or 'none'})"
        )


def learn(
    rule: LearningRule,
    pre: Any,
    post: Any,
    weights: Any,
    *,
    sources: Any = None,
    targets: Any = None,
    sign_mode: SignMode = SignMode.MIXED,
    weight_bits: int = 8,
    tags: Any = None,
    delays: Any = None,
    given: Mapping[str, Any] | None = None,
    seed: int = 0,
    group: int = 0,
    inputs: bool = False,
    draws: Mapping[str, Any] | None = None,
    record: Iterable[str] = (),
) -> Learned:
    """Apply a rule to synapses whose pre- and post-synaptic spikes are given.

    Traces start at 0. A spike of step t counts for the rule in step t; synaptic delays do not
    enter, since a trace belongs to the neuron.

    Parameters
    ----------
    rule : LearningRule
        Rule, traces, epoch and engine.
    pre, post : array_like of bool, shape (n_steps, n_pre) and (n_steps, n_post)
        Spikes of both sides.
    weights : array_like of int
        Weights at the start, in weight steps: shape (n_pre, n_post) for all pairs, or (n_synapses,)
        with ``sources`` and ``targets``.
    sources, targets : array_like of int, shape (n_synapses,), optional
        Neurons of each synapse.
    sign_mode : SignMode
        Signs that weights may have, which sets their range.
    weight_bits : int
        Bits that the format stores, 1 to 8; in a mixed format up to 9, since the sign takes one.
    tags, delays : array_like of int, optional
        Values at the start, in the shape of the weights; by default 0.
    given : dict of str to array_like of int, optional
        Traces from outside, such as a reward: ``"y1"``, ``"y2"`` or ``"y3"``, for each step
        (global) or for each step and post-synaptic neuron, -128 to 127.
    seed : int
        Seed of all draws, at least 0. A draw depends on seed, step and neuron or synapse only.
    group : int
        Number of the group in an image, whose synapses have other draws than those of other groups.
    inputs : bool
        Whether the sources are inputs of a chip, whose traces have other draws than those of
        compartments. With the same seed, group and spikes, the synapses of an image learn the same.
    draws : dict of str to array_like, optional
        Draws that replace those of the seed: ``"x"``, ``"y"`` (or ``"x1"`` ... ``"y3"``) and
        ``"synapse"`` in [0, 1); ``"x_impulse"``, ``"y_impulse"`` and ``"again"`` (a further spike
        of an epoch) as integers of the engine's bits. The first axis counts epochs for synapses and
        for traces that share their draws or are rounded once an epoch, otherwise steps; a second
        axis has one draw for each neuron or synapse.
    record : iterable of str
        What to record at the end of each step: ``"x1"`` ... ``"y3"``, ``"w"``, ``"t"``, ``"d"``.

    Returns
    -------
    Learned
        Values at the end and those recorded.

    Raises
    ------
    LearningError
        If an argument is not allowed.
    """
    from .group import plastic_group
    from .kernels import learn_steps  # images hold rules, and need no kernels

    instance(OWNER, "rule", rule, LearningRule, "a LearningRule", error=LearningError)
    spec, mode = rule.spec, sign_mode_of(sign_mode)
    seed = integer(OWNER, "seed", seed, at_least=0, at_most=(1 << 63) - 1, error=LearningError)
    group = integer(OWNER, "group", group, at_least=0, at_most=MOST_IDS, error=LearningError)
    inputs = switch(OWNER, "inputs", inputs, error=LearningError)
    rasters = rasters_of(rule, pre, post)
    n_steps, sizes = len(rasters[0]), (rasters[0].shape[1], rasters[1].shape[1])
    start = integers(OWNER, "weights", weights, error=LearningError)
    source, target = pairs_of(start, sources, targets, *sizes)
    low_bits = low_bits_of(weight_bits, mode)
    check_weights(start, spec, mode, low_bits)
    values = {"w": start, "d": start_of("delays", delays, start, spec)}
    values["t"] = start_of("tags", tags, start, spec)
    neurons = [np.arange(size, dtype=np.int32) for size in sizes]
    tables, state, place = plastic_group(
        rule,
        Neurons(neurons[0], sizes[0], neurons[0], int(inputs)),
        Neurons(neurons[1], sizes[1], neurons[1]),
        source,
        target,
        start.ravel(),
        sign_mode=mode,
        low_bits=low_bits,
        numbers=np.arange(start.size),
        tags=values["t"].ravel(),
        delays=values["d"].ravel(),
        group=group,
        seed=seed,
    )
    tables = tables._replace(draws=draws_of(rule, draws, n_steps, sizes, np.argsort(place)))
    names = names_of(record)
    recorded = _record(names, n_steps, state)
    learn_steps(
        *spikes_of(rasters[0]),
        *spikes_of(rasters[1]),
        given_of(rule, given, n_steps, sizes[1]),
        tables,
        state,
        recorded,
    )

    def owned(traces: Int32Array) -> Int32Array:
        """Return traces as they are, or those of synapses in the order and shape of the weights."""
        if not spec.trace_per_synapse:
            return traces
        return traces[..., place].reshape(*traces.shape[:-1], *start.shape)

    def synaptic(name: str, found: Any, *steps: int) -> Int32Array:
        """Return a variable in the order and shape of the weights; what is not learned stays."""
        if not found.shape[-1]:
            return np.broadcast_to(values[name], (*steps, *start.shape)).astype(np.int32)
        every: Int32Array = found[..., place].reshape(*steps, *start.shape).astype(np.int32)
        return every

    traces = dict(zip((*PRE, *POST), map(owned, (*state.x, *state.y)), strict=True))
    steps = {
        name: owned(each[:, i])
        for side, each in ((PRE, recorded.x), (POST, recorded.y))
        for i, name in enumerate(side)
        if name in names
    }
    for name, each in zip(TARGETS, (recorded.weight, recorded.delay, recorded.tag), strict=True):
        if name in names:
            steps[name] = synaptic(name, each, n_steps)
    counted = (Count.TRACES, Count.ACCUMULATORS, Count.WEIGHTS)
    return Learned(
        weights=synaptic("w", state.weight),
        delays=synaptic("d", state.delay),
        tags=synaptic("t", state.tag),
        traces=MappingProxyType(traces),
        recorded=MappingProxyType(steps),
        saturated=MappingProxyType(
            {each.name.lower(): int(state.counts[each]) for each in counted}
        ),
    )


def _record(names: set[str], n_steps: int, state: State) -> Record:
    """Return room for what is recorded."""
    x, y = (
        np.zeros((n_steps if names & set(side) else 0, *values.shape), dtype=np.int32)
        for side, values in ((PRE, state.x), (POST, state.y))
    )
    weight, delay, tag = (
        np.zeros((n_steps if name in names else 0, len(values)), dtype=np.int16)
        for name, values in zip(TARGETS, (state.weight, state.delay, state.tag), strict=True)
    )
    return Record(x, y, weight, delay, tag)
