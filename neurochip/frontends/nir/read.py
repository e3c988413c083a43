"""From a NIR graph to a network."""

from __future__ import annotations

import dataclasses
import math
import numbers
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...errors import FrontendError
from ...network import (
    LIF,
    Connection,
    ConstantCurrent,
    Network,
    PoissonInput,
    Population,
    from_arrays,
)
from .convention import Convention, resolve_convention, seconds_to_ms
from .graph import FlatGraph, describe, load_graph
from .linear import Shape
from .model import NirModel
from .neurons import SILENT, SPIKING, NeuronNode, read_neurons
from .paths import Arrivals, Paths, trace_paths

__all__ = ["read_nir"]

_HINT = 1e-3  # relative: files hold float32
_LONG_STEP = 20.0  # ms; graphs of spiking neurons are made for shorter steps


def read_nir(
    source: Any,
    dt: float,
    *,
    convention: Convention | str = "norse",
    kick: str | None = None,
    integration: str | None = None,
    delivery: str | None = None,
    v_reset: float | None = None,
    input_rate: float = 100.0,
) -> NirModel:
    """Read a NIR graph.

    Parameters
    ----------
    source : path or nir.NIRGraph
        A file (.nir), or a graph in memory.
    dt : float, s
        Step, in *seconds* as everything in NIR. Files do not say it; ask who made the file.
    convention : str or Convention
        How the simulator that the graph comes from makes steps of it: ``"norse"`` (the default),
        ``"snntorch"``, ``"lava"``, ``"nengo"``, ``"exact"``, or your own; files do not say that
        either.
    kick, integration, delivery : str, optional
        Parts of the :class:`Convention` to exchange.
    v_reset : float, optional
        Reset potential of neurons that store none. Such files are older than that field, and may
        have been made for neurons that *subtract* the threshold, which a chip cannot do: without
        this argument they are refused.
    input_rate : float, Hz
        Rate that the elements of an input are expected to have. The compiler leaves room for it,
        and :func:`~neurochip.draw_stimulus` draws it; a given stimulus may differ.

    Returns
    -------
    NirModel
        With the network, its step in ms, and its inputs and outputs.

    Warns
    -----
    UserWarning
        If the file was written for another dt or another convention, or dt looks like
        milliseconds.

    Raises
    ------
    FrontendError
        If the file is damaged, or the graph has something that the network cannot have; the
        message names the node and what works instead.
    MissingExtraError
        If the packages of the extra ``nir`` are not installed.

    Examples
    --------
    >>> model = read_nir("trained.nir", dt=1e-4, v_reset=0.0)  # doctest: +SKIP
    >>> image = compile_network(model.network, dt=model.dt)  # doctest: +SKIP
    """
    step, chosen = seconds_to_ms(dt), resolve_convention(convention, kick, integration, delivery)
    v_reset = _check_reset(v_reset)
    graph = load_graph(source)
    _check_metadata(graph, float(dt), chosen)
    neurons = {
        name: read_neurons(name, node, step, chosen, _reset_of(graph, name, v_reset))
        for name, node in graph.nodes.items()
        if type(node).__name__ in (*SPIKING, *SILENT) and not _passes_spikes(graph, name)
    }
    _check_step(neurons, step, chosen)
    _check_hint(graph, step)
    shapes = {**_input_shapes(graph), **{name: item.shape for name, item in neurons.items()}}
    arrivals = trace_paths(graph, shapes)
    _check_silent(graph, arrivals)
    network = _network(graph, neurons, shapes, arrivals, chosen, input_rate)
    return NirModel(
        network=network,
        dt=step,
        convention=chosen,
        inputs=tuple(item.name for item in network.spike_inputs),
        outputs=tuple(_output(graph, name, arrivals[name]) for name in graph.ends("Output")),
        shapes=shapes,
    )


def _check_reset(v_reset: float | None) -> float | None:
    if v_reset is None:
        return None
    number = isinstance(v_reset, numbers.Real) and not isinstance(v_reset, bool)
    if not number or not math.isfinite(v_reset):
        raise FrontendError(f"NIR: v_reset = {v_reset!r}; allowed: a finite number.")
    return float(v_reset)


def _reset_of(graph: FlatGraph, name: str, v_reset: float | None) -> float | None:
    """Reset to use where the node stores none."""
    if name not in graph.without_reset:
        return None
    if v_reset is None:
        raise FrontendError(
            f"{describe(name, graph.nodes[name])}: stores no v_reset. Its file is older than that "
            "field: its neurons may be set to 0 after a spike, or lowered by their threshold, "
            "which a chip cannot do. If they are set to a value, pass it as v_reset."
        )
    return v_reset


def _passes_spikes(graph: FlatGraph, name: str) -> bool:
    """Whether a node is a threshold below 1 straight after neurons, whose spikes are 0 or 1."""
    node, sources = graph.nodes[name], graph.sources[name]
    if type(node).__name__ != "Threshold" or len(sources) != 1:
        return False
    threshold = np.asarray(node.threshold)
    after_neurons = type(graph.nodes[sources[0]]).__name__ in SPIKING
    return after_neurons and bool(((threshold >= 0) & (threshold < 1)).all())


def _check_metadata(graph: FlatGraph, dt: float, convention: Convention) -> None:
    said = graph.metadata
    asked: dict[str, Any] = {"dt": dt, **dataclasses.asdict(convention)}
    for name, value in asked.items():
        given = said.get(name, value)
        same = math.isclose(given, value, rel_tol=1e-6) if name == "dt" else given == value
        if not same:
            warnings.warn(
                f"NIR: the metadata of the graph say {name} = {given!r}, and it is read with "
                f"{value!r}; its neurons will behave differently.",
                stacklevel=3,
            )


def _check_step(neurons: Mapping[str, NeuronNode], step: float, convention: Convention) -> None:
    """Look for a step in the wrong unit."""
    hint = f"dt is in seconds: {step / 1000:g} ms is dt = {step * 1e-6:g}"
    for name, item in neurons.items():
        for parameter in ("tau_m", "tau_syn"):
            tau = getattr(item.model, parameter)
            shortest = np.inf if tau is None else float(np.min(tau))
            if shortest < step * (1 - 1e-9):
                text = (
                    f"NIR: dt = {step / 1000:g} s is longer than the time constant "
                    f"{shortest / 1000:g} s of node {name!r}; {hint}."
                )
                if convention.integration == "euler":
                    raise FrontendError(f"{text} Euler's method needs a shorter dt.")
                warnings.warn(text, stacklevel=3)
                return
    if step > _LONG_STEP:
        warnings.warn(f"NIR: dt = {step / 1000:g} s is a long step; {hint}.", stacklevel=3)


def _check_hint(graph: FlatGraph, step: float) -> None:
    """Look for the dt that snnTorch leaves in a graph: r = tau_mem / dt and w_in = tau_syn / dt."""
    cubas = [node for node in graph.nodes.values() if type(node).__name__.startswith("Cuba")]
    pairs = [pair for n in cubas for pair in ((n.tau_mem, n.r), (n.tau_syn, n.w_in))]
    if not pairs:
        return
    with np.errstate(divide="ignore"):
        found = np.concatenate([np.ravel(np.divide(tau, factor)) for tau, factor in pairs]) * 1000
    same = np.allclose(found, found[0], rtol=_HINT, atol=0.0)
    if same and found[0] > 0 and not math.isclose(found[0], step, rel_tol=_HINT):
        warnings.warn(
            f"NIR: tau_mem / r and tau_syn / w_in are {found[0] / 1000:.4g} s in every node with a "
            f"current, which is how snnTorch leaves its dt in a graph; it is read with dt = "
            f"{step / 1000:g} s.",
            stacklevel=3,
        )


def _input_shapes(graph: FlatGraph) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    for name in graph.ends("Input"):
        if graph.sources[name]:
            raise FrontendError(
                f"{describe(name, graph.nodes[name])}: is fed by {graph.sources[name][0]!r}; an "
                "input of the whole graph is fed from outside. Remove the edge."
            )
        shape = graph.nodes[name].input_type["input"]
        if shape is None:
            raise FrontendError(f"{describe(name, graph.nodes[name])}: has no shape. Give it one.")
        shapes[name] = tuple(int(n) for n in np.atleast_1d(shape))
    return shapes


def _check_silent(graph: FlatGraph, arrivals: Mapping[str, Arrivals]) -> None:
    for name, arriving in arrivals.items():
        node = graph.nodes[name]
        for source in arriving.paths:
            kind = type(graph.nodes[source]).__name__
            if kind in SILENT and type(node).__name__ != "Output":
                raise FrontendError(
                    f"{describe(source, graph.nodes[source])}: its v goes to {name!r}, but neurons "
                    "of a chip send spikes and no values. Take it as an output, or replace it by a "
                    "spiking node."
                )


def _output(graph: FlatGraph, name: str, arriving: Arrivals) -> str:
    source = arriving.only_source()
    if source is None or type(graph.nodes[source]).__name__ == "Input":
        before = ", ".join(repr(item) for item in graph.sources[name])
        raise FrontendError(
            f"{describe(name, graph.nodes[name])}: is fed by {before}; allowed: the spikes (or v) "
            "of one node of neurons, as they are, since a chip puts out no sums. Put an LI before "
            "it."
        )
    return source


def _network(
    graph: FlatGraph,
    neurons: Mapping[str, NeuronNode],
    shapes: Mapping[str, Shape],
    arrivals: Mapping[str, Arrivals],
    convention: Convention,
    input_rate: float,
) -> Network:
    sizes = {name: int(np.prod(shape, dtype=np.int64)) for name, shape in shapes.items()}
    inputs = {name: PoissonInput(name, sizes[name], input_rate) for name in graph.ends("Input")}
    populations = {
        name: Population(name, sizes[name], _with_onset(item, arrivals[name]))
        for name, item in neurons.items()
    }
    members = {**inputs, **populations}
    connections = [
        _connection(members[source], populations[name], paths, neurons[name])
        for name in neurons
        for source, paths in arrivals[name].paths.items()
    ]
    currents = [
        ConstantCurrent(populations[name], arrivals[name].bias * item.current)
        for name, item in neurons.items()
        if arrivals[name].bias.any()
    ]
    return Network(
        inputs=[*inputs.values(), *currents],
        populations=list(populations.values()),
        connections=connections,
        delivery=convention.delivery,
    )


def _with_onset(node: NeuronNode, arriving: Arrivals) -> LIF:
    onset = arriving.bias * node.onset
    return dataclasses.replace(node.model, i_syn_init=onset) if onset.any() else node.model


def _connection(source: Any, target: Population, paths: Paths, node: NeuronNode) -> Connection:
    coo = paths.matrix.tocoo()
    group, pre = np.divmod(coo.col, source.size)
    delay = paths.delays[group] * 1000 if paths.delays.any() else 0.0
    weight = coo.data * node.kick[coo.row]
    return from_arrays(source, target, pre, coo.row, weight=weight, delay=delay)
