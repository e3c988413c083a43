"""Reads the nodes and edges of a NIR file directly from HDF5.

The layout is that of the package ``nir``: each node is a group with its kind as ``type`` and its
members as datasets. The memory that an array needs is known from its header and checked before the
array is read, since a file of a few kB may unpack to any size.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..._support.extras import require
from ..._support.hdf5 import TextHeaps, Unpacking, as_text, opened_hdf5, reading
from ...errors import FrontendError
from .convention import SAID
from .node import (
    KINDS,
    MOST_ELEMENTS,
    MOST_ENTRIES,
    OWN,
    RESETTING,
    NirNode,
    check_type,
    real_numbers,
)

__all__ = ["Extent", "Graph", "check_kind", "read_file"]

_MOST_LEVELS = 32  # depth of nested graphs
_MOST_NODES = 1 << 12
_MOST_DENSE = 1 << 26  # entries of a dense matrix, zeros included: the limit of write_nir
_BLOCK = 1 << 22  # entries of a matrix read at once


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph as it is stored, including nested graphs.

    Parameters
    ----------
    nodes : dict of str to NirNode or Graph
        Nodes by the names that the edges use.
    edges : list of pairs of str
        Names of the source and the target of each edge.
    metadata : dict
        The keys of ``SAID`` that are stored.
    """

    nodes: dict[str, NirNode | Graph]
    edges: list[tuple[str, str]]
    metadata: dict[str, Any] = field(default_factory=dict)


class Extent:
    """Counts the nodes of a graph, whose nesting has no end if it contains itself."""

    def __init__(self, where: str) -> None:
        self._where, self._nodes = where, 0

    def enter(self, level: int) -> None:
        """Count a node; ``level`` is the number of graphs around it.

        Raises
        ------
        FrontendError
            If it is nested too deep, or the graph has too many nodes.
        """
        self._nodes += 1
        if level > _MOST_LEVELS:
            raise FrontendError(
                f"{self._where}: nested more than {_MOST_LEVELS} graphs deep, or in itself; "
                f"allowed: {_MOST_LEVELS}. Open the inner graphs."
            )
        if self._nodes > _MOST_NODES:
            raise FrontendError(
                f"{self._where}: has more than {_MOST_NODES} nodes; allowed: {_MOST_NODES}."
            )


def check_kind(where: str, name: str, kind: object) -> None:
    """Raise a FrontendError unless nodes of this kind are known."""
    if kind not in KINDS:
        known = ", ".join(sorted((*KINDS, "NIRGraph")))
        raise FrontendError(
            f"{where}: node {name!r} is of the type {kind!r}; known: {known}. Replace it by these."
        )


def read_file(path: Path, problems: dict[str, str] | None = None) -> Graph:
    """Read a file and check only the types and sizes of its members.

    Parameters
    ----------
    path : Path
        The file.
    problems : dict of str to str, optional
        Receives what is wrong with single nodes, by their path; such a node has no members.
        Default: the first such problem is an error.

    Raises
    ------
    FrontendError
        If it is missing, damaged or not a NIR graph, links to other files, or would unpack to far
        more memory than its size; or without ``problems``, if a node is unknown or incomplete.
    MissingExtraError
        If h5py is not installed.
    """
    h5py = require("h5py", "nir", "reading a NIR graph")
    with opened_hdf5(h5py, path, "a NIR graph (.nir)", error=FrontendError) as file:
        reader = _Reader(path, h5py, problems)
        root = file.get("node")
        if not isinstance(root, h5py.Group):
            raise FrontendError(
                f"{path}: has no group 'node', where a NIR graph is; pass the path of a NIR graph "
                "(.nir)."
            )
        kind = reader.kind(root, "the group 'node'")
        if kind != "NIRGraph":
            raise FrontendError(
                f"{path}: holds a single {kind}; allowed: a NIRGraph with its edges."
            )
        return reader.graph(root, "", 1)


class _Reader:
    """Reads the parts of one file and adds up the memory that they need."""

    def __init__(self, path: Path, h5py: Any, problems: dict[str, str] | None) -> None:
        self._path, self._h5py, self._problems = path, h5py, problems
        self._memory = Unpacking(path, FrontendError)
        self._extent, self._heaps = Extent(str(path)), TextHeaps(path)

    def reading(self, part: str) -> contextlib.AbstractContextManager[None]:
        """Return a block in which damage becomes a message that names the part."""
        return reading(self._path, part, FrontendError)

    def _value(self, dataset: Any) -> Any:
        self._heaps.check(dataset)
        return dataset[()]

    def _problem(self, part: str, text: str) -> FrontendError:
        return FrontendError(f"{self._path}: {part} {text}.")

    def kind(self, group: Any, part: str) -> str:
        """Return the stored kind of a node."""
        with self.reading(f"the type of {part}"):
            item = group.get("type") if isinstance(group, self._h5py.Group) else None
            if not isinstance(item, self._h5py.Dataset) or item.size != 1:
                raise self._problem(
                    part, "has no 'type', which says what a node is. Write the file again"
                )
            kind = as_text(self._value(item))
            if kind is None:
                raise self._problem(part, "has a 'type' that is no text. Write the file again")
        return kind

    def graph(self, group: Any, prefix: str, level: int) -> Graph:
        """Return a graph with all nested graphs."""
        part = f"the graph {prefix[:-1]!r}" if prefix else "the graph"
        inner = group.get("nodes")
        if not isinstance(inner, self._h5py.Group):
            raise self._problem(part, "has no group 'nodes'. Write the file again")
        nodes: dict[str, NirNode | Graph] = {}
        for name, item in inner.items():
            self._extent.enter(level)
            path = prefix + name
            with self.reading(f"node {path!r}"):
                nodes[name] = self._entry(item, path, level)
        with self.reading(f"metadata of {part}"):
            metadata = self._metadata(group, part)
        with self.reading(f"edges of {part}"):
            edges = self._edges(group, part)
        return Graph(nodes, edges, metadata)

    def _entry(self, item: Any, path: str, level: int) -> NirNode | Graph:
        kind = "?"
        try:
            kind = self.kind(item, f"node {path!r}")
            if kind != "NIRGraph":
                check_kind(str(self._path), path, kind)
                return self._node(item, path, kind)
        except FrontendError as problem:
            if self._problems is None:
                raise
            self._problems[path] = str(problem).removeprefix(f"{self._path}: ")
            return NirNode(path, kind, {})
        return self.graph(item, f"{path}.", level + 1)

    def _edges(self, group: Any, part: str) -> list[tuple[str, str]]:
        item = group.get("edges")
        sound = isinstance(item, self._h5py.Dataset) and item.shape is not None
        if sound and item.size:
            text = self._h5py.check_string_dtype(item.dtype) is not None
            sound = text and item.ndim == 2 and item.shape[1] == 2
        if not sound:
            raise self._problem(
                part, "has no 'edges' that are pairs of names. Write the file again"
            )
        if item.size > MOST_ELEMENTS:
            raise self._problem(part, f"has {len(item)} edges; allowed: {MOST_ELEMENTS // 2}")
        pairs = self._value(item).reshape(-1, 2).tolist() if item.size else []
        return [(str(as_text(a)), str(as_text(b))) for a, b in pairs]

    def _metadata(self, group: Any, part: str) -> dict[str, Any]:
        """Return the metadata of ``SAID``; others may hold anything and are ignored."""
        if "metadata" not in group:
            return {}
        stored = group["metadata"]
        if not isinstance(stored, self._h5py.Group):
            raise self._problem(part, "has metadata that are no group. Write the file again")
        found = {}
        for name in SAID:
            if name in stored:
                item = stored[name]
                if not isinstance(item, self._h5py.Dataset) or item.size != 1:
                    raise self._problem(
                        part, f"has metadata whose {name!r} is no single value. Remove it"
                    )
                value = self._value(item)
                text = as_text(value)
                found[name] = value if text is None else text
        return found

    def _node(self, group: Any, path: str, kind: str) -> NirNode:
        needed, optional = KINDS[kind]
        members: dict[str, Any] = dict(optional)
        node = NirNode(path, kind, members)
        where = f"node {path!r} ({kind})"
        for name, item in group.items():
            if name == "metadata" and kind in RESETTING:
                for own in (key for key in OWN if key in item):
                    with self.reading(f"{own!r} in the metadata of {where}"):
                        members[own] = self._member(where, node, own, item[own])
            if name in {"type", "metadata"}:
                continue
            if name not in needed and name not in optional:
                known = ", ".join((*needed, *optional))
                raise self._problem(
                    where, f"has a member {name!r}; known: {known}. Remove it if it means nothing"
                )
            with self.reading(f"{name!r} of {where}"):
                members[name] = self._member(where, node, name, item)
        for name in needed:
            if name not in members:
                raise self._problem(where, f"has no {name!r}. Write the file again")
        return node

    def _member(self, where: str, node: NirNode, name: str, item: Any) -> Any:
        if not isinstance(item, self._h5py.Dataset) or item.shape is None:
            raise self._problem(f"{name!r} of {where}", "is no array. Write the file again")
        text = self._h5py.check_string_dtype(item.dtype) is not None
        if text and item.size == 1:
            return as_text(self._value(item))
        if text or item.dtype.kind not in "biufc":  # large text, or references
            check_type(node.label, name, np.dtype(str) if text else item.dtype)
        part = f"{name!r} of {where}"
        dense = name == "weight" and node.kind in {"Affine", "Linear"} and item.ndim == 2
        most = MOST_ENTRIES if name == "weight" else MOST_ELEMENTS
        self._memory.check(part, item, _MOST_DENSE if dense else most)
        if dense:
            return self._matrix(node, part, item)
        self._memory.take(part, item.nbytes)
        return item[()]

    def _matrix(self, node: NirNode, part: str, item: Any) -> Any:
        """Read a dense matrix as a sparse one, block by block."""
        sparse = require("scipy.sparse", "nir", "reading a NIR graph")
        rows, columns = item.shape
        step = max(1, _BLOCK // max(1, columns))
        blocks = []
        for first in range(0, rows, step):
            values = real_numbers(node.label, "weight", item[first : first + step])
            blocks.append(sparse.csr_array(values))
            self._memory.take(part, 12 * blocks[-1].nnz)
        return sparse.vstack(blocks, format="csr") if blocks else np.zeros(item.shape)
