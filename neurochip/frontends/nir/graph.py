"""Files and nested graphs to one flat graph of NIR nodes; nothing is interpreted yet."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ..._extras import require
from ..._npz import DAMAGE, reason
from ...errors import FrontendError

__all__ = ["FlatGraph", "NirNode", "describe", "load_graph"]

NirNode: TypeAlias = Any  # nir.NIRNode; the package is imported where it is used

_KNOWN = (
    "Affine", "AvgPool2d", "Conv1d", "Conv2d", "CubaLI", "CubaLIF", "Delay", "Flatten", "I", "IF",
    "Input", "LI", "LIF", "Linear", "NIRGraph", "Output", "Scale", "SumPool2d", "Threshold",
)  # fmt: skip
_WITH_RESET = ("CubaLIF", "IF", "LIF")


@dataclass(frozen=True, eq=False)
class FlatGraph:
    """Nodes without nesting, by their path (``"layer.lif"``), and what they are fed by.

    Parameters
    ----------
    nodes : dict of str to nir node
        Inputs and outputs of nested graphs remain as nodes that pass on what they get.
    sources : dict of str to list of str
        Nodes that feed each node, in the order of the edges.
    outside : frozenset of str
        Inputs and outputs of the whole graph, as against those of nested ones.
    without_reset : frozenset of str
        Nodes of a file that store no ``v_reset``.
    metadata : dict
        Of the whole graph.
    """

    nodes: Mapping[str, NirNode]
    sources: Mapping[str, list[str]]
    outside: frozenset[str]
    without_reset: frozenset[str] = frozenset()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def ends(self, kind: str) -> list[str]:
        """Inputs or outputs (``"Input"``, ``"Output"``) of the whole graph, in order."""
        return [
            name
            for name, node in self.nodes.items()
            if name in self.outside and type(node).__name__ == kind
        ]


def describe(name: str, node: NirNode) -> str:
    """Name a node in a message."""
    return f"NIR: {type(node).__name__} {name!r}"


def load_graph(source: Any) -> FlatGraph:
    """Read a file, or take a ``nir.NIRGraph``, and flatten it.

    Raises
    ------
    FrontendError
        If the file is missing, damaged or foreign, a node is of an unknown type, an edge ends
        nowhere, or a nested graph has several inputs or outputs.
    MissingExtraError
        If the package nir is not installed.
    """
    nir = require("nir", "nir", "reading a NIR graph")
    if isinstance(source, (str, os.PathLike)):
        graph, without_reset = _read(Path(source), nir)
    elif isinstance(source, nir.NIRGraph):
        graph, without_reset = source, frozenset()
    else:
        raise FrontendError(
            f"NIR: source = {source!r}; allowed: the path of a .nir file, or a nir.NIRGraph."
        )
    nodes: dict[str, NirNode] = {}
    edges: list[tuple[str, str]] = []
    _flatten(graph, "", nodes, edges)
    sources: dict[str, list[str]] = {name: [] for name in nodes}
    for before, after in dict.fromkeys(edges):
        sources[after].append(before)
    outside = frozenset(name for name, node in graph.nodes.items() if _kind(node) != "NIRGraph")
    metadata = {key: _plain(value) for key, value in (graph.metadata or {}).items()}
    return FlatGraph(nodes, sources, outside, without_reset, metadata)


def _kind(node: NirNode) -> str:
    return type(node).__name__


def _read(path: Path, nir: Any) -> tuple[Any, frozenset[str]]:
    h5py = require("h5py", "nir", "reading a NIR graph")
    if not path.is_file():
        raise FrontendError(f"{path}: no such file; pass the path of a NIR graph (.nir).")
    try:
        with h5py.File(path, "r") as file:
            root = _plain(file["node/type"][()])
            stored = dict(_stored_nodes(file["node"])) if root == "NIRGraph" else {}
            kinds = {name: _plain(node["type"][()]) for name, node in stored.items()}
            without_reset = frozenset(
                name
                for name, kind in kinds.items()
                if kind in _WITH_RESET and "v_reset" not in stored[name]
            )
    except (*DAMAGE, AttributeError, TypeError) as problem:
        raise FrontendError(
            f"{path}: damaged or not a NIR graph ({reason(problem)}); write it again from its "
            "source."
        ) from None
    if root != "NIRGraph":
        raise FrontendError(f"{path}: holds a single {root}; allowed: a NIRGraph with its edges.")
    for name, kind in kinds.items():
        if kind not in _KNOWN:
            raise FrontendError(
                f"{path}: node {name!r} is of the type {kind!r}; known: {', '.join(_KNOWN)}. "
                "Replace it by these."
            )
    try:
        # The library's own check of types refuses kernels that are not square; ours follows.
        graph = nir.read(path, type_check=False)
    except (*DAMAGE, AssertionError, AttributeError, TypeError) as problem:
        raise FrontendError(
            f"{path}: the package nir cannot read it ({reason(problem)}); write it again from its "
            "source."
        ) from None
    return graph, without_reset


def _stored_nodes(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Groups of all nodes in a file by their path, nested ones included."""
    for name, node in group["nodes"].items():
        yield prefix + name, node
        if "nodes" in node:
            yield from _stored_nodes(node, f"{prefix}{name}.")


def _plain(value: Any) -> Any:
    """Bytes and arrays of one number as what they are."""
    if isinstance(value, bytes):
        return value.decode()
    return (
        value.item() if isinstance(value, (np.ndarray, np.generic)) and value.size == 1 else value
    )


def _flatten(
    graph: Any, prefix: str, nodes: dict[str, NirNode], edges: list[tuple[str, str]]
) -> None:
    entrances, exits = {}, {}
    for name, node in graph.nodes.items():
        path = prefix + name
        if path in nodes:
            raise FrontendError(
                f"NIR: two nodes are named {path!r} once nested graphs are opened. Rename one."
            )
        entrances[name] = exits[name] = path
        if _kind(node) == "NIRGraph":
            _flatten(node, f"{path}.", nodes, edges)
            entrances[name] = _only(node, path, "Input")
            exits[name] = _only(node, path, "Output")
        elif _kind(node) in _KNOWN:
            nodes[path] = node
        else:
            raise FrontendError(
                f"NIR: node {path!r} is of the type {_kind(node)!r}; known: {', '.join(_KNOWN)}. "
                "Replace it by these."
            )
    for before, after in graph.edges:
        for end in (before, after):
            if end not in graph.nodes:
                raise FrontendError(
                    f"NIR: the edge {prefix + before!r} -> {prefix + after!r} ends at "
                    f"{prefix + end!r}, which is not a node. Add the node or remove the edge."
                )
        edges.append((exits[before], entrances[after]))


def _only(graph: Any, path: str, kind: str) -> str:
    found = [name for name, node in graph.nodes.items() if _kind(node) == kind]
    if len(found) != 1:
        raise FrontendError(
            f"NIR: the nested graph {path!r} has {len(found)} nodes of type {kind}; allowed: one, "
            "since an edge to a graph does not say which. Open the graph, or split it."
        )
    return f"{path}.{found[0]}"
