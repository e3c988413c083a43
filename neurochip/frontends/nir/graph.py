"""Flattens a file, or a graph of the package nir, without interpreting its nodes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..._support.extras import require
from ...errors import FrontendError
from .convention import SAID
from .file import Extent, Graph, check_kind, read_file
from .node import KINDS, OWN, RESETTING, NirNode, show

__all__ = ["FlatGraph", "load_graph", "take_node"]


@dataclass(frozen=True, eq=False)
class FlatGraph:
    """A graph without nesting: nodes by their path (``"layer.lif"``) and their sources.

    Parameters
    ----------
    nodes : dict of str to NirNode
        Nodes by path. Inputs and outputs of nested graphs remain as nodes that pass on their input.
    sources : dict of str to list of str
        Nodes that feed each node, in the order of the edges.
    outside : frozenset of str
        Nodes of the whole graph that are not nested, among them its inputs and outputs.
    metadata : dict of str to dict
        Metadata of the whole graph (``""``) and of nested graphs by their path.
    """

    nodes: Mapping[str, NirNode]
    sources: Mapping[str, list[str]]
    outside: frozenset[str]
    metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def ends(self, kind: str) -> list[str]:
        """Return the inputs or outputs (``"Input"``, ``"Output"``) of the whole graph, in order."""
        return [n for n, node in self.nodes.items() if n in self.outside and node.kind == kind]


def load_graph(source: Any, problems: dict[str, str] | None = None) -> FlatGraph:
    """Read a file, or take a ``nir.NIRGraph``, and flatten it.

    Parameters
    ----------
    source : path or nir.NIRGraph
        The graph.
    problems : dict of str to str, optional
        As in :func:`~neurochip.frontends.nir.file.read_file`.

    Raises
    ------
    FrontendError
        If the file is missing, damaged or of another format, a node has an unknown type or a name
        that cannot be printed, an edge ends at a missing node, or a nested graph does not have
        exactly one input and one output.
    MissingExtraError
        If a required package of the extra ``nir`` is not installed.
    """
    if isinstance(source, (str, os.PathLike)):
        graph = read_file(Path(source), problems)
    else:
        nir = require("nir", "nir", "reading a NIR graph")
        if not isinstance(source, nir.NIRGraph):
            raise FrontendError(
                f"NIR: source = {show(source)}; allowed: the path of a .nir file, or a "
                "nir.NIRGraph."
            )
        graph = _take_graph(source, "", 1, Extent("NIR"), problems)
    flat = _Flattening()
    flat.open(graph, "")
    sources: dict[str, list[str]] = {name: [] for name in flat.nodes}
    for before, after in dict.fromkeys(flat.edges):
        sources[after].append(before)
    outside = frozenset(name for name, node in graph.nodes.items() if isinstance(node, NirNode))
    return FlatGraph(flat.nodes, sources, outside, flat.metadata)


def take_node(path: str, node: Any) -> NirNode:
    """Return a node of the package nir as a NirNode.

    Raises
    ------
    FrontendError
        If its kind is unknown, or a member is missing.
    """
    kind = type(node).__name__
    check_kind("NIR", path, kind)
    needed, optional = KINDS[kind]
    own: Any = {
        "Flatten": {"input_type": ("input_type", "input")},
        "Input": {"shape": ("input_type", "input")},
        "Output": {"shape": ("output_type", "output")},
    }.get(kind, {})
    members = dict(optional)
    for name in (*needed, *optional):
        attribute, port = own.get(name, (name, None))
        value = getattr(node, attribute, members.get(name))
        if port is not None:
            value = value.get(port) if isinstance(value, Mapping) else None
        if value is None and name in needed and port is None:
            raise FrontendError(f"NIR: {kind} {path!r}: has no {name!r}. Give it one.")
        members[name] = value
    metadata = getattr(node, "metadata", None)
    if kind in RESETTING and isinstance(metadata, Mapping):
        members.update({own: metadata[own] for own in OWN if own in metadata})
    return NirNode(path, kind, members)


def _take_graph(
    graph: Any, prefix: str, level: int, extent: Extent, problems: dict[str, str] | None
) -> Graph:
    """Return a graph of the package nir as a Graph."""
    where = f"the graph {prefix[:-1]!r}" if prefix else "the graph"
    for name, kind, allowed in (
        ("nodes", Mapping, "a dict of nodes"),
        ("edges", (list, tuple, set, frozenset, Mapping), "a list of pairs of names"),
        ("metadata", (Mapping, type(None)), "a dict"),
    ):
        found = getattr(graph, name, None)
        if not isinstance(found, kind):
            raise FrontendError(
                f"NIR: {name} of {where} are a {type(found).__name__}; allowed: {allowed}."
            )
    nodes: dict[str, NirNode | Graph] = {}
    for name, node in graph.nodes.items():
        extent.enter(level)
        path = f"{prefix}{name}"
        if type(node).__name__ == "NIRGraph":
            nodes[name] = _take_graph(node, f"{path}.", level + 1, extent, problems)
            continue
        try:
            nodes[name] = take_node(path, node)
        except FrontendError as problem:
            if problems is None:
                raise
            problems[path] = str(problem).removeprefix("NIR: ")
            nodes[name] = NirNode(path, type(node).__name__, {})
    for edge in graph.edges:
        pair = isinstance(edge, (tuple, list)) and len(edge) == 2
        if not pair or not all(isinstance(end, str) for end in edge):
            raise FrontendError(f"NIR: {where} has an edge {show(edge)}; allowed: pairs of names.")
    metadata = graph.metadata or {}
    said = {key: metadata[key] for key in SAID if key in metadata}
    return Graph(nodes, [(a, b) for a, b in graph.edges], said)


class _Flattening:
    """Replaces nested graphs by their nodes and edges."""

    def __init__(self) -> None:
        self.nodes: dict[str, NirNode] = {}
        self.edges: list[tuple[str, str]] = []
        self.metadata: dict[str, Mapping[str, Any]] = {}

    def open(self, graph: Graph, prefix: str) -> None:
        """Add the nodes and edges of a graph and of its nested graphs."""
        self.metadata[prefix[:-1]] = graph.metadata
        entrances, exits = {}, {}
        for name, node in graph.nodes.items():
            _check_name(prefix, name)
            path = prefix + name
            if path in self.nodes:
                raise FrontendError(
                    f"NIR: two nodes are named {path!r} once nested graphs are opened. Rename one."
                )
            entrances[name] = exits[name] = path
            if isinstance(node, Graph):
                self.open(node, f"{path}.")
                entrances[name] = _only(node, path, "Input")
                exits[name] = _only(node, path, "Output")
            else:
                self.nodes[path] = node
        for before, after in graph.edges:
            for end in (before, after):
                if end not in graph.nodes:
                    raise FrontendError(
                        f"NIR: the edge {prefix + before!r} -> {prefix + after!r} ends at "
                        f"{prefix + end!r}, which is not a node. Add the node or remove the edge."
                    )
            self.edges.append((exits[before], entrances[after]))


def _check_name(prefix: str, name: object) -> None:
    sound = isinstance(name, str) and name.strip() and name.isprintable()
    if not sound:
        raise FrontendError(
            f"NIR: a node{f' of {prefix[:-1]!r}' if prefix else ''} is named {show(name)}; "
            "allowed: text that can be printed. Rename it."
        )


def _only(graph: Graph, path: str, kind: str) -> str:
    found = [
        name
        for name, node in graph.nodes.items()
        if isinstance(node, NirNode) and node.kind == kind
    ]
    if len(found) != 1:
        raise FrontendError(
            f"NIR: the nested graph {path!r} has {len(found)} nodes of type {kind}; allowed: one, "
            "since an edge to a graph does not say which. Open the graph, or split it."
        )
    return f"{path}.{found[0]}"
