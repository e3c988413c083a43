"""Composes the linear nodes and delays between neurons into weights and delays.

Between neurons a graph has chains and branches of linear nodes and delays. They are composed into
one sparse matrix for each source. Delays belong to channels, so a column of the matrix stands for a
source element *and* a delay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np

from ...errors import FrontendError
from ...typing import Float64Array, Int64Array
from .graph import FlatGraph
from .linear import Matrix, sparse, transform
from .node import LONGEST, MOST_SYNAPSES, NirNode, Shape, fit, size_of

__all__ = ["Arrivals", "Paths", "trace_paths"]


@dataclass(frozen=True, eq=False)
class Paths:
    """Weights and delays from one source to a node.

    Parameters
    ----------
    matrix : csr_array, shape (n, n_columns)
        Weights.
    elements : ndarray of int64, shape (n_columns,)
        Source element of each column.
    delays : ndarray of float64, shape (n_columns,), s
        Delay of each column.
    """

    matrix: Matrix
    elements: Int64Array
    delays: Float64Array

    def __add__(self, other: Paths) -> Paths:
        ours, theirs = self.matrix.tocoo(), other.matrix.tocoo()
        return _paths(
            ours.shape[0],
            np.concatenate([ours.row, theirs.row]),
            np.concatenate([self.elements[ours.col], other.elements[theirs.col]]),
            np.concatenate([self.delays[ours.col], other.delays[theirs.col]]),
            np.concatenate([ours.data, theirs.data]),
        )

    def delayed(self, by: Float64Array) -> Paths:
        """Return the paths with row k delayed by another ``by[k]`` seconds."""
        coo = self.matrix.tocoo()
        delays = self.delays[coo.col] + by[coo.row]
        return _paths(coo.shape[0], coo.row, self.elements[coo.col], delays, coo.data)


def _paths(n: int, row: Any, element: Int64Array, delay: Float64Array, data: Any) -> Paths:
    """Collect entries; entries with the same row, element and delay are added."""
    delays, group = np.unique(delay, return_inverse=True)
    width = int(element.max(initial=0)) + 1
    pairs, column = np.unique(group * width + element, return_inverse=True)
    group, elements = np.divmod(pairs, width)
    matrix = sparse().csr_array((data, (row, column)), shape=(n, len(pairs)))
    matrix.sum_duplicates()  # SciPy 1.13.0 does not
    return Paths(matrix, elements, delays[group])


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Input of a node: paths by source, and a bias of shape (n,)."""

    paths: Mapping[str, Paths]
    bias: Float64Array
    shape: Shape

    def only_source(self) -> str | None:
        """Return the only source if its elements arrive one to one and unchanged, or None."""
        if len(self.paths) != 1 or self.bias.any():
            return None
        ((name, paths),) = self.paths.items()
        coo = paths.matrix.tocoo()
        plain = (
            not paths.delays.any()
            and coo.shape[0] == coo.shape[1] == len(coo.data)
            and (coo.row == paths.elements[coo.col]).all()
            and (coo.data == 1).all()
        )
        return name if plain else None

    def n_entries(self) -> int:
        """Return the number of entries of all matrices."""
        return sum(paths.matrix.nnz for paths in self.paths.values())


def trace_paths(graph: FlatGraph, shapes: Mapping[str, Shape]) -> dict[str, Arrivals]:
    """Compose all nodes between the nodes of ``shapes`` (inputs and neurons).

    Returns
    -------
    dict of str to Arrivals
        Input of every node of neurons and every output of the graph.

    Raises
    ------
    FrontendError
        If linear nodes form a loop, a node has no source, shapes do not match, or the graph has too
        many synapses.
    """
    between = {name: graph.sources[name] for name in graph.nodes if name not in shapes}
    within = {name: [s for s in sources if s in between] for name, sources in between.items()}
    try:
        order = list(TopologicalSorter(within).static_order())
    except CycleError as problem:
        circle = " -> ".join(reversed(problem.args[1]))
        raise FrontendError(
            f"NIR: {circle} form a loop without a neuron, so their values are undefined. Put a "
            "neuron into it."
        ) from None
    values = {name: _source(graph.nodes[name], shape) for name, shape in shapes.items()}
    entries = 0
    for name in order:
        values[name] = _through(graph.nodes[name], _gather(graph, name, values))
        entries += values[name].n_entries()
        if entries > MOST_SYNAPSES:
            raise FrontendError(
                f"{graph.nodes[name].label}: with it, the linear nodes would have {entries} "
                f"synapses; allowed: {MOST_SYNAPSES}."
            )
    neurons = [name for name in shapes if graph.nodes[name].kind != "Input"]
    arrivals = {name: _gather(graph, name, values) for name in neurons}
    for name in neurons:
        if not fit(shapes[name], arrivals[name].shape):
            raise FrontendError(
                f"{graph.nodes[name].label}: has shape {shapes[name]} and gets shape "
                f"{arrivals[name].shape}; allowed: the same shape, or a vector of equal size."
            )
    return {**arrivals, **{name: values[name] for name in graph.ends("Output")}}


def _source(node: NirNode, shape: Shape) -> Arrivals:
    size = size_of(node.label, shape)
    identity = sparse().eye_array(size, format="csr")
    paths = Paths(identity, np.arange(size), np.zeros(size))
    return Arrivals({node.name: paths}, np.zeros(size), shape)


def _gather(graph: FlatGraph, name: str, values: Mapping[str, Arrivals]) -> Arrivals:
    """Return the sum of the sources of a node."""
    node, feeds = graph.nodes[name], [values[source] for source in graph.sources[name]]
    if not feeds:
        raise FrontendError(f"{node.label}: nothing feeds it. Connect it or remove it.")
    paths: dict[str, Paths] = {}
    for source, feed in zip(graph.sources[name], feeds, strict=True):
        if feed.shape != feeds[0].shape:
            raise FrontendError(
                f"{node.label}: gets shape {feeds[0].shape} from {graph.sources[name][0]!r} and "
                f"{feed.shape} from {source!r}; allowed: the same shape."
            )
        for origin, part in feed.paths.items():
            paths[origin] = paths[origin] + part if origin in paths else part
    bias: Any = sum(feed.bias for feed in feeds)
    return Arrivals(paths, bias, feeds[0].shape)


def _through(node: NirNode, arriving: Arrivals) -> Arrivals:
    if node.kind == "Delay":
        return _delay(node, arriving)
    step = transform(node, arriving.shape)
    matrix = step.build()
    return Arrivals(
        {
            source: Paths(_product(node, matrix, paths.matrix), paths.elements, paths.delays)
            for source, paths in arriving.paths.items()
        },
        _finite(node, matrix @ arriving.bias + step.bias),
        step.shape,
    )


def _product(node: NirNode, left: Matrix, right: Matrix) -> Matrix:
    multiplications = int(np.diff(right.indptr)[left.indices].sum())
    entries = min(multiplications, left.shape[0] * right.shape[1])
    if entries > MOST_SYNAPSES:
        raise FrontendError(
            f"{node.label}: with the linear nodes before it, would be a matrix of {entries} "
            f"entries; allowed: {MOST_SYNAPSES}."
        )
    product = left @ right
    _finite(node, product.data)
    return product


def _finite(node: NirNode, values: Any) -> Any:
    if not np.isfinite(values).all():
        raise FrontendError(
            f"{node.label}: with the linear nodes before it, its values are beyond the range of "
            "float64. Scale them down."
        )
    return values


def _delay(node: NirNode, arriving: Arrivals) -> Arrivals:
    delay = node.numbers("delay")
    if delay.size != 1 and not fit(delay.shape, arriving.shape):
        raise FrontendError(
            f"{node.label}: delay has shape {delay.shape} and gets shape {arriving.shape}; "
            "allowed: the same shape, or one value."
        )
    if not ((delay >= 0) & (delay < LONGEST)).all():
        worst = delay.min() if delay.min() < 0 else delay.max()
        raise FrontendError(
            f"{node.label}: a delay of {worst:g} s; allowed: a number of at least 0, up to "
            f"{LONGEST:g}."
        )
    by = np.broadcast_to(delay.ravel(), arriving.bias.shape)
    return Arrivals(
        {source: paths.delayed(by) for source, paths in arriving.paths.items()},
        arriving.bias,
        arriving.shape,
    )
