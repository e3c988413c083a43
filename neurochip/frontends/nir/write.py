"""Writes a network as a NIR graph.

NIR has no sparse node and no delays of single synapses: a connection becomes one dense matrix with
a Delay before it, or one matrix for each delay. Tensors become vectors, and all nodes between two
populations of a graph that was read become one matrix.
"""

from __future__ import annotations

import dataclasses
import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..._support.extras import require
from ..._support.npz import write_atomically
from ..._support.values import shown
from ...errors import FrontendError
from ...image import ChipImage
from ...network import Connection, Network, Population, StepCurrent
from ...network.plasticity import check_static
from ...network.plausible import units_known
from ...network.time_step import own_step
from ...recurrence import first_current
from ...typing import Float64Array
from .bias import BiasInput, bias_current, bias_onset
from .convention import Convention, seconds_to_ms
from .graph import take_node
from .model import NirModel
from .neurons import NeuronNode, read_neurons
from .registers import registers_as_network
from .rule import is_threshold, late_v_reset, rule_of_network, stored_threshold
from .timing import timing_of

__all__ = ["write_nir"]

_MOST_ENTRIES = 1 << 26  # of a matrix: 0.5 GB
_MOST_DELAYS = 64  # matrices of one connection
_SAME = 1e-9  # largest relative difference of currents that rounding causes


def write_nir(
    source: NirModel | Network,
    path: str | os.PathLike[str],
    *,
    image: ChipImage | None = None,
    dt: float | None = None,
    kick: str = "pulse",
) -> Path:
    """Write a network as a NIR graph, or what a chip makes of it, atomically.

    The metadata of the graph hold dt and the convention, for which NIR itself has no members; other
    tools may ignore them. Rates and spikes of inputs are not stored.

    Parameters
    ----------
    source : NirModel or Network
        Network to write. A NirModel is written in the convention in which it was read.
    path : path
        File to write (.nir).
    image : ChipImage, optional
        The image that was compiled from the network. The graph then has the weights, decays,
        thresholds and biases of its registers as real numbers, so that any simulator computes what
        the chip does, except that the chip rounds u and v toward zero in every step. It is written
        for Euler's method and pulses.
    dt : float, s
        Length of a step in seconds, on which the size of a kick depends. Needed for a Network
        without an image, unless it has a step of its own (``Network.dt``).
    kick : str
        For a Network without an image: the effect of a spike, as in :class:`Convention`.

    Returns
    -------
    Path
        The path written.

    Raises
    ------
    FrontendError
        If the network has a property that NIR cannot express: refractory periods, two synaptic time
        constants, initial values other than NIR's, plasticity, or a matrix that would be too large;
        or if the image is not that of the network.
    MissingExtraError
        If the packages of the extra ``nir`` are not installed.
    """
    nir = require("nir", "nir", "writing a NIR graph")
    with units_known():
        graph = _graph(nir, *_request(source, image, dt, kick))
    buffer = io.BytesIO()
    nir.write(buffer, graph)
    target = Path(path)
    write_atomically(target, lambda file: file.write(buffer.getvalue()))
    return target


def _request(
    source: NirModel | Network, image: ChipImage | None, dt: float | None, kick: str
) -> tuple[Network, float, Convention, tuple[str, ...]]:
    network = source.network if isinstance(source, NirModel) else source
    if isinstance(network, Network):
        check_static("NIR", network.connections, "which NIR has no members for", FrontendError)
    if image is None:
        return _as_it_is(source, dt, kick)
    if not isinstance(image, ChipImage) or image.symbols is None:
        raise FrontendError(
            f"NIR: image = {shown(image)}; allowed: the ChipImage that was compiled from the "
            "network, with its symbols."
        )
    step = image.symbols.dt
    if isinstance(source, Network):
        outputs, layers = _ends(source), "next_step"
    else:
        source, own, convention, outputs = _as_it_is(source, dt, kick)
        layers = convention.layers
        if own != step:
            raise FrontendError(
                f"NIR: the graph was read for steps of {own:g} ms, and the image has steps of "
                f"{step:g} ms; pass the image that was compiled with dt = {own:g}."
            )
    network, convention = registers_as_network(source, image, layers)
    return network, step, convention, outputs


def _as_it_is(
    source: NirModel | Network, dt: float | None, kick: str
) -> tuple[Network, float, Convention, tuple[str, ...]]:
    if isinstance(source, NirModel):
        if dt is not None and seconds_to_ms(dt) != source.dt:
            raise FrontendError(
                f"NIR: dt = {dt!r} s, but the graph was read for {source.dt / 1000:g} s; omit dt."
            )
        return source.network, source.dt, source.convention, source.outputs
    if not isinstance(source, Network):
        raise FrontendError(f"NIR: source = {shown(source)}; allowed: a NirModel or a Network.")
    if dt is None and source.dt is None:
        raise FrontendError("NIR: dt is missing; pass the step in seconds, such as dt=1e-4.")
    asked = None if dt is None else seconds_to_ms(dt)
    step = own_step("NIR", source, asked, FrontendError)
    methods = {
        item.model.integration for item in source.populations if not is_threshold(item, step)
    } or {"euler"}
    if len(methods) > 1:
        raise FrontendError(
            f"NIR: populations are integrated by {', '.join(sorted(methods))}; allowed: one "
            "method, since a graph is read with one method for all."
        )
    convention = Convention(
        kick=kick, integration=methods.pop(), delivery=source.delivery, layers="next_step"
    )
    return source, step, convention, _ends(source)


def _ends(network: Network) -> tuple[str, ...]:
    """Return the populations that feed no other, or all if there are none."""
    feeding = {c.source.name for c in network.connections if c.source is not c.target}
    outputs = [item.name for item in network.populations if item.name not in feeding]
    return tuple(outputs or [item.name for item in network.populations])


def _graph(
    nir: Any, network: Network, dt: float, convention: Convention, outputs: tuple[str, ...]
) -> Any:
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []

    def add(name: str, node: Any, *after: str) -> str:
        # A slash would open a group within the file.
        name = name.replace("/", "_")
        while name in nodes:
            name += "'"
        nodes[name] = node
        edges.extend((before, name) for before in after)
        return name

    names = {
        item.name: add(item.name, nir.Input({"input": np.array([item.size])}))
        for item in network.spike_inputs
    }
    # A graph needs a connected input, even if all weights are zero.
    entrance = next(iter(names.values()), "") or add("input", nir.Input({"input": np.array([1])}))
    width = int(nodes[entrance].input_type["input"][0])
    cut_off = not any(c.n_synapses for c in network.connections if c.source.name in names)
    for item in network.populations:
        names[item.name] = add(item.name, _neurons(nir, network, item, dt))
    timing = timing_of(network)
    waits, rule = convention.layers == "same_step", rule_of_network(network, dt)
    for item in network.populations:
        target, depth = names[item.name], timing.depths[item.name] if waits else 0
        if item.model.bounded and rule.v_min is None:
            nodes[target].metadata["v_min"] = item.parameter("v_min").copy()
        if isinstance(rule.delayed, frozenset) and item.name in rule.delayed:
            nodes[target].metadata["reset_delay"] = "True"
            if rule.reset != "value":
                nodes[target].v_reset = late_v_reset(item, dt)
        means = read_neurons(take_node(target, nodes[target]), (item.size,), dt, convention, rule)
        bias: Float64Array | None = _bias(network, item, means, depth, dt)
        for connection in network.connections:
            if connection.target is not item:
                continue
            extra = timing.extra[connection.source.name, item.name] * dt if waits else 0.0
            for delay, weights in _matrices(connection, means.kick, extra):
                before = names[connection.source.name]
                if delay.any():
                    before = add(f"{connection.name} delay", nir.Delay(delay / 1000), before)
                edges.append((add(connection.name, _dense(nir, weights, bias), before), target))
                bias = None
        if bias is not None or cut_off:
            dense = _dense(nir, np.zeros((item.size, width)), bias)
            edges.append((add(f"bias of {item.name}", dense, entrance), target))
            cut_off = False
    for index, name in enumerate(outputs):
        size = network.population(name).size
        label = "output" if len(outputs) == 1 else f"output {index}"
        add(label, nir.Output({"output": np.array([size])}), names[name])
    metadata = {"dt": dt / 1000, **dataclasses.asdict(convention), **rule.as_text()}
    return nir.NIRGraph(nodes, edges, metadata)


def _dense(nir: Any, weights: Float64Array, bias: Float64Array | None) -> Any:
    return nir.Linear(weights) if bias is None or not bias.any() else nir.Affine(weights, bias)


def _neurons(nir: Any, network: Network, population: Population, dt: float) -> Any:
    label, model, get = (
        f"NIR: population {population.name!r}",
        population.model,
        population.parameter,
    )
    if model.two_currents:
        raise FrontendError(
            f"{label}: has two synaptic time constants, but a NIR node has one. Give it one "
            "tau_syn."
        )
    if population.name in network.kicked:
        raise FrontendError(
            f"{label}: has a synaptic current and connections with receptor = 'v', but a NIR node "
            "has one receptor. Let all of them drive the current."
        )
    if not np.array_equal(get("v_init"), get("v_rest") if model.leaky else 0 * get("v_rest")):
        wanted = "v_rest" if model.leaky else "0"
        raise FrontendError(
            f"{label}: v_init = {get('v_init')[0]:g} mV, but neurons of NIR begin at {wanted}. Set "
            f"it to that."
        )
    if is_threshold(population, dt) and model.spiking:
        return nir.Threshold(get("v_thresh").copy())
    parameters = {"r": get("tau_m") / get("cm") if model.leaky else 1 / get("cm")}
    if model.leaky:
        tau = "tau" if model.delta_synapses else "tau_mem"
        parameters |= {tau: get("tau_m") / 1000, "v_leak": get("v_rest").copy()}
    if model.spiking:
        stored = stored_threshold(model)
        for name, values in zip(("v_threshold", "v_reset"), stored, strict=True):
            parameters[name] = np.broadcast_to(values, population.size).copy()
    if not model.delta_synapses:
        if not model.leaky:
            raise FrontendError(
                f"{label}: has a synaptic current and no leak, but NIR's IF has no current. Give "
                "it a tau_m, or delta synapses."
            )
        parameters |= {"tau_syn": get("tau_syn_E") / 1000, "w_in": np.ones(population.size)}
        return (nir.CubaLIF if model.spiking else nir.CubaLI)(**parameters)
    if model.leaky:
        return (nir.LIF if model.spiking else nir.LI)(**parameters)
    return (nir.IF if model.spiking else nir.I)(**parameters)


def _bias(
    network: Network, population: Population, means: NeuronNode, depth: int, dt: float
) -> Float64Array:
    """Return the bias of each neuron; refuse currents that a bias does not make."""
    currents = network.step_currents(population)
    total = network.constant_current(population) + sum(item.amplitudes[-1] for item in currents)
    bias: Float64Array = total / means.current
    made = bias_current(population, means, bias, depth, dt)
    if currents and not (len(currents) == 1 and _same_current(made, currents[0])):
        raise FrontendError(
            f"NIR: population {population.name!r}: a current into it changes in steps, but NIR has "
            "constant currents only. Remove the StepCurrent, or give a ConstantCurrent."
        )
    if isinstance(made, StepCurrent) and not currents and bias.any():
        raise FrontendError(
            f"NIR: population {population.name!r}: its constant current acts from the beginning, "
            f"but the bias of a graph begins {depth} steps later here, with layers = 'same_step'. "
            "Pass layers='next_step', or give a StepCurrent that begins then."
        )
    start, onset = first_current(population, "tau_syn"), bias_onset(means, bias, depth)
    if not np.allclose(start, onset, rtol=_SAME, atol=0.0):
        raise FrontendError(
            f"NIR: population {population.name!r}: i_syn_init = {start[0]:g} nA, but with its "
            f"constant current a neuron of NIR begins with {onset[0]:g} nA. Set it to that."
        )
    return bias


def _same_current(made: BiasInput, found: StepCurrent) -> bool:
    return (
        isinstance(made, StepCurrent)
        and np.allclose(made.times, found.times)
        and np.allclose(made.amplitudes, found.amplitudes, rtol=_SAME, atol=0.0)
    )


def _matrices(
    connection: Connection, kick: Float64Array, extra: float
) -> list[tuple[Float64Array, Float64Array]]:
    """Return pairs of the delay of each source (ms) and a dense matrix, as few as possible.

    ``extra`` (ms) is the part of each delay that reading the graph adds again.
    """
    size = (connection.target.size, connection.source.size)
    if size[0] * size[1] > _MOST_ENTRIES:
        raise FrontendError(
            f"NIR: connection {connection.name!r}: would be a dense matrix of {size[0]} x "
            f"{size[1]}, since NIR has no sparse one; allowed: {_MOST_ENTRIES} entries. Split the "
            "population."
        )
    pre, post = connection.pre, connection.post
    weight = np.broadcast_to(connection.weight, post.shape) / kick[post]
    delay = np.broadcast_to(connection.delay, post.shape) - extra
    delay = np.where(abs(delay) < _SAME * extra, 0.0, delay)
    if delay.min(initial=0.0) < 0:
        raise FrontendError(
            f"NIR: connection {connection.name!r}: has a delay of {delay.min() + extra:g} ms, but "
            f"it skips layers and is read with {extra:g} ms more than is stored, with layers = "
            "'same_step'. Lengthen it, or pass layers='next_step'."
        )
    of_source = np.zeros(size[1])
    of_source[pre] = delay
    if np.array_equal(of_source[pre], delay):
        return [(of_source, _matrix(size, pre, post, weight))]
    distinct = np.unique(delay)
    if len(distinct) * size[0] * size[1] > _MOST_ENTRIES or len(distinct) > _MOST_DELAYS:
        raise FrontendError(
            f"NIR: connection {connection.name!r}: has {len(distinct)} different delays, each of "
            f"which would be a matrix, since NIR delays whole channels; allowed: {_MOST_DELAYS} "
            "delays. Round them."
        )
    parts = []
    for value in distinct:
        chosen = delay == value
        matrix = _matrix(size, pre[chosen], post[chosen], weight[chosen])
        parts.append((np.full(size[1], value), matrix))
    return parts


def _matrix(size: tuple[int, int], pre: Any, post: Any, weight: Float64Array) -> Float64Array:
    matrix = np.zeros(size)
    np.add.at(matrix, (post, pre), weight)
    return matrix
