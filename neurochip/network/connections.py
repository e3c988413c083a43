"""Which neuron reaches which, with what weight, after what delay.

A connection is stored by source (compressed sparse rows): 12 bytes a synapse with one weight each,
4 with a common weight. Random rules draw from a stream that depends on the seed and on the names of
the connection and its ends, so two connections with one seed are independent unless all three names
agree.
"""

from __future__ import annotations

import numbers
import reprlib
import zlib
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from .._array_value import ArrayValue, read_only
from .._values import check_name, quantity
from ..errors import NetworkError
from ..typing import Float64Array, Int32Array, Int64Array
from . import topology
from .inputs import PoissonInput, SpikeInput
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

Source: TypeAlias = Population | PoissonInput | SpikeInput
Value: TypeAlias = Any  # float | Rule | array_like: one value, a seeded rule, or given values


@dataclass(frozen=True, eq=False)
class Connection(ArrayValue):
    """Synapses from a source to a population, made by one of the functions of this module.

    Parameters
    ----------
    name : str
        Unique within a network.
    source : Population, PoissonInput or SpikeInput
        Presynaptic side.
    target : Population
        Postsynaptic side.
    indptr : ndarray of int64, shape (source.size + 1,)
        Synapses of source i are ``indptr[i]`` to ``indptr[i + 1]``.
    post : ndarray of int32, shape (n_synapses,)
        Target neuron of each synapse.
    weight : float or ndarray of float64, shape (n_synapses,)
        mV for delta synapses, nA for current synapses; negative is inhibitory.
    delay : float or ndarray of float64, shape (n_synapses,), ms
        At least 0; a spike acts in the step after its own, and ``delay`` later on top.
    """

    name: str
    source: Source
    target: Population
    indptr: Int64Array
    post: Int32Array
    weight: float | Float64Array
    delay: float | Float64Array

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return len(self.post)

    @property
    def pre(self) -> Int32Array:
        """Source neuron of each synapse, shape (n_synapses,)."""
        return np.repeat(np.arange(self.source.size, dtype=np.int32), np.diff(self.indptr))

    def __repr__(self) -> str:
        return (
            f"Connection({self.name!r}, {self.source.name!r} -> {self.target.name!r}, "
            f"{self.n_synapses} synapses)"
        )


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
    rows, post = topology.all_pairs(*shape)
    keep = None
    if not allow_self_connections and _same_population(source, target):
        rows, post, keep = topology.without_diagonal(*shape)
    return _finish(label, name, source, target, (rows, post), weight, delay, rng, shape, keep=keep)


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
    valid = isinstance(probability, numbers.Real) and not isinstance(probability, bool)
    if not (valid and 0 <= probability <= 1):
        raise NetworkError(
            f"{label}: probability = {reprlib.repr(probability)}; allowed: a number from 0 to 1."
        )
    value = float(probability)
    rng = _need(rng, label, "fixed_probability")
    skip = not allow_self_connections and _same_population(source, target)
    rows, post = topology.bernoulli(source.size, target.size, value, rng, skip_diagonal=skip)
    return _finish(label, name, source, target, (rows, post), weight, delay, rng, None)


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
    skip = not allow_self_connections and _same_population(source, target)
    _check_degree(label, "indegree", indegree, source, skip)
    chosen = topology.sample_rows(target.size, source.size, int(indegree), rng, skip_own=skip)
    rows, post = topology.transpose(chosen, source.size)
    return _finish(label, name, source, target, (rows, post), weight, delay, rng, None)


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
    skip = not allow_self_connections and _same_population(source, target)
    _check_degree(label, "outdegree", outdegree, target, skip)
    chosen = topology.sample_rows(source.size, target.size, int(outdegree), rng, skip_own=skip)
    rows = np.arange(source.size + 1, dtype=np.int64) * int(outdegree)
    return _finish(label, name, source, target, (rows, chosen.ravel()), weight, delay, rng, None)


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
    try:
        pre_ids, post_ids = np.asarray(pre), np.asarray(post)
    except ValueError:
        raise NetworkError(
            f"{label}: pre or post is a nested list; allowed: two one-dimensional arrays of one "
            "length, one entry per synapse."
        ) from None
    if pre_ids.ndim != 1 or pre_ids.shape != post_ids.shape:
        raise NetworkError(
            f"{label}: pre has shape {pre_ids.shape} and post {post_ids.shape}; allowed: two "
            "one-dimensional arrays of one length, one entry per synapse."
        )
    for side, ids, size in (("pre", pre_ids, source.size), ("post", post_ids, target.size)):
        if ids.size and not np.issubdtype(ids.dtype, np.integer):
            raise NetworkError(f"{label}: {side} is of type {ids.dtype}; allowed: integers.")
        bad = (ids < 0) | (ids >= size)
        if bad.any():
            first = int(np.argmax(bad))
            raise NetworkError(
                f"{label}: {side}[{first}] = {ids[first]}; allowed: 0 to {size - 1}."
            )
    rows = np.zeros(source.size + 1, dtype=np.int64)
    np.cumsum(np.bincount(pre_ids.astype(np.int64), minlength=source.size), out=rows[1:])
    order = np.argsort(pre_ids, kind="stable")
    ends = (rows, post_ids[order].astype(np.int32))
    return _finish(label, name, source, target, ends, weight, delay, rng, pre_ids.shape, keep=order)


def _begin(
    source: Source, target: Population, name: str | None, seed: int | None
) -> tuple[str, np.random.Generator | None]:
    if not isinstance(source, (Population, PoissonInput, SpikeInput)):
        raise NetworkError(
            f"connection: source = {source!r}; allowed: a Population, PoissonInput or SpikeInput."
        )
    if not isinstance(target, Population):
        raise NetworkError(f"connection: target = {target!r}; allowed: a Population.")
    if name is not None:
        check_name("connection", name)
    label = f"connection {name or f'{source.name}->{target.name}'!r}"
    if seed is None:
        return label, None
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise NetworkError(f"{label}: seed = {seed!r}; allowed: an integer of at least 0.")
    words = [int(seed), *(zlib.crc32(text.encode()) for text in (label, source.name, target.name))]
    return label, np.random.default_rng(words)


def _need(rng: np.random.Generator | None, label: str, what: str) -> np.random.Generator:
    if rng is None:
        raise NetworkError(f"{label}: {what} draws at random; pass seed=... (an integer).")
    return rng


def _same_population(source: Source, target: Population) -> bool:
    return isinstance(source, Population) and source.name == target.name


def _check_degree(label: str, what: str, degree: Any, other: Source, skip_own: bool) -> None:
    most = other.size - skip_own
    if isinstance(degree, bool) or not isinstance(degree, (int, np.integer)):
        raise NetworkError(f"{label}: {what} = {degree!r}; allowed: an integer of at least 0.")
    if not 0 <= degree <= most:
        raise NetworkError(
            f"{label}: {what} = {degree}; allowed: 0 to {most}, the number of different neurons "
            f"that {other.name!r} offers."
        )


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
    unit = "mV" if target.model.delta_synapses else "nA"

    def values(what: str, value: Value, unit: str, **bounds: Any) -> float | Float64Array:
        bounds |= {"per": "synapse", "may_be_empty": True}
        if isinstance(value, Rule):
            drawn = value.draw(_need(rng, label, f"{what} = {value!r}"), len(post))
            return quantity(label, what, drawn, unit, **bounds)
        try:
            array = np.asarray(value)
        except ValueError:
            return quantity(label, what, value, unit, **bounds)  # raises
        if array.ndim == 0:
            return quantity(label, what, value, unit, **bounds)
        if array.shape != shape:
            allowed = f", or an array of shape {shape}" if shape else ""
            raise NetworkError(
                f"{label}: {what} has shape {array.shape}; allowed: a number, a rule (Uniform, "
                f"Normal, LogNormal){allowed}."
            )
        flat = array.ravel() if keep is None else array.ravel()[keep]
        return quantity(label, what, flat, unit, **bounds)

    return Connection(
        name=name or f"{source.name}->{target.name}",
        source=source,
        target=target,
        indptr=read_only(rows),
        post=read_only(post),
        weight=values("weight", weight, unit),
        delay=values("delay", delay, "ms", at_least=0.0),
    )
