"""From which spikes, with what weight and after what delay, every node gets its input.

Between neurons a graph has linear nodes and delays, in chains and branches. They are composed into
one sparse matrix for each source. Delays are per channel, so a column stands for a source element
*and* a delay: column ``g * size + i`` is element i after ``delays[g]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np

from ..._extras import require
from ...errors import FrontendError
from ...typing import Float64Array
from .graph import FlatGraph, NirNode, describe
from .linear import Matrix, Shape, transform

__all__ = ["Arrivals", "Paths", "trace_paths"]


@dataclass(frozen=True, eq=False)
class Paths:
    """What one source adds to a node.

    Parameters
    ----------
    matrix : csr_array, shape (n, size of the source * number of delays)
        Weights.
    delays : ndarray of float64, shape (n_delays,), s
        Sorted, without repetition.
    """

    matrix: Matrix
    delays: Float64Array

    def __add__(self, other: Paths) -> Paths:
        delays = np.union1d(self.delays, other.delays)
        return Paths(self._on(delays) + other._on(delays), delays)

    def _on(self, delays: Float64Array) -> Matrix:
        """Return the matrix with columns for all of ``delays``."""
        coo = self.matrix.tocoo()
        size = coo.shape[1] // len(self.delays)
        group, element = np.divmod(coo.col, size)
        column = np.searchsorted(delays, self.delays)[group] * size + element
        shape = (coo.shape[0], size * len(delays))
        return require("scipy.sparse", "nir", "reading a NIR graph").csr_array(
            (coo.data, (coo.row, column)), shape=shape
        )

    def delayed(self, by: Float64Array) -> Paths:
        """Delay row k by ``by[k]`` seconds."""
        coo = self.matrix.tocoo()
        size = coo.shape[1] // len(self.delays)
        group, element = np.divmod(coo.col, size)
        delays, index = np.unique(self.delays[group] + by[coo.row], return_inverse=True)
        if not len(delays):
            return self
        return Paths(
            require("scipy.sparse", "nir", "reading a NIR graph").csr_array(
                (coo.data, (coo.row, index * size + element)),
                shape=(coo.shape[0], size * len(delays)),
            ),
            delays,
        )


@dataclass(frozen=True, eq=False)
class Arrivals:
    """All that a node gets: paths by source, and a bias, shape (n,)."""

    paths: Mapping[str, Paths]
    bias: Float64Array
    shape: Shape

    def only_source(self) -> str | None:
        """Return the source whose elements arrive one by one and unchanged, if that is all."""
        if len(self.paths) != 1 or self.bias.any():
            return None
        ((name, paths),) = self.paths.items()
        coo = paths.matrix.tocoo()
        plain = (
            not paths.delays.any()
            and coo.shape[0] == coo.shape[1] == len(coo.data)
            and (coo.row == coo.col).all()
            and (coo.data == 1).all()
        )
        return name if plain else None


def trace_paths(graph: FlatGraph, shapes: Mapping[str, Shape]) -> dict[str, Arrivals]:
    """Compose everything between the nodes of ``shapes`` (inputs and neurons).

    Returns
    -------
    dict of str to Arrivals
        For every neuron and every output of the graph.

    Raises
    ------
    FrontendError
        If linear nodes form a circle, a node is fed by nothing, or shapes do not match.
    """
    between = {name: graph.sources[name] for name in graph.nodes if name not in shapes}
    within = {name: [s for s in sources if s in between] for name, sources in between.items()}
    try:
        order = list(TopologicalSorter(within).static_order())
    except CycleError as problem:
        circle = " -> ".join(reversed(problem.args[1]))
        raise FrontendError(
            f"NIR: {circle} form a circle without a neuron, so their values have no beginning. Put "
            "a neuron into it."
        ) from None
    values = {name: _source(name, shape) for name, shape in shapes.items()}
    for name in order:
        values[name] = _through(name, graph.nodes[name], _gather(graph, name, values))
    neurons = [name for name in shapes if type(graph.nodes[name]).__name__ != "Input"]
    arrivals = {name: _gather(graph, name, values) for name in neurons}
    for name in neurons:
        if arrivals[name].bias.size != np.prod(shapes[name], dtype=np.int64):
            raise FrontendError(
                f"{describe(name, graph.nodes[name])}: has shape {shapes[name]} and gets shape "
                f"{arrivals[name].shape}; allowed: as many elements."
            )
    return {**arrivals, **{name: values[name] for name in graph.ends("Output")}}


def _source(name: str, shape: Shape) -> Arrivals:
    size = int(np.prod(shape, dtype=np.int64))
    identity = require("scipy.sparse", "nir", "reading a NIR graph").eye_array(size, format="csr")
    return Arrivals({name: Paths(identity, np.zeros(1))}, np.zeros(size), shape)


def _gather(graph: FlatGraph, name: str, values: Mapping[str, Arrivals]) -> Arrivals:
    """Sum up what feeds a node."""
    feeds = [values[source] for source in graph.sources[name]]
    if not feeds:
        raise FrontendError(
            f"{describe(name, graph.nodes[name])}: nothing feeds it. Connect it or remove it."
        )
    paths: dict[str, Paths] = {}
    for source, feed in zip(graph.sources[name], feeds, strict=True):
        if feed.shape != feeds[0].shape:
            raise FrontendError(
                f"{describe(name, graph.nodes[name])}: gets shape {feeds[0].shape} from "
                f"{graph.sources[name][0]!r} and {feed.shape} from {source!r}; allowed: one shape."
            )
        for origin, part in feed.paths.items():
            paths[origin] = paths[origin] + part if origin in paths else part
    bias: Any = sum(feed.bias for feed in feeds)
    return Arrivals(paths, bias, feeds[0].shape)


def _through(name: str, node: NirNode, arriving: Arrivals) -> Arrivals:
    if type(node).__name__ == "Delay":
        return _delay(name, node, arriving)
    step = transform(name, node, arriving.shape)
    return Arrivals(
        {
            source: Paths(step.matrix @ paths.matrix, paths.delays)
            for source, paths in arriving.paths.items()
        },
        step.matrix @ arriving.bias + step.bias,
        step.shape,
    )


def _delay(name: str, node: NirNode, arriving: Arrivals) -> Arrivals:
    delay = np.asarray(node.delay, dtype=np.float64)
    if delay.size not in {1, arriving.bias.size}:
        raise FrontendError(
            f"{describe(name, node)}: delay has shape {delay.shape} and gets shape "
            f"{arriving.shape}; allowed: one shape, or one value."
        )
    if not (np.isfinite(delay) & (delay >= 0)).all():
        worst = delay.ravel()[np.argmin(np.isfinite(delay.ravel()) & (delay.ravel() >= 0))]
        raise FrontendError(
            f"{describe(name, node)}: a delay of {worst:g} s; allowed: a number of at least 0."
        )
    by = np.broadcast_to(delay.ravel(), arriving.bias.shape)
    return Arrivals(
        {source: paths.delayed(by) for source, paths in arriving.paths.items()},
        arriving.bias,
        arriving.shape,
    )
