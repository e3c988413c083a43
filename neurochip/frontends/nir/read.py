"""Reads a NIR graph as a network."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import FrontendError, NetworkError
from ...network import LIF, Connection, Network, PoissonInput, Population, from_arrays
from ...network.kernel import ConvolutionShape
from ...network.plausible import units_known
from .bias import BiasInput, bias_current, bias_onset, check_bias
from .convention import Convention, resolve_convention, seconds_to_ms
from .graph import FlatGraph, load_graph
from .hints import check_hint, check_metadata, check_step, stored_text
from .linear import convolution_shape
from .model import NirModel
from .neurons import SILENT, SPIKING, NeuronNode, read_neurons
from .node import NirNode, Shape, size_of
from .paths import Arrivals, Paths, trace_paths
from .reset import check_reset, find_reset
from .shapes import find_shapes
from .timing import Timing, find_timing

__all__ = ["check_silent", "output_of", "passes_spikes", "read_nir"]


def read_nir(
    source: Any,
    dt: float,
    *,
    convention: Convention | str | None = None,
    kick: str | None = None,
    integration: str | None = None,
    delivery: str | None = None,
    layers: str | None = None,
    reset: str | None = None,
    v_reset: float | None = None,
    reset_delay: bool | Mapping[str, bool] | None = None,
    spikes_per_step: str | None = None,
    v_min: float | str | None = None,
    input_rate: float = 100.0,
) -> NirModel:
    """Read a NIR graph.

    Parameters
    ----------
    source : path or nir.NIRGraph
        A file (.nir), or a graph in memory.
    dt : float, s
        Length of a step in *seconds*, like all times in NIR. Files do not store it; ask the author
        of the file.
    convention : str or Convention, optional
        Convention of the simulator that the graph comes from: ``"norse"``, ``"snntorch"``,
        ``"sinabs"``, ``"lava"``, ``"nengo"``, ``"exact"``, or your own. Files do not store it
        either, except those of :func:`write_nir`. Default: what the file says, else ``"norse"``.
    kick, integration, delivery, layers : str, optional
        Parts of the :class:`Convention` to replace.
    reset : str, optional
        ``"value"``: a spike sets v to ``v_reset``. ``"subtract"``: it subtracts the threshold from
        v (``v_threshold - v_reset``), which needs a chip with programmable neurons.
        ``"subtract_and_raise"``: it does, and a v that ends a step above its threshold raises the
        threshold of the next step by as much (snnTorch's ``reset_delay=False``). Needed if
        ``v_reset`` is 0 or not stored, because graphs of both kinds look the same. Graphs that
        :func:`write_nir` wrote store the reset, and all below, in their metadata.
    v_reset : float, optional
        Reset potential of neurons that store none, by default 0. Implies ``reset="value"``.
    reset_delay : bool or dict of str to bool, optional
        Whether the reset acts in the step after the spike (snnTorch's ``reset_delay``): a threshold
        is then subtracted from v as it is one step later, and a reset to a value discards the input
        of that step. A dict says it for single nodes by name; with ``"subtract_and_raise"``, the
        others raise their thresholds. Default: False.
    spikes_per_step : str, optional
        ``"one"`` (the default), or ``"many"`` as in sinabs: a neuron emits as many spikes in a step
        as its v holds thresholds. Implies ``reset="subtract"``.
    v_min : float or str, optional
        Lowest v of all neurons that spike, or ``"-v_threshold"`` for that of each neuron (sinabs
        sets this on IF nodes that it reads). Default: no bound.
    input_rate : float, Hz
        Expected rate of the elements of an input. The compiler reserves range for it, and
        :func:`~neurochip.draw_stimulus` draws it; a given stimulus may have another rate.

    Returns
    -------
    NirModel
        The network, its step in ms, and its inputs and outputs.

    Warns
    -----
    UserWarning
        If the file was written for another dt or another convention, or dt looks like
        milliseconds.

    Raises
    ------
    FrontendError
        If the file is damaged, or the graph has a property that a network cannot have; the message
        names the node and an alternative.
    MissingExtraError
        If the packages of the extra ``nir`` are not installed.

    Examples
    --------
    >>> model = read_nir("trained.nir", dt=1e-4, v_reset=0.0)  # doctest: +SKIP
    >>> image = compile_network(model.network)  # in steps of dt  # doctest: +SKIP
    """
    step = seconds_to_ms(dt)
    parts = (kick, integration, delivery, layers)
    chosen = resolve_convention(convention, *parts)
    given = check_reset(
        {
            "reset": reset,
            "v_reset": v_reset,
            "reset_delay": reset_delay,
            "spikes_per_step": spikes_per_step,
            "v_min": v_min,
        }
    )
    graph = load_graph(source)
    if convention is None:
        stored = stored_text(graph, Convention.__dataclass_fields__)
        chosen = resolve_convention(None, *parts, stored=stored)
    rule = find_reset(graph, given)
    check_metadata(graph, step / 1000, chosen, rule.as_text())
    names = [
        name
        for name, node in graph.nodes.items()
        if node.kind in (*SPIKING, *SILENT) and not passes_spikes(graph, name)
    ]
    shapes = find_shapes(graph, names)
    with units_known():
        neurons = {
            name: read_neurons(graph.nodes[name], shapes[name], step, chosen, rule)
            for name in names
        }
    check_step(neurons, step, chosen)
    check_hint(graph, step / 1000)
    arrivals = trace_paths(graph, shapes)
    check_silent(graph, arrivals)
    timing = find_timing({name: arrivals[name].paths for name in names})
    # Layers in their order, which a file with its nodes by name does not have.
    neurons = {name: neurons[name] for name in sorted(names, key=timing.depths.__getitem__)}
    try:
        # The network refuses inf and nan.
        with np.errstate(over="ignore", invalid="ignore"), units_known():
            building = _Building(graph, neurons, arrivals, timing, shapes, chosen, step)
            network = building.network(input_rate)
    except NetworkError as problem:
        raise FrontendError(f"NIR: {problem}") from None
    return NirModel(
        network=network,
        dt=step,
        convention=chosen,
        inputs=tuple(item.name for item in network.spike_inputs),
        outputs=tuple(output_of(graph, name, arrivals[name]) for name in graph.ends("Output")),
        shapes=shapes,
        depths=timing.depths,
    )


def passes_spikes(graph: FlatGraph, name: str) -> bool:
    """Return whether a node is a Threshold below 1 directly after neurons (spikes are 0 or 1)."""
    node, sources = graph.nodes[name], graph.sources[name]
    if node.kind != "Threshold" or len(sources) != 1:
        return False
    threshold = node.numbers("threshold")
    after_neurons = graph.nodes[sources[0]].kind in SPIKING
    return after_neurons and bool(((threshold >= 0) & (threshold < 1)).all())


def check_silent(graph: FlatGraph, arrivals: Mapping[str, Arrivals]) -> None:
    """Raise a FrontendError if neurons that never spike feed others."""
    for name, arriving in arrivals.items():
        node = graph.nodes[name]
        for source in arriving.paths:
            if graph.nodes[source].kind in SILENT and node.kind != "Output":
                raise FrontendError(
                    f"{graph.nodes[source].label}: its v goes to {name!r}, but neurons "
                    "of a chip send only spikes. Make it an output, or replace it by a spiking "
                    "node."
                )


def output_of(graph: FlatGraph, name: str, arriving: Arrivals) -> str:
    """Return the only node of neurons that feeds an output, unchanged.

    Raises
    ------
    FrontendError
        If there is none.
    """
    source = arriving.only_source()
    if source is None or graph.nodes[source].kind == "Input":
        before = ", ".join(repr(item) for item in graph.sources[name])
        raise FrontendError(
            f"{graph.nodes[name].label}: is fed by {before}; allowed: the spikes (or v) "
            "of one node of neurons, unchanged, since a chip outputs no sums. Put an LI before it."
        )
    return source


@dataclass(frozen=True, eq=False)
class _Building:
    """Holds all that the parts of a network are made from."""

    graph: FlatGraph
    neurons: Mapping[str, NeuronNode]
    arrivals: Mapping[str, Arrivals]
    timing: Timing
    shapes: Mapping[str, Shape]
    convention: Convention
    dt: float

    def network(self, input_rate: float) -> Network:
        """Return the network."""
        nodes = self.graph.nodes
        sizes = {name: size_of(nodes[name].label, shape) for name, shape in self.shapes.items()}
        inputs = {
            name: PoissonInput(name, sizes[name], input_rate) for name in self.graph.ends("Input")
        }
        populations = {
            name: Population(name, sizes[name], self._model(name)) for name in self.neurons
        }
        members = {**inputs, **populations}
        return Network(
            inputs=[*inputs.values(), *self._currents(populations)],
            populations=list(populations.values()),
            connections=[
                self._connection(members[source], populations[name], paths)
                for name in self.neurons
                for source, paths in self.arrivals[name].paths.items()
            ],
            delivery=self.convention.delivery,
            dt=self.dt,
        )

    def _begin(self, name: str) -> int:
        """Return the step in which a layer begins."""
        return self.timing.depths[name] if self.convention.layers == "same_step" else 0

    def _model(self, name: str) -> LIF:
        node, bias = self.neurons[name], self.arrivals[name].bias
        if not bias.any():
            return node.model
        check_bias(self.graph.nodes[name].label, node, self._begin(name))
        onset = bias_onset(node, bias, self._begin(name))
        return dataclasses.replace(node.model, i_syn_init=onset) if onset.any() else node.model

    def _currents(self, populations: Mapping[str, Population]) -> list[BiasInput]:
        return [
            bias_current(
                populations[name], node, self.arrivals[name].bias, self._begin(name), self.dt
            )
            for name, node in self.neurons.items()
            if self.arrivals[name].bias.any()
        ]

    def _connection(self, source: Any, target: Population, paths: Paths) -> Connection:
        coo = paths.matrix.tocoo()
        delay: Any = paths.delays[coo.col] * 1000 if paths.delays.any() else 0.0
        if self.convention.layers == "same_step":
            delay = delay + self.timing.extra[source.name, target.name] * self.dt
        weight = coo.data * self.neurons[target.name].kick[coo.row]
        pre, post = paths.elements[coo.col], coo.row
        found = from_arrays(source, target, pre, post, weight=weight, delay=delay)
        shape = self._convolution(source.name, target.name)
        return found if shape is None else dataclasses.replace(found, convolution=shape)

    def _convolution(self, source: str, target: str) -> ConvolutionShape | None:
        """Return the shape of the convolution that alone connects two nodes, or None."""
        nodes: list[NirNode] = []
        before = self.graph.sources[target]
        while before != [source]:
            if len(before) != 1 or before[0] in self.shapes:
                return None
            nodes.insert(0, self.graph.nodes[before[0]])
            before = self.graph.sources[before[0]]
        found = convolution_shape(nodes, self.shapes[source]) if nodes else None
        n_targets = size_of(target, self.shapes[target])
        return found if found is not None and found.n_targets == n_targets else None
