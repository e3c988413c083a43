"""Functions that connect neurons, with weights and delays.

Random values come from a stream that depends on the seed and on the names of the connection, its
source and its target. Two connections with one seed are independent unless all three names agree.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .._support.csr import rows_of
from .._support.foreign import own_keywords
from .._support.ranges import NOT_NEGATIVE, Range
from .._support.values import integer, integers, real, reals
from ..errors import NetworkError
from . import topology
from .connection import Connection, Source, unit_of_weights
from .draft import MOST_SYNAPSES, Value, begin, within_memory
from .kernel import ConvolutionShape
from .neurons import Population
from .plasticity import STDP

__all__ = [
    "Connection",
    "Source",
    "all_to_all",
    "convolution",
    "fixed_indegree",
    "fixed_outdegree",
    "fixed_probability",
    "fixed_total_number",
    "from_arrays",
    "one_to_one",
]


@own_keywords
@within_memory
def one_to_one(
    source: Source,
    target: Population,
    *,
    weight: Value,
    delay: Value = 0.0,
    seed: int | None = None,
    name: str | None = None,
    receptor: str | None = None,
    plasticity: STDP | None = None,
) -> Connection:
    """Connect source i to neuron i.

    Parameters
    ----------
    source, target : Population (or an input as source)
        Both of the same size.
    weight : float, rule or array_like of shape (size,), mV or nA
        See :class:`Connection`.
    delay : float, rule or array_like of shape (size,), ms
        Default 0.
    seed : int, optional
        Required if ``weight`` or ``delay`` is a random rule.
    name : str, optional
        Default ``"source->target"``.
    receptor : str, optional
        ``"v"`` adds to v (weights in mV) beside a synaptic current; see :class:`Connection`.
    plasticity : STDP, optional
        Rule by which the synapses learn; ``weight`` is where they start. Default: none.

    Raises
    ------
    NetworkError
        If the sizes differ, or a value is not allowed.
    """
    draft = begin(source, target, name, seed, receptor, plasticity)
    if source.size != target.size:
        raise NetworkError(
            f"{draft.label}: one_to_one needs equal sizes, but {source.name!r} has {source.size} "
            f"and {target.name!r} has {target.size}."
        )
    rows = np.arange(source.size + 1, dtype=np.int64)
    post = np.arange(target.size, dtype=np.int32)
    return draft.finish(rows, post, weight, delay, shape=(target.size,))


@own_keywords
@within_memory
def all_to_all(
    source: Source,
    target: Population,
    *,
    weight: Value,
    delay: Value = 0.0,
    seed: int | None = None,
    name: str | None = None,
    receptor: str | None = None,
    plasticity: STDP | None = None,
    allow_self_connections: bool = True,
) -> Connection:
    """Connect every source to every neuron.

    ``weight`` and ``delay`` may be matrices of shape (source.size, target.size). With
    ``allow_self_connections=False`` a population does not connect neuron i to itself, and the
    diagonal of a matrix is ignored. Other parameters and errors as for :func:`one_to_one`.
    """
    draft = begin(source, target, name, seed, receptor, plasticity)
    shape = (source.size, target.size)
    draft.check_number(source.size * target.size)
    rows, post = topology.all_pairs(*shape)
    keep = None
    if draft.skips_own(allow_self_connections):
        rows, post, keep = topology.without_diagonal(*shape)
    return draft.finish(rows, post, weight, delay, shape=shape, keep=keep)


@own_keywords
@within_memory
def fixed_probability(
    source: Source,
    target: Population,
    probability: float,
    *,
    weight: Value,
    delay: Value = 0.0,
    seed: int | None = None,
    name: str | None = None,
    receptor: str | None = None,
    plasticity: STDP | None = None,
    allow_self_connections: bool = True,
) -> Connection:
    """Connect each pair independently with the given probability (0 to 1).

    ``weight`` and ``delay`` are scalars or rules. Needs a seed. Other parameters, errors and
    ``allow_self_connections`` as for :func:`all_to_all`.
    """
    draft = begin(source, target, name, seed, receptor, plasticity)
    allowed = "a number from 0 to 1"
    value = real(
        draft.label,
        "probability",
        probability,
        within=Range(at_least=0, at_most=1),
        allowed=allowed,
    )
    rng = draft.random("fixed_probability")
    draft.check_number(source.size * target.size * value)
    skip = draft.skips_own(allow_self_connections)
    rows, post = topology.bernoulli(source.size, target.size, value, rng, skip_diagonal=skip)
    return draft.finish(rows, post, weight, delay)


@own_keywords
@within_memory
def fixed_indegree(
    source: Source,
    target: Population,
    indegree: int,
    *,
    weight: Value,
    delay: Value = 0.0,
    seed: int | None = None,
    name: str | None = None,
    receptor: str | None = None,
    plasticity: STDP | None = None,
    allow_self_connections: bool = True,
) -> Connection:
    """Give every neuron exactly ``indegree`` different sources, drawn uniformly.

    Needs a seed; ``weight`` and ``delay`` are scalars or rules. Other parameters, errors and
    ``allow_self_connections`` as for :func:`all_to_all`.
    """
    draft = begin(source, target, name, seed, receptor, plasticity)
    rng = draft.random("fixed_indegree")
    skip = draft.skips_own(allow_self_connections)
    degree = draft.check_degree("indegree", indegree, source, skip)
    draft.check_number(target.size * degree)
    chosen = topology.sample_rows(target.size, source.size, degree, rng, skip_own=skip)
    rows, post = topology.transpose(chosen, source.size)
    return draft.finish(rows, post, weight, delay)


@own_keywords
@within_memory
def fixed_outdegree(
    source: Source,
    target: Population,
    outdegree: int,
    *,
    weight: Value,
    delay: Value = 0.0,
    seed: int | None = None,
    name: str | None = None,
    receptor: str | None = None,
    plasticity: STDP | None = None,
    allow_self_connections: bool = True,
) -> Connection:
    """Give every source exactly ``outdegree`` different targets, drawn uniformly.

    Needs a seed; ``weight`` and ``delay`` are scalars or rules. Other parameters, errors and
    ``allow_self_connections`` as for :func:`all_to_all`.
    """
    draft = begin(source, target, name, seed, receptor, plasticity)
    rng = draft.random("fixed_outdegree")
    skip = draft.skips_own(allow_self_connections)
    degree = draft.check_degree("outdegree", outdegree, target, skip)
    draft.check_number(source.size * degree)
    chosen = topology.sample_rows(source.size, target.size, degree, rng, skip_own=skip)
    rows = np.arange(source.size + 1, dtype=np.int64) * degree
    return draft.finish(rows, chosen.ravel(), weight, delay)


@own_keywords
@within_memory
def fixed_total_number(
    source: Source,
    target: Population,
    n: int,
    *,
    weight: Value,
    delay: Value = 0.0,
    seed: int | None = None,
    name: str | None = None,
    receptor: str | None = None,
    plasticity: STDP | None = None,
    allow_self_connections: bool = True,
) -> Connection:
    """Make exactly ``n`` synapses, each between a source and a target drawn uniformly.

    Draws are independent, so a pair may have several synapses: ``fixed_total_number`` of NEST,
    ``FixedTotalNumberConnector`` of PyNN. Needs a seed; ``weight`` and ``delay`` are scalars or
    rules. Other parameters, errors and ``allow_self_connections`` as for :func:`all_to_all`.
    """
    draft = begin(source, target, name, seed, receptor, plasticity)
    rng = draft.random("fixed_total_number")
    skip = draft.skips_own(allow_self_connections)
    number = integer(draft.label, "n", n, at_least=0, at_most=MOST_SYNAPSES)
    if number and skip and target.size == 1:
        raise NetworkError(
            f"{draft.label}: n = {number}; allowed: 0, since {target.name!r} has one neuron and no "
            "self-connections."
        )
    rows, post = topology.pairs(source.size, target.size, number, rng, skip_diagonal=skip)
    return draft.finish(rows, post, weight, delay)


@own_keywords
@within_memory
def from_arrays(
    source: Source,
    target: Population,
    pre: Any,
    post: Any,
    *,
    weight: Value,
    delay: Value = 0.0,
    seed: int | None = None,
    name: str | None = None,
    receptor: str | None = None,
    plasticity: STDP | None = None,
) -> Connection:
    """Connect explicit pairs.

    Parameters
    ----------
    source, target : Population (or an input as source)
        Presynaptic and postsynaptic side.
    pre, post : array_like of int, shape (n_synapses,)
        Source and target of each synapse, in any order; a pair may occur more than once.
    weight, delay : float, rule or array_like of shape (n_synapses,)
        In the order of ``pre`` and ``post``.
    seed, name, receptor, plasticity : optional
        As for :func:`one_to_one`.

    Raises
    ------
    NetworkError
        If the arrays differ in length, an index is out of range, or a value is not allowed.
    """
    draft = begin(source, target, name, seed, receptor, plasticity)
    ragged = (
        "pre or post is a nested list; allowed: two one-dimensional arrays of equal length, one "
        "entry per synapse."
    )
    pre_ids = integers(draft.label, "pre", pre, ragged=ragged)
    post_ids = integers(draft.label, "post", post, ragged=ragged)
    if pre_ids.ndim != 1 or pre_ids.shape != post_ids.shape:
        raise NetworkError(
            f"{draft.label}: pre has shape {pre_ids.shape} and post {post_ids.shape}; allowed: two "
            "one-dimensional arrays of equal length, one entry per synapse."
        )
    integers(draft.label, "pre", pre_ids, low=0, high=source.size - 1)
    integers(draft.label, "post", post_ids, low=0, high=target.size - 1)
    rows, order = rows_of(pre_ids, source.size)
    post_ids = post_ids[order].astype(np.int32)
    return draft.finish(rows, post_ids, weight, delay, shape=pre_ids.shape, keep=order)


@own_keywords
@within_memory
def convolution(
    source: Source,
    target: Population,
    kernel: Any,
    source_shape: Any,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    delay: float = 0.0,
    name: str | None = None,
    receptor: str | None = None,
) -> Connection:
    """Connect two layers of neurons in space by a convolution (a cross-correlation, as in torch).

    Neurons are numbered by channel, row, column. A chip that stores kernels once stores its weights
    once; see :class:`ConvolutionShape`.

    Parameters
    ----------
    source, target : Population (or an input as source)
        Sizes must be those of the two shapes.
    kernel : array_like of float, shape (channels out, channels in / groups, rows, columns)
        Weights, mV or nA; see :class:`Connection`.
    source_shape : tuple of int
        (channels, rows, columns) of the source.
    stride, padding, dilation : int or tuple of two int
        Of rows and columns. Default 1, 0 and 1.
    groups : int
        Groups of channels that are convolved each on their own.
    delay : float, ms
        Of all synapses. Default 0.
    name, receptor : optional
        As for :func:`one_to_one`.

    Raises
    ------
    NetworkError
        If shapes or sizes do not fit each other, or a value is not allowed.
    """
    draft = begin(source, target, name, None, receptor, None)
    allowed = "an array of numbers, (channels out, channels in / groups, rows, columns)"
    unit = unit_of_weights(target, receptor)
    weights = reals(draft.label, "kernel", kernel, unit, allowed=allowed)
    shape = ConvolutionShape.of(
        source_shape,
        weights.shape,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    sizes = source.size, target.size
    if (shape.n_sources, shape.n_targets) != sizes:
        raise NetworkError(
            f"{draft.label}: a convolution from {shape.source_shape} to {shape.target_shape}; "
            f"allowed: shapes of {sizes[0]} sources and {sizes[1]} targets."
        )
    pre, post, entry = shape.synapses()
    rows, order = rows_of(pre, source.size)
    made = draft.finish(
        rows,
        post[order].astype(np.int32),
        weights.ravel()[entry],
        real(draft.label, "delay", delay, "ms", NOT_NEGATIVE),
        shape=pre.shape,
        keep=order,
    )
    return replace(made, convolution=shape)
