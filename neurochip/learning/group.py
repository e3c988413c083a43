"""The tables and the start state of a group of plastic synapses, for the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._support.csr import rows_of
from ..chip.registers import SignMode
from ..typing import Int32Array, Int64Array
from .draws import HASHED
from .layout import Count, Draws, Neurons, PlasticTables, State, Synapses
from .numbers import engine_of, side_of
from .rule import LearningRule
from .terms import POST, PRE

__all__ = ["plastic_group"]

_NONE = np.zeros(0, dtype=np.int16)


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
    source, target = np.asarray(source)[order], np.asarray(target)[order]
    column, position = rows_of(target, sizes[1])
    synapses = Synapses(
        row=row,
        target=target.astype(np.int32),
        source=source.astype(np.int32),
        number=np.asarray(numbers)[order].astype(np.int32),
        column=column,
        position=position.astype(np.int32),
        group=group,
    )
    tables = PlasticTables(
        engine=engine_of(rule, sign_mode, low_bits, seed),
        terms=rule.tables(),
        pre=side_of(rule, PRE, pre, synapses.source, synapses.number),
        post=side_of(rule, POST, post, synapses.target, synapses.number),
        synapses=synapses,
        draws=draws,
    )
    learns = {name for name in ("d", "t") if rule.terms[name] or name in rule.used}
    values = [np.asarray(weights)[order].astype(np.int16)]
    for name, start in (("d", delays), ("t", tags)):
        given = np.zeros(len(order)) if start is None else np.asarray(start)[order]
        values.append(given.astype(np.int16) if name in learns else _NONE)
    owners = [len(side.number) for side in (tables.pre, tables.post)]
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return tables, _state(values, rule.epoch, sizes, owners), place


def _state(values: Any, epoch: int, sizes: tuple[int, int], owners: list[int]) -> State:
    def zeros(*shape: int) -> Int32Array:
        return np.zeros(shape, dtype=np.int32)

    weight, delay, tag = values
    return State(
        x=zeros(len(PRE), owners[0]),
        y=zeros(len(POST), owners[1]),
        pre_when=zeros(sizes[0]),
        post_when=zeros(sizes[1]),
        pre_list=zeros(sizes[0]),
        post_list=zeros(sizes[1]),
        n_listed=np.zeros(2, dtype=np.int64),
        x_history=zeros(len(PRE), epoch + 1, owners[0]),
        y_history=zeros(len(POST), epoch + 1, owners[1]),
        weight=weight,
        delay=delay,
        tag=tag,
        fresh=np.zeros(3, dtype=np.int64),
        counts=np.zeros(len(Count), dtype=np.int64),
    )
