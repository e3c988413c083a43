"""Finds the output shape of every node along the edges."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from ...errors import FrontendError
from .graph import FlatGraph
from .linear import transform
from .neurons import own_shape
from .node import Shape, size_of

__all__ = ["find_shapes"]


def find_shapes(graph: FlatGraph, neurons: Iterable[str]) -> dict[str, Shape]:
    """Return the shapes of all inputs and neurons.

    Neurons whose parameters are single numbers have the shape of their source.

    Raises
    ------
    FrontendError
        If an input has no shape or has a source, or the number of neurons of a node is unknown.
    """
    ends = {name: _input_shape(graph, name) for name in graph.ends("Input")}
    own = {name: own_shape(graph.nodes[name]) for name in neurons}
    known = {**ends, **{name: shape for name, shape in own.items() if shape is not None}}
    if len(known) < len(ends) + len(own):
        _spread(graph, known, own.__contains__)
    for name in own:
        if name not in known:
            text = (
                "its parameters are single numbers, and no source gives it a shape, so its number "
                "of neurons is unknown. Give it a value for each neuron"
                if graph.sources[name]
                else "nothing feeds it. Connect it or remove it"
            )
            raise FrontendError(f"{graph.nodes[name].label}: {text}.")
    return {name: known[name] for name in (*ends, *own)}


def _spread(graph: FlatGraph, known: dict[str, Shape], is_neuron: Callable[[str], bool]) -> None:
    """Add the shapes of all nodes that can be reached from nodes of known shape."""
    targets: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for name, sources in graph.sources.items():
        for source in sources:
            targets[source].append(name)
    waiting = deque(known)
    while waiting:
        source = waiting.popleft()
        for name in targets[source]:
            if name not in known:
                node, shape = graph.nodes[name], known[source]
                known[name] = shape if is_neuron(name) else transform(node, shape).shape
                waiting.append(name)


def _input_shape(graph: FlatGraph, name: str) -> Shape:
    node = graph.nodes[name]
    if graph.sources[name]:
        raise FrontendError(
            f"{node.label}: is fed by {graph.sources[name][0]!r}; an input of the whole graph is "
            "fed from outside. Remove the edge."
        )
    shape = node.shape("shape")
    if shape is None:
        raise FrontendError(f"{node.label}: has no shape. Give it one.")
    size_of(node.label, shape)
    return shape
