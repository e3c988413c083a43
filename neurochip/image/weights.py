"""Weights and delays of the connections of a network, as its image has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .._support.values import instance
from ..chip.registers import weights_in_sum
from ..errors import ImageError
from ..network import Connection, Network, Population
from ..typing import Float64Array, Int16Array, Int32Array, Int64Array
from .chip_image import ChipImage
from .convolution import Convolution
from .parts import SynapseGroup
from .symbols import SynapseSymbol

__all__ = ["decode_connections", "stored_weights"]


def stored_weights(network: Network, image: ChipImage) -> dict[str, Float64Array]:
    """Return what each synapse's registers mean: the weights that the chip has, after rounding.

    Synapses that learn have the weights that they start with; those that they have learned are in
    the image that :meth:`Emulator.learned_image` returns.

    Parameters
    ----------
    network : Network
        The network.
    image : ChipImage
        Its compiled image.

    Returns
    -------
    dict of str to ndarray of float64, shape (n_synapses,)
        For each connection by name, in its units (mV or nA) and in the order of its synapses, as
        ``connection.weight`` has what was asked. The factor by which the compiler makes up for
        rounded decays is taken out, so the difference is the rounding of the weights alone.

    Raises
    ------
    ImageError
        If the image has no symbols, or was compiled from another network.
    """
    instance("image", "network", network, Network, "a Network", error=ImageError)
    instance("image", "image", image, ChipImage, "a ChipImage", error=ImageError)
    if image.symbols is None:
        raise ImageError("image: it has no symbols, so no units; use the image as compiled.")
    decoded = {item.name: item for item in decode_connections(network, image).connections}
    units = {item.name: item for item in image.symbols.populations}
    found = {name: np.zeros(item.n_synapses) for name, item in decoded.items()}
    asked = {item.name: item for item in network.connections}
    for origin in image.symbols.synapses:
        item = decoded[origin.connection]
        part = _part(asked[item.name], origin.sign)
        unit = units[origin.target].weight_per_lsb(origin.receptor)
        found[item.name][part] = np.asarray(item.weight)[part] * unit[item.post[part]]
    return found


def decode_connections(network: Network, image: ChipImage) -> Network:
    """Return the network with the weights and the delays (whole steps) of the image, in LSB.

    Weights are integers, but for those whose sum is shifted: they are parts of one. Synapses that
    learn have the weights that they start with, and no plasticity.

    Raises
    ------
    ImageError
        If the image was compiled from another network.
    """
    assert image.symbols is not None
    found = sorted({item.connection for item in image.symbols.synapses})
    if found != sorted(item.name for item in network.connections):
        raise ImageError(
            f"image: holds connections {', '.join(map(repr, found))}; pass the "
            "network that it was compiled from."
        )
    ends = [(item.name, len(item.compartment_ids)) for item in image.symbols.populations]
    ends += [(item.name, item.size) for item in image.symbols.inputs]
    if ends != [(item.name, item.size) for item in (*network.populations, *network.spike_inputs)]:
        listed = ", ".join(f"{name!r} ({size})" for name, size in ends)
        raise ImageError(
            f"image: holds populations and inputs {listed}; pass the network that it was compiled "
            "from."
        )
    weights, delays = (
        {item.name: np.zeros(item.n_synapses) for item in network.connections} for _ in range(2)
    )
    by_name = {item.name: item for item in network.connections}
    stored: list[SynapseGroup | Convolution] = [*image.synapses, *image.convolutions]
    for origin, group in zip(image.symbols.synapses, stored, strict=True):
        whole = by_name[origin.connection]
        part = _part(whole, origin.sign)
        if isinstance(group, Convolution):
            mantissa = _shared(whole, part, origin, group, network, image)
            delays[whole.name][part] = group.delay * image.symbols.dt
        else:
            places = _places(whole, part, origin, group, network, image)
            mantissa = group.mantissa[places]
            if group.delay.size:
                delays[whole.name][part] = group.delay[places] * image.symbols.dt
        weights[whole.name][part] = weights_in_sum(mantissa, group.format, image.chip.core)
    connections = [
        replace(item, weight=weights[item.name], delay=delays[item.name], plasticity=None)
        for item in network.connections
    ]
    return replace(network, connections=connections)


def _part(connection: Connection, sign: int) -> Any:
    """Return a mask of the synapses of a sign, all for sign 0; weights of 0 count as positive."""
    inhibitory = np.broadcast_to(np.asarray(connection.weight) < 0, connection.post.shape)
    return np.ones_like(inhibitory) if sign == 0 else inhibitory == (sign < 0)


def _places(
    connection: Connection,
    part: Any,
    origin: SynapseSymbol,
    group: SynapseGroup,
    network: Network,
    image: ChipImage,
) -> Int64Array:
    """Return the places of synapses in a group, in the network's order.

    The image may have renumbered the sources.
    """
    rows, targets = _ends(connection, origin, network, image)
    before = np.concatenate([[0], np.cumsum(part)])[connection.indptr]
    counts = np.diff(group.indptr)[rows]
    matches = origin.target == connection.target.name and np.array_equal(counts, np.diff(before))
    if matches:
        begin = np.repeat(group.indptr[rows] - before[:-1], counts)
        places = begin + np.arange(before[-1])
        matches = np.array_equal(group.target[places], targets[connection.post[part]])
    if not matches:
        raise _mismatch(connection)
    return np.asarray(places)


def _shared(
    connection: Connection,
    part: Any,
    origin: SynapseSymbol,
    item: Convolution,
    network: Network,
    image: ChipImage,
) -> Int16Array:
    """Return the mantissas of synapses that share a kernel, in the network's order."""
    rows, targets = _ends(connection, origin, network, image)
    shape = connection.convolution
    matches = (
        origin.target == connection.target.name
        and shape is not None
        and shape.kernel_shape == item.kernel.shape
        and np.array_equal(item.sources, rows)
        and np.array_equal(item.targets, targets)
    )
    if not matches or shape is None:
        raise _mismatch(connection)
    return item.kernel.ravel()[shape.entries(connection.pre[part], connection.post[part])]


def _ends(
    connection: Connection, origin: SynapseSymbol, network: Network, image: ChipImage
) -> tuple[Int64Array, Int32Array]:
    """Return the number in the image of each source, and the compartment of each target."""
    assert image.symbols is not None
    symbols = {entry.name: entry for entry in image.symbols.populations}
    if isinstance(connection.source, Population):
        rows = symbols[connection.source.name].compartment_ids.astype(np.int64)
    else:
        names = [entry.name for entry in network.spike_inputs]
        sizes = [entry.size for entry in network.spike_inputs]
        rows = np.arange(connection.source.size) + sum(sizes[: names.index(connection.source.name)])
    return rows, symbols[origin.target].currents[origin.receptor]


def _mismatch(connection: Connection) -> ImageError:
    return ImageError(
        f"image: the synapses of connection {connection.name!r} are not those of the network; "
        "pass the network that it was compiled from."
    )
