"""Finds the output shape of every node along the edges."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from ...errors import FrontendError
from .graph import FlatGraph
from .linear import transform
from .neurons import own_shape
from .node import Shape, size_of

__all__ = ["find_shapes", "input_shape", "spread_shapes"]


def find_shapes(graph: FlatGraph, neurons: Iterable[str]) -> dict[str, Shape]:
    """Return the shapes of all inputs and neurons.

    Neurons whose parameters are single numbers have the shape of their source.

    Raises
    ------
    FrontendError
        If an input has no shape or has a source, or the number of neurons of a node is unknown.
    """
    ends = {name: input_shape(graph, name) for name in graph.ends("Input")}
    own = {name: own_shape(graph.nodes[name]) for name in neurons}
    known = {**ends, **{name: shape for name, shape in own.items() if shape is not None}}
    if len(known) < len(ends) + len(own):
        spread_shapes(graph, known, own.__contains__)
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


def spread_shapes(
    graph: FlatGraph,
    known: dict[str, Shape],
    is_neuron: Callable[[str], bool],
    problems: dict[str, str] | None = None,
) -> None:
    """Add the shapes of all nodes that can be reached from nodes of known shape.

    Parameters
    ----------
    graph : FlatGraph
        The graph.
    known : dict of str to tuple of int
        The known shapes, to which others are added.
    is_neuron : callable
        Whether the node of a name is one of neurons, which have the shape of their source.
    problems : dict of str to str, optional
        Receives what is wrong with single nodes, by name; nodes that are in it have no shape.
        Default: the first such problem is an error.

    Raises
    ------
    FrontendError
        If a node does not fit the shape that it gets, without ``problems``.
    """
    targets: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for name, sources in graph.sources.items():
        for source in sources:
            targets[source].append(name)
    waiting = deque(known)
    while waiting:
        source = waiting.popleft()
        for name in targets[source]:
            if name in known or name in (problems or ()):
                continue
            node, shape = graph.nodes[name], known[source]
            try:
                known[name] = shape if is_neuron(name) else transform(node, shape).shape
            except FrontendError as problem:
                if problems is None:
                    raise
                problems[name] = str(problem).removeprefix(f"{node.label}: ")
            else:
                waiting.append(name)


def input_shape(graph: FlatGraph, name: str) -> Shape:
    """Return the shape of an input of the whole graph.

    Raises
    ------
    FrontendError
        If it has none, or is fed by a node.
    """
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
