"""Describe a NIR graph node by node, also one that cannot be read."""

from __future__ import annotations

import contextlib
import functools
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..._support.brief import line
from ..._support.text import aligned, counted
from ...errors import FrontendError
from ...network.plausible import units_known
from .convention import RESETS, Convention, resolve_convention, seconds_to_ms
from .graph import FlatGraph, load_graph
from .hints import snntorch_step, stored_text
from .neurons import SILENT, SPIKING, own_shape, read_neurons
from .node import RESETTING, NirNode, Shape
from .paths import trace_paths
from .read import check_silent, output_of, passes_spikes
from .reset import asks_for_reset, find_reset
from .rule import ResetRule
from .shapes import input_shape, spread_shapes
from .timing import find_timing

__all__ = ["HEADINGS", "NirDescription", "NodeRow", "cells_of", "inspect_nir"]

HEADINGS = ("node", "kind", "shape", "values", "synapses", "verdict")
_MOST = 3  # names that a text lists
_SMALL_STEP = 1e-9  # ms: any time constant is longer, so the check of nodes needs no dt


@dataclass(frozen=True)
class NodeRow:
    """Says all that is known of a node.

    Parameters
    ----------
    name, kind : str
        Path of the node in the graph, and its kind in NIR.
    shape : tuple of int or None
        Shape of what it sends out; None if it is unknown.
    n_neurons, n_values : int
        Neurons that the node becomes, and numbers that it stores.
    n_synapses : int
        Synapses onto its neurons; 0 for nodes without neurons, or if the graph cannot be read.
    verdict : str
        ``"runs"``, ``"approximated"`` or ``"cannot"``.
    note : str
        What becomes of it, and why.
    resets : tuple of str
        Values of ``reset`` that the stored node allows; empty for nodes without a reset.
    """

    name: str
    kind: str
    shape: Shape | None
    n_neurons: int
    n_values: int
    n_synapses: int
    verdict: str
    note: str = ""
    resets: tuple[str, ...] = ()


@dataclass(frozen=True)
class NirDescription:
    """A NIR graph, node by node; ``str()`` of it is a table.

    Parameters
    ----------
    source : str
        Path of the file, or what the graph is.
    rows : tuple of NodeRow
        One for each node, in the order of the graph.
    settings : dict of str to str
        Arguments of :func:`read_nir` that the graph leaves open, and what they mean here.
    problem : str
        Why the graph as a whole cannot be read; empty if it can.
    """

    source: str
    rows: tuple[NodeRow, ...]
    settings: Mapping[str, str]
    problem: str = ""

    @property
    def runs(self) -> bool:
        """Tell whether a network can be made of the graph, perhaps with approximations."""
        return not self.problem

    @property
    def n_neurons(self) -> int:
        """Number of neurons of all nodes whose shape is known."""
        return sum(row.n_neurons for row in self.rows)

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return sum(row.n_synapses for row in self.rows)

    def __str__(self) -> str:
        lines = aligned([HEADINGS, *map(cells_of, self.rows)], left=(0, 1, 2, 5))
        for at, row in reversed(list(enumerate(self.rows, start=1))):
            if row.note:
                lines.insert(at + 1, f"    {row.note}")
        asks = not self.problem and self.settings
        lines.append(
            f"{counted(len(self.rows), 'node')}, {self.n_neurons:,} neurons, "
            f"{self.n_synapses:,} synapses; {self.verdict}{'. To be stated:' if asks else ''}"
        )
        lines += [f"  {name}: {text}" for name, text in self.settings.items()]
        return "\n".join(lines)

    @property
    def verdict(self) -> str:
        """The answer in a few words."""
        if self.problem:
            return f"cannot run: {self.problem}"
        about = sum(row.verdict == "approximated" for row in self.rows)
        return f"runs, with {counted(about, 'node')} approximated" if about else "runs"

    def __repr__(self) -> str:
        return line(self, repr(self.source), counted(len(self.rows), "node"), self.verdict)


def cells_of(row: NodeRow) -> tuple[str, ...]:
    """Return a row of the table of nodes, in the order of ``HEADINGS``."""
    shape = "-" if row.shape is None else " x ".join(map(str, row.shape))
    synapses = f"{row.n_synapses:,}" if row.n_synapses else ""
    values = f"{row.n_values:,}" if row.n_values else ""
    return row.name, row.kind, shape, values, synapses, row.verdict


def inspect_nir(
    source: Any, dt: float | None = None, *, convention: Convention | str | None = None
) -> NirDescription:
    """Describe a NIR graph without building it: each node, and what cannot be read.

    Parameters
    ----------
    source : path or nir.NIRGraph
        A file (.nir), or a graph in memory.
    dt : float, s, optional
        Length of a step in seconds, for which delays and time constants are checked, too.
    convention : str or Convention, optional
        As for :func:`read_nir`.

    Raises
    ------
    FrontendError
        If the file as a whole cannot be read: damaged, links to other files, or no NIR graph.
    MissingExtraError
        If the packages of the extra ``nir`` are not installed.
    """
    step = None if dt is None else seconds_to_ms(dt)
    problems: dict[str, str] = {}
    graph = load_graph(source, problems)
    stored = stored_text(graph, Convention.__dataclass_fields__)
    chosen = resolve_convention(convention, stored=stored)
    found = _Inspection(graph, problems, step, chosen)
    path = os.fspath(source) if isinstance(source, (str, os.PathLike)) else "nir.NIRGraph"
    settings = _settings(_sound(graph, problems), convention is None and not stored)
    return NirDescription(str(path), tuple(found.rows()), settings, found.problem)


def _settings(graph: FlatGraph, guessed: bool) -> dict[str, str]:
    """Return the arguments that a graph, of which all nodes can be read, leaves open."""
    found, step = {}, snntorch_step(graph)
    if "dt" not in graph.metadata[""]:
        found["dt"] = "the step of the simulator that wrote it, in seconds; graphs store none"
        if step is not None:
            found["dt"] += f". Its parameters hint at snnTorch with dt={step:.4g}"
    if guessed:
        found["convention"] = "the simulator that wrote it; 'norse' (and snnTorch) if not given"
    try:
        find_reset(graph, {})
    except FrontendError:
        asking = [repr(name) for name, node in graph.nodes.items() if asks_for_reset(node)]
        names = ", ".join(asking[:_MOST]) + (", ..." if len(asking) > _MOST else "")
        found["reset"] = (
            "whether a spike sets v to 0 ('value'), or subtracts the threshold ('subtract', on "
            f"chips with programmable neurons); {names} cannot say it"
        )
        if step is not None:
            found["reset_delay"] = (
                "True if snnTorch's neurons have reset_delay=True, its default; without it, its "
                "subtraction is reset='subtract_and_raise'"
            )
    return found


def _sound(graph: FlatGraph, problems: Mapping[str, str]) -> FlatGraph:
    """Return the graph without the nodes that cannot be read."""
    nodes = {name: node for name, node in graph.nodes.items() if name not in problems}
    return FlatGraph(nodes, graph.sources, graph.outside, graph.metadata)


@dataclass(eq=False)
class _Inspection:
    """Checks a graph node by node, then as a whole."""

    graph: FlatGraph
    problems: dict[str, str]
    step: float | None
    convention: Convention
    problem: str = ""
    shapes: dict[str, Shape] = field(default_factory=dict)
    synapses: dict[str, int] = field(default_factory=dict)
    late: dict[tuple[str, str], int] = field(default_factory=dict)
    passing: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for name, node in self.graph.nodes.items():
            if name not in self.problems:
                with self._noting(node):
                    if passes_spikes(self.graph, name):
                        self.passing.add(name)
        self._find_shapes()
        for name in self.neurons:
            if name in self.shapes:
                with self._noting(self.graph.nodes[name]):
                    self._check_neurons(self.graph.nodes[name])
        if self.problems:
            first = next(name for name in self._order() if name in self.problems)
            self.problem = f"{first!r} {self.problems[first].rstrip('.')}"
        else:
            self._check_whole()

    @property
    def neurons(self) -> list[str]:
        """Nodes that become populations, and can be read."""
        return [
            name
            for name, node in self.graph.nodes.items()
            if node.kind in (*SPIKING, *SILENT)
            and name not in self.passing
            and name not in self.problems
        ]

    @contextlib.contextmanager
    def _noting(self, node: NirNode) -> Iterator[None]:
        """Note what is wrong with a node in a block."""
        try:
            yield
        except FrontendError as problem:
            self.problems[node.name] = str(problem).removeprefix(f"{node.label}: ")

    def _find_shapes(self) -> None:
        for name in self.graph.ends("Input"):
            if name not in self.problems:
                with self._noting(self.graph.nodes[name]):
                    self.shapes[name] = input_shape(self.graph, name)
        neurons = set(self.neurons)
        for name in neurons:
            with self._noting(self.graph.nodes[name]):
                shape = own_shape(self.graph.nodes[name])
                if shape is not None:
                    self.shapes[name] = shape
        spread_shapes(self.graph, self.shapes, neurons.__contains__, self.problems)
        for name in self._order():
            if name not in self.shapes and name not in self.problems:
                unread = [repr(s) for s in self.graph.sources[name] if s not in self.shapes]
                self.problems[name] = (
                    f"gets a tensor of unknown shape, since {', '.join(unread)} cannot be read."
                    if unread
                    else "is fed by nothing. Connect it or remove it."
                )

    def _check_neurons(self, node: NirNode) -> None:
        step = _SMALL_STEP if self.step is None else self.step
        with units_known():
            read_neurons(node, self.shapes[node.name], step, self.convention, ResetRule())

    def _check_whole(self) -> None:
        """Check what concerns several nodes: loops, sizes, read-outs that feed neurons, outputs."""
        ends = [*self.graph.ends("Input"), *self.neurons]
        try:
            arrivals = trace_paths(self.graph, {name: self.shapes[name] for name in ends})
            check_silent(self.graph, arrivals)
            for name in self.graph.ends("Output"):
                output_of(self.graph, name, arrivals[name])
        except FrontendError as problem:
            text = str(problem)
            for node in self.graph.nodes.values():
                if text.startswith(f"{node.label}: "):
                    self.problems[node.name] = text.removeprefix(f"{node.label}: ")
            self.problem = text.removeprefix("NIR: ").rstrip(".")
            return
        feeds = {name: arrivals[name].paths for name in self.neurons}
        self.synapses = {
            name: sum(paths.matrix.nnz for paths in found.values()) for name, found in feeds.items()
        }
        self.late = dict(find_timing(feeds).late)

    def _order(self) -> list[str]:
        """Return all nodes as the spikes of the inputs reach them, then those not reached."""
        found = dict.fromkeys(self.graph.ends("Input"))
        front = list(found)
        while front:
            front = [
                name
                for name, sources in self.graph.sources.items()
                if name not in found and not set(sources).isdisjoint(front)
            ]
            found.update(dict.fromkeys(front))
        return list({**found, **dict.fromkeys(self.graph.nodes)})

    def rows(self) -> list[NodeRow]:
        """Return a row for each node."""
        neurons = set(self.neurons)
        return [self._row(self.graph.nodes[name], name in neurons) for name in self._order()]

    def _row(self, node: NirNode, is_neuron: bool) -> NodeRow:
        name = node.name
        values = sum(_size(value) for value in node.members.values())
        shape = None if name in self.problems else self.shapes.get(name)
        neurons = math.prod(shape) if shape is not None and is_neuron else 0
        synapses = self.synapses.get(name, 0)
        row = NodeRow(name, node.kind, shape, neurons, values, synapses, "runs")
        if name in self.problems:
            return replace(row, verdict="cannot", note=self.problems[name])
        verdict, notes = "runs", self._notes(node)
        for (source, target), steps in self.late.items():
            if target == name and self.convention.layers == "same_step":
                verdict = "approximated"
                notes.append(
                    f"spikes of {source!r}, a later layer, reach it {counted(steps, 'step')} later "
                    "than in a simulator that passes spikes through all layers at once"
                )
        if node.kind == "Delay" and self.step is not None:
            in_steps = node.numbers("delay") * 1000 / self.step
            if not np.allclose(in_steps, np.rint(in_steps), rtol=0.0, atol=1e-3):
                verdict = "approximated"
                notes.append(f"delays are rounded to steps of {self.step:g} ms")
        resets: tuple[str, ...] = ()
        if node.kind in RESETTING:
            resets = ("value", "subtract") if asks_for_reset(node) else ("value",)
            if self._said is not None:
                resets = (self._said.reset,)
        return replace(row, verdict=verdict, note="; ".join(notes), resets=resets)

    @functools.cached_property
    def _said(self) -> ResetRule | None:
        """Return the reset that the metadata name, as those of write_nir do; otherwise None."""
        if "reset" not in stored_text(self.graph, RESETS):
            return None
        with contextlib.suppress(FrontendError):  # which reading the graph raises
            return find_reset(_sound(self.graph, self.problems), {})
        return None

    def _notes(self, node: NirNode) -> list[str]:
        if node.name in self.passing:
            return ["passes spikes on, which are 0 or 1"]
        if node.kind == "Threshold":
            return ["neurons without memory, which compare the input of one step"]
        if node.kind in SILENT:
            return ["never spikes; its v is an output"]
        if node.kind not in RESETTING:
            return []
        rule = self._said or (None if asks_for_reset(node) else ResetRule())
        if rule is not None:
            return [rule.of_node(node.name).in_words()]
        stored = "a v_reset of 0" if node.members["v_reset"] is not None else "no v_reset"
        return [f"stores {stored}; possible resets: value, subtract"]


def _size(value: Any) -> int:
    """Return the number of real numbers of a member, which may be a sparse matrix."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return math.prod(value.shape) if kind == "f" else 0
