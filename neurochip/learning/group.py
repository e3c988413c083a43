"""The tables and the start state of a group of plastic synapses, for the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._support.csr import rows_of
from ..chip.learning_spec import LearningSpec
from ..chip.registers import SignMode
from ..typing import Int32Array, Int64Array, UInt64Array
from .draws import HASHED
from .lanes import LANE_ROWS, LANES, STEP, padded
from .layout import Count, Draws, Kind, Neurons, PlasticTables, State, Synapses
from .numbers import engine_of, is_wide, keys_of, side_of, side_with_seed, terms_of
from .rule import LearningRule
from .terms import POST, PRE, TARGETS

__all__ = ["plastic_group", "with_seed"]

_NONE, _EMPTY = np.zeros(0, dtype=np.int16), np.zeros(0, dtype=np.int32)


def plastic_group(
    rule: LearningRule,
    pre: Neurons,
    post: Neurons,
    source: Any,
    target: Any,
    weights: Any,
    *,
    sign_mode: SignMode,
    low_bits: int,
    numbers: Any,
    tags: Any = None,
    delays: Any = None,
    group: int = 0,
    seed: int = 0,
    draws: Draws = HASHED,
    wide: bool | None = None,
    listed: bool = False,
) -> tuple[PlasticTables, State, Int64Array]:
    """Return the tables and the start state of a group, and the place of each synapse.

    Nothing is checked; the weights must lie within the limits of the rule's engine.

    Parameters
    ----------
    rule : LearningRule
        Rule, traces, epoch and engine.
    pre, post : Neurons
        Neurons of both sides.
    source, target : ndarray of int, shape (n_synapses,)
        Neuron of each synapse on its side: indices of ``pre.ids`` and ``post.ids``, in any order.
    weights, tags, delays : ndarray of int, shape (n_synapses,)
        Values at the start; tags and delays may be None for 0.
    sign_mode : SignMode
        Signs that weights may have.
    low_bits : int
        Low bits of a weight that its format does not store.
    numbers : ndarray of int, shape (n_synapses,)
        Number of each synapse for its draws.
    group : int
        Number of the group, which keeps its draws of synapses apart from those of others.
    seed : int
        Seed of all draws.
    draws : Draws
        Draws that replace those of the seed.
    wide : bool or None
        Whether to compute in 64 bits: groups that an engine runs together do if one of their rules
        :func:`~neurochip.learning.numbers.is_wide`. None: if this one is.
    listed : bool
        Whether to list all synapses also in a dense group.

    Returns
    -------
    tables : PlasticTables
        What does not change in a run.
    state : State
        What a run changes, with traces of 0.
    place : ndarray of int64, shape (n_synapses,)
        Place of each synapse in ``state.weight``, ``state.tag`` and ``state.delay``. The synapses
        of a source lie one after the other, in the order in which they were given.
    """
    sizes = len(pre.ids), len(post.ids)
    row, order = rows_of(source, sizes[0])
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    wide = is_wide(rule) if wide is None else wide
    engine = engine_of(rule, sign_mode, low_bits, wide)
    lists = [np.asarray(each)[order].astype(np.int32) for each in (source, target, numbers)]
    tables = PlasticTables(
        engine=engine,
        terms=terms_of(rule, wide),
        pre=side_of(rule, PRE, pre, lists[0], lists[2], seed),
        post=side_of(rule, POST, post, lists[1], lists[2], seed),
        synapses=_synapses(row, lists, sizes, group, listed or rule.spec.trace_per_synapse, seed),
        draws=draws,
    )
    values = [padded(np.asarray(weights)[order].astype(np.int16))]
    for name, start in (("d", delays), ("t", tags)):
        given = np.zeros(len(order)) if start is None else np.asarray(start)[order]
        values.append(given.astype(np.int16) if rule.keeps(name) else _NONE)
    owners = (len(order), len(order)) if rule.spec.trace_per_synapse else sizes
    return tables, _state(values, rule.epoch, sizes, owners, wide), place


def _synapses(
    row: Int64Array,
    lists: list[Int32Array],
    sizes: tuple[int, int],
    group: int,
    listed: bool,
    seed: int,
) -> Synapses:
    """Return the lists of all synapses by place, or of a dense group what stands for them."""
    source, target, number = lists
    column, position = rows_of(target, sizes[1])
    dense = not listed and len(target) > 0 and len(target) == sizes[0] * sizes[1]
    if dense:
        targets, numbers = target.reshape(sizes), number.reshape(sizes).astype(np.int64)
        of_row, more = numbers[:, 0], numbers[0] - numbers[0, 0]
        sums = of_row[:, np.newaxis] + more
        dense = bool((targets == np.arange(sizes[1])).all() and (numbers == sums).all())
    return Synapses(
        dense=dense,
        row=row,
        column=column,
        source=source if listed else _EMPTY,
        target=_EMPTY if dense else target,
        number=_EMPTY if dense else number,
        position=_EMPTY if dense else position.astype(np.int32),
        column_source=_EMPTY if dense else source[position],
        row_number=padded(of_row.astype(np.int32)) if dense else _EMPTY,
        column_number=padded(more.astype(np.int32)) if dense else number[position],
        group=group,
        key=synapse_keys(seed, group),
    )


def with_seed(tables: PlasticTables, spec: LearningSpec, seed: int) -> PlasticTables:
    """Return the tables of a group with the draws of another seed."""
    synapses = tables.synapses
    return tables._replace(
        pre=side_with_seed(tables.pre, spec, seed),
        post=side_with_seed(tables.post, spec, seed),
        synapses=synapses._replace(key=synapse_keys(seed, synapses.group)),
    )


def synapse_keys(seed: int, group: int) -> UInt64Array:
    """Return the keys of the draws of weights, delays and tags."""
    return keys_of(seed, group, [Kind.SYNAPSE + target for target in range(len(TARGETS))])


def _state(
    values: Any, epoch: int, sizes: tuple[int, int], owners: tuple[int, int], wide: bool
) -> State:
    def zeros(*shape: int) -> Int32Array:
        return np.zeros(shape, dtype=np.int32)

    (weight, delay, tag), more = values, int(STEP)
    lanes = zeros(LANE_ROWS * LANES)
    return State(
        x=zeros(len(PRE), owners[0]),
        y=zeros(len(POST), owners[1]),
        pre_when=zeros(sizes[0] + more),
        post_when=zeros(sizes[1] + more),
        pre_list=zeros(sizes[0]),
        post_list=zeros(sizes[1]),
        n_listed=np.zeros(2, dtype=np.int64),
        x_history=zeros(len(PRE) * (epoch + 1) * owners[0] + more),
        y_history=zeros(len(POST) * (epoch + 1) * owners[1] + more),
        weight=weight,
        delay=delay,
        tag=tag,
        counts=np.zeros(len(Count), dtype=np.int64),
        lanes=lanes.astype(np.int64) if wide else lanes,
        keys=np.zeros(len(TARGETS), dtype=np.uint64),
        draws=np.zeros(LANES, dtype=np.float64),
        line=np.zeros(LANES + more, dtype=np.int16),
        change=zeros(max(sizes) + more),
    )
