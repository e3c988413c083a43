"""A compiled network as real numbers again: what its registers and weights mean to a simulator.

One step of the chip is ``u = keep_u u + W``, ``v = keep_v v + u + bias``, then the threshold. That
is forward Euler's method of NIR's equations with a pulse for each spike. What is left out is the
rounding of u and v toward zero in every step, and the part of the bias that makes up for it; on
chips that shift sums of weights, also the rounding of these.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ...errors import FrontendError, ImageError
from ...image import ChipImage, PopulationSymbol
from ...image.neurons import DecodedNeurons, decode_neurons
from ...image.weights import decode_connections
from ...network import LIF, Connection, Network, Population
from ...typing import Float64Array
from .bias import bias_current, bias_onset
from .convention import Convention
from .neurons import NeuronNode
from .timing import timing_of

__all__ = ["registers_as_network"]

_ENDLESS = 1e12  # steps: tau_m of a neuron that keeps all of v, beside neurons that do not
_LEFT = 4.0  # LSB that registers of the first step may differ by from the bias that they belong to
_MOVED = 0.01  # of the largest bias of a population, by which a gain may move the others


def registers_as_network(
    network: Network, image: ChipImage, layers: str
) -> tuple[Network, Convention]:
    """Return the network that the registers of an image describe, and its convention.

    Parameters
    ----------
    network : Network
        The network that the image was compiled from: its names, and what an image does not hold,
        such as the current into a layer that begins later.
    image : ChipImage
        The compiled network, with symbols.
    layers : str
        Part of the :class:`Convention` in which the network was read.

    Raises
    ------
    FrontendError
        If the image is not that of the network, or holds what a NIR graph cannot: two receptors of
        a neuron, or a current without a leak.
    """
    symbols = image.symbols
    if symbols is None:
        raise FrontendError("NIR: this image has no symbols; use the image as compiled.")
    try:
        decoded = decode_connections(network, image)
    except ImageError as problem:
        text = str(problem).removeprefix("image: ")
        raise FrontendError(f"NIR: {text}") from None
    early = symbols.input_lead > 0
    convention = Convention(delivery="before_threshold" if early else "next_step", layers=layers)
    timing = timing_of(network)
    units = {item.name: item for item in symbols.populations}
    populations: dict[str, Population] = {}
    nodes: dict[str, NeuronNode] = {}
    currents: list[Any] = []
    for item in network.populations:
        if len(units[item.name].receptors) > 1:
            raise FrontendError(
                f"NIR: population {item.name!r}: has two receptors, but a NIR node has one."
            )
        depth = timing.depths[item.name] if layers == "same_step" else 0
        node, bias = _neurons(network, item, units[item.name], image, depth, early)
        nodes[item.name] = node
        populations[item.name] = Population(item.name, item.size, node.model)
        if bias.any():
            currents.append(bias_current(populations[item.name], node, bias, depth, symbols.dt))
    ends: dict[str, Any] = {**{item.name: item for item in network.spike_inputs}, **populations}

    def link(connection: Connection) -> Connection:
        target = connection.target.name
        unit = units[target].mv_per_lsb[connection.post] * nodes[target].kick[connection.post]
        return dataclasses.replace(
            connection,
            source=ends[connection.source.name],
            target=ends[target],
            weight=connection.weight * unit,
        )

    return (
        Network(
            inputs=[*network.spike_inputs, *currents],
            populations=list(populations.values()),
            connections=[link(item) for item in decoded.connections],
            delivery=convention.delivery,
            dt=symbols.dt,
        ),
        convention,
    )


def _neurons(
    network: Network,
    population: Population,
    symbol: PopulationSymbol,
    image: ChipImage,
    depth: int,
    early: bool,
) -> tuple[NeuronNode, Float64Array]:
    """Return the neurons of a population, and the bias of each as a jump of v in every step."""
    assert image.symbols is not None
    dt, mv, model = image.symbols.dt, symbol.mv_per_lsb, population.model
    found, zeros = decode_neurons(image, symbol), np.zeros(population.size)
    lost, leaky = 1 - found.keep_v, bool((found.keep_v < 1).any())
    start = found.v_init * mv  # above the origin
    origin = symbol.origin if leaky else -start  # neurons without a leak begin at 0
    level = origin + start
    values: dict[str, Any] = {
        "tau_m": np.where(lost > 0, dt / np.maximum(lost, 1 / _ENDLESS), _ENDLESS * dt)
        if leaky
        else np.inf,
        "v_rest": level if leaky else 0.0,
        "v_init": None,
        "v_thresh": np.inf,
        "v_reset": origin,
        "integration": "euler",
    }
    # The resistance stays, since some simulators know only one; a current of 1 adds ``rise`` to v.
    r = population.parameter("tau_m") / population.parameter("cm") if model.leaky else 1.0
    values["cm"] = values["tau_m"] / r if leaky else population.parameter("cm")
    rise = r * np.maximum(lost, 1 / _ENDLESS) if leaky else dt / values["cm"]
    if model.spiking:
        # Integers above a threshold are above the middle of the next step, where no sum can lie.
        values["v_thresh"] = origin + (found.threshold + 0.5) * mv
        values |= _reset(model, found, values["v_thresh"], origin, mv, dt)
    bias = _bias_register(network, population, symbol, image, found) * mv
    bias = bias - lost * start if leaky else bias
    keep = missing = zeros
    if not model.delta_synapses:
        keep = found.keep_u[-1]
        if not leaky:
            raise FrontendError(
                f"NIR: population {population.name!r}: has a synaptic current and no leak, but "
                "NIR's IF has no current. Give it a tau_m, or delta synapses."
            )
        if not (keep < 1).all():
            raise FrontendError(
                f"NIR: population {population.name!r}: its registers keep all of the synaptic "
                "current in a step, but tau_syn of NIR is finite. Shorten tau_syn."
            )
        values["tau_syn"] = dt / (1 - keep)
        missing = keep if early else np.ones(population.size)
    # A jump of v is a weight of delta synapses, and of a current what it adds to v in a step.
    kick = np.ones(population.size) if model.delta_synapses else 1 / rise
    node = NeuronNode(LIF(**values), (population.size,), kick, 1 / rise, keep, missing)
    onset = bias_onset(node, bias, depth)
    held = keep * found.u_init[-1] * mv / rise
    # A gain may move the bias of all neurons a little, also of those with hardly any.
    apart = abs(held - onset) - (_LEFT * mv / rise + _MOVED * abs(onset).max())
    if (apart > 0).any():
        worst = int(np.argmax(apart))
        raise FrontendError(
            f"NIR: population {population.name!r}: its current begins with {held[worst]:g} nA, but "
            f"with its bias a neuron of NIR begins with {onset[worst]:g} nA. Set i_syn_init to "
            "that."
        )
    if onset.any():
        node = dataclasses.replace(node, model=LIF(**values, i_syn_init=onset))
    return node, bias


def _reset(
    model: LIF,
    found: DecodedNeurons,
    threshold: Float64Array,
    origin: Float64Array,
    mv: Float64Array,
    dt: float,
) -> dict[str, Any]:
    """Return what a spike does, as parameters."""
    held = np.where(found.refractory > 1, found.refractory * dt, 0.0)
    values: dict[str, Any] = {"tau_refrac": held}
    if model.bounded:
        values["v_min"] = origin + found.v_low * mv
    if model.subtracts:
        values |= {"reset": model.reset, "spikes_per_step": model.spikes_per_step}
        values["v_reset"] = threshold - found.amount * mv
    return values


def _bias_register(
    network: Network,
    population: Population,
    symbol: PopulationSymbol,
    image: ChipImage,
    found: DecodedNeurons,
) -> Float64Array:
    """Return the final bias in LSB, without the part that makes up for truncation."""
    bias = found.bias
    if symbol.drive is not None:
        last = sum(np.asarray(item.amplitudes[-1]) for item in network.step_currents(population))
        wanted = np.broadcast_to(last, (1, population.size)).astype(np.float64)
        bias = symbol.drive.bias(wanted, image.chip.core)[0].astype(np.float64)
    return bias if symbol.bias_correction is None else bias - symbol.bias_correction
