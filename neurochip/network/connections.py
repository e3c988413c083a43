"""Which neuron reaches which, with what weight, after what delay.

Random rules draw from a stream that depends on the seed and on the names of the connection and its
ends, so two connections with one seed are independent unless all three names agree.
"""

from __future__ import annotations

import functools
import inspect
import zlib
from collections.abc import Callable
from typing import Any, ParamSpec, TypeAlias

import numpy as np

from .._support.csr import rows_of
from .._support.values import integer, integers, real, reals, shown, switch
from ..errors import NetworkError
from ..typing import Int32Array, Int64Array
from . import topology
from .connection import Connection, Source, check_ends, unit_of_weights
from .neurons import Population
from .rules import Rule

__all__ = [
    "Connection",
    "Source",
    "all_to_all",
    "fixed_indegree",
    "fixed_outdegree",
    "fixed_probability",
    "from_arrays",
    "one_to_one",
]

_P = ParamSpec("_P")
_MOST_SYNAPSES = 1 << 40  # 4 TB
Value: TypeAlias = Any  # float | Rule | array_like: one value, a seeded rule, or given values


def _within_memory(connect: Callable[_P, Connection]) -> Callable[_P, Connection]:
    """Say which connection it is whose synapses are too many."""

    @functools.wraps(connect)
    def connected(*arguments: _P.args, **options: _P.kwargs) -> Connection:
        try:
            return connect(*arguments, **options)
        except MemoryError as problem:
            given = inspect.signature(connect).bind(*arguments, **options).arguments
            ends = f"{given['source'].name}->{given['target'].name}"
            raise NetworkError(
                f"connection {ends!r}: its synapses do not fit into memory ({problem}); connect "
                "fewer."
            ) from None

    return connected


@_within_memory
def one_to_one(
    source: Source,
    target: Population,
    *,
    weight: Value,
    delay: Value = 0.0,
    seed: int | None = None,
    name: str | None = None,
) -> Connection:
    """Connect source i to neuron i.

    Parameters
    ----------
    source, target : Population (or an input as source)
        Both of one size.
    weight : float, rule or array_like of shape (size,), mV or nA
        See :class:`Connection`.
    delay : float, rule or array_like of shape (size,), ms
        Default 0.
    seed : int, optional
        Needed where a rule is drawn.
    name : str, optional
        Default ``"source->target"``.

    Raises
    ------
    NetworkError
        If the sizes differ, or a value is not allowed.
    """
    label, rng = _begin(source, target, name, seed)
    if source.size != target.size:
        raise NetworkError(
            f"{label}: one_to_one needs equal sizes, but {source.name!r} has {source.size} and "
            f"{target.name!r} has {target.size}."
        )
    rows = np.arange(source.size + 1, dtype=np.int64)
    post = np.arange(target.size, dtype=np.int32)
    return _finish(label, name, source, target, (rows, post), weight, delay, rng, (target.size,))


@_within_memory
def all_to_all(
    source: Source,
    target: Population,
    *,
    weight: Value,
    delay: Value = 0.0,
    seed: int | None = None,
    name: str | None = None,
    allow_self_connections: bool = True,
) -> Connection:
    """Connect every source to every neuron.

    ``weight`` and ``delay`` may be matrices of shape (source.size, target.size). With
    ``allow_self_connections=False`` a population does not connect neuron i to itself, and the
    diagonal of a matrix is ignored. Other parameters and errors as for :func:`one_to_one`.
    """
    label, rng = _begin(source, target, name, seed)
    shape = (source.size, target.size)
    _check_number(label, source.size * target.size)
    rows, post = topology.all_pairs(*shape)
    keep = None
    if _skips_own(label, allow_self_connections, source, target):
        rows, post, keep = topology.without_diagonal(*shape)
    return _finish(label, name, source, target, (rows, post), weight, delay, rng, shape, keep=keep)


@_within_memory
def fixed_probability(
    source: Source,
    target: Population,
    probability: float,
    *,
    weight: Value,
    delay: Value = 0.0,
    seed: int | None = None,
    name: str | None = None,
    allow_self_connections: bool = True,
) -> Connection:
    """Connect each pair independently with the given probability (0 to 1).

    ``weight`` and ``delay`` are scalars or rules. Needs a seed. Other parameters, errors and
    ``allow_self_connections`` as for :func:`all_to_all`.
    """
    label, rng = _begin(source, target, name, seed)
    allowed = "a number from 0 to 1"
    value = real(label, "probability", probability, at_least=0, at_most=1, allowed=allowed)
    rng = _need(rng, label, "fixed_probability")
    _check_number(label, source.size * target.size * value)
    skip = _skips_own(label, allow_self_connections, source, target)
    rows, post = topology.bernoulli(source.size, target.size, value, rng, skip_diagonal=skip)
    return _finish(label, name, source, target, (rows, post), weight, delay, rng, None)


@_within_memory
def fixed_indegree(
    source: Source,
    target: Population,
    indegree: int,
    *,
    weight: Value,
    delay: Value = 0.0,
    seed: int | None = None,
    name: str | None = None,
    allow_self_connections: bool = True,
) -> Connection:
    """Give every neuron exactly ``indegree`` different sources, drawn evenly.

    Needs a seed; ``weight`` and ``delay`` are scalars or rules. Other parameters, errors and
    ``allow_self_connections`` as for :func:`all_to_all`.
    """
    label, rng = _begin(source, target, name, seed)
    rng = _need(rng, label, "fixed_indegree")
    skip = _skips_own(label, allow_self_connections, source, target)
    degree = _check_degree(label, "indegree", indegree, source, skip)
    _check_number(label, target.size * degree)
    chosen = topology.sample_rows(target.size, source.size, degree, rng, skip_own=skip)
    rows, post = topology.transpose(chosen, source.size)
    return _finish(label, name, source, target, (rows, post), weight, delay, rng, None)


@_within_memory
def fixed_outdegree(
    source: Source,
    target: Population,
    outdegree: int,
    *,
    weight: Value,
    delay: Value = 0.0,
    seed: int | None = None,
    name: str | None = None,
    allow_self_connections: bool = True,
) -> Connection:
    """Give every source exactly ``outdegree`` different targets, drawn evenly.

    Needs a seed; ``weight`` and ``delay`` are scalars or rules. Other parameters, errors and
    ``allow_self_connections`` as for :func:`all_to_all`.
    """
    label, rng = _begin(source, target, name, seed)
    rng = _need(rng, label, "fixed_outdegree")
    skip = _skips_own(label, allow_self_connections, source, target)
    degree = _check_degree(label, "outdegree", outdegree, target, skip)
    _check_number(label, source.size * degree)
    chosen = topology.sample_rows(source.size, target.size, degree, rng, skip_own=skip)
    rows = np.arange(source.size + 1, dtype=np.int64) * degree
    return _finish(label, name, source, target, (rows, chosen.ravel()), weight, delay, rng, None)


@_within_memory
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
) -> Connection:
    """Connect explicit pairs.

    Parameters
    ----------
    source, target : Population (or an input as source)
        The two sides.
    pre, post : array_like of int, shape (n_synapses,)
        Source and target of each synapse, in any order; a pair may occur more than once.
    weight, delay : float, rule or array_like of shape (n_synapses,)
        In the order of ``pre`` and ``post``.
    seed, name : optional
        As for :func:`one_to_one`.

    Raises
    ------
    NetworkError
        If the arrays differ in length, an index is out of range, or a value is not allowed.
    """
    label, rng = _begin(source, target, name, seed)
    ragged = (
        "pre or post is a nested list; allowed: two one-dimensional arrays of one length, one "
        "entry per synapse."
    )
    pre_ids = integers(label, "pre", pre, ragged=ragged)
    post_ids = integers(label, "post", post, ragged=ragged)
    if pre_ids.ndim != 1 or pre_ids.shape != post_ids.shape:
        raise NetworkError(
            f"{label}: pre has shape {pre_ids.shape} and post {post_ids.shape}; allowed: two "
            "one-dimensional arrays of one length, one entry per synapse."
        )
    integers(label, "pre", pre_ids, low=0, high=source.size - 1)
    integers(label, "post", post_ids, low=0, high=target.size - 1)
    rows, order = rows_of(pre_ids, source.size)
    ends = (rows, post_ids[order].astype(np.int32))
    return _finish(label, name, source, target, ends, weight, delay, rng, pre_ids.shape, keep=order)


def _begin(
    source: Source, target: Population, name: str | None, seed: int | None
) -> tuple[str, np.random.Generator | None]:
    label = check_ends(source, target, name)
    if seed is None:
        return label, None
    number = integer(label, "seed", seed, at_least=0)
    words = [number, *(zlib.crc32(text.encode()) for text in (label, source.name, target.name))]
    return label, np.random.default_rng(words)


def _need(rng: np.random.Generator | None, label: str, what: str) -> np.random.Generator:
    if rng is None:
        raise NetworkError(f"{label}: {what} draws at random; pass seed=... (an integer).")
    return rng


def _check_number(label: str, synapses: float) -> None:
    if synapses > _MOST_SYNAPSES:
        raise NetworkError(
            f"{label}: about {synapses:.3g} synapses; allowed: at most {_MOST_SYNAPSES}. Connect "
            "fewer."
        )


def _skips_own(label: str, allowed: Any, source: Source, target: Population) -> bool:
    """Return whether neurons are not connected to themselves, where source and target are one."""
    allowed = switch(label, "allow_self_connections", allowed, error=NetworkError)
    return not allowed and isinstance(source, Population) and source.name == target.name


def _check_degree(label: str, what: str, degree: Any, other: Source, skip_own: bool) -> int:
    most = other.size - skip_own
    found = integer(label, what, degree, allowed="an integer of at least 0")
    if not 0 <= found <= most:
        raise NetworkError(
            f"{label}: {what} = {shown(found)}; allowed: 0 to {most}, the number of different "
            f"neurons that {other.name!r} offers."
        )
    return found


def _finish(
    label: str,
    name: str | None,
    source: Source,
    target: Population,
    ends: tuple[Int64Array, Int32Array],
    weight: Value,
    delay: Value,
    rng: np.random.Generator | None,
    shape: tuple[int, ...] | None,
    keep: Any = None,
) -> Connection:
    rows, post = ends

    def values(what: str, value: Value, unit: str) -> Any:
        """One value, or a new array with one for each synapse."""
        if isinstance(value, Rule):
            return value.draw(_need(rng, label, f"{what} = {value!r}"), len(post))
        array = _numbers(label, what, value, unit)
        if array.ndim == 0:
            return array
        if array.shape != shape:
            allowed = f", or an array of shape {shape}" if shape else ""
            raise NetworkError(
                f"{label}: {what} has shape {array.shape}; allowed: a number, a rule (Uniform, "
                f"Normal, LogNormal){allowed}."
            )
        flat = np.array(array, dtype=np.float64, copy=keep is None or None).ravel()
        return flat if keep is None else flat[keep]

    return Connection(
        name=name or f"{source.name}->{target.name}",
        source=source,
        target=target,
        indptr=rows,
        post=post,
        weight=values("weight", weight, unit_of_weights(target)),
        delay=values("delay", delay, "ms"),
    )


def _numbers(label: str, what: str, value: Any, unit: str) -> Any:
    allowed = f"a number or one number per synapse, in {unit}"
    return reals(label, what, value, unit, allowed=allowed)
