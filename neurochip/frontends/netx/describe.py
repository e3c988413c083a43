"""Describe a lava-dl network layer by layer, also one that cannot be run."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..._support.brief import line
from ..._support.npz import as_path
from ..._support.text import aligned, counted
from ...errors import FrontendError
from .file import StoredLayer, read_file
from .layer import NetxLayer, Shape
from .layers import read_layer, read_layers
from .read import check_shape

__all__ = ["HEADINGS", "LayerRow", "NetxDescription", "cells_of", "inspect_netx"]

HEADINGS = ("layer", "shape", "neurons", "weights", "synapses", "runs as")
_MODELS = {
    "delta": "delta encoder, graded spikes",
    "lif": "LIF",
    "sigma": "sum of its input, graded",
    "sigma_delta": "sigma-delta, graded spikes",
}


@dataclass(frozen=True)
class LayerRow:
    """Says all that is known of a layer.

    Parameters
    ----------
    name : str
        Kind and number, such as ``"conv_1"``.
    shape : tuple of int or None
        Shape of what it sends out; None if it cannot be read.
    n_neurons, n_weights, n_synapses : int
        Neurons, stored weights, and synapses if each neuron had its own.
    runs_as : str
        The neuron model and its special features, or ``"nothing: ..."`` with the reason.
    runs : bool
        Whether it can be run.
    """

    name: str
    shape: Shape | None
    n_neurons: int
    n_weights: int
    n_synapses: int
    runs_as: str
    runs: bool = True


@dataclass(frozen=True)
class NetxDescription:
    """A lava-dl network, layer by layer; ``str()`` of it is a table.

    Parameters
    ----------
    path : str
        Path of the file.
    rows : tuple of LayerRow
        One for each layer.
    problem : str
        Why the network as a whole cannot be run; empty if it can.
    """

    path: str
    rows: tuple[LayerRow, ...]
    problem: str = ""

    @property
    def runs(self) -> bool:
        """Tell whether the network can be run."""
        return not self.problem

    @property
    def verdict(self) -> str:
        """The answer in a few words."""
        return "runs" if self.runs else f"cannot run: {self.problem}"

    def __str__(self) -> str:
        lines = aligned([HEADINGS, *map(cells_of, self.rows)], left=(0, 1, 5))
        totals = [sum(getattr(row, key) for row in self.rows) for key in _TOTALS]
        lines.append(
            f"{counted(len(self.rows), 'layer')}, {totals[0]:,} neurons, {totals[1]:,} weights for "
            f"{totals[2]:,} synapses; {self.verdict}"
        )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return line(self, repr(self.path), counted(len(self.rows), "layer"))


def cells_of(row: LayerRow) -> tuple[str, ...]:
    """Return a row of the table of layers, in the order of ``HEADINGS``."""
    return (
        row.name,
        "-" if row.shape is None else " x ".join(map(str, row.shape)),
        *(f"{n:,}" for n in (row.n_neurons, row.n_weights, row.n_synapses)),
        row.runs_as,
    )


_TOTALS = ("n_neurons", "n_weights", "n_synapses")


def inspect_netx(
    path: str | os.PathLike[str], *, input_shape: Sequence[int] | None = None
) -> NetxDescription:
    """Describe a lava-dl network without building it: each layer, and what cannot be run.

    Parameters
    ----------
    path : path
        The file (.net).
    input_shape : sequence of int, optional
        Shape of the input, (channels, rows, columns), if the first layer is a convolution and the
        file has no input layer.

    Raises
    ------
    FrontendError
        If the file as a whole cannot be read: damaged, links to other files, or no lava-dl network;
        or if ``input_shape`` is not allowed.
    MissingExtraError
        If h5py is not installed.
    """
    file = as_path(path, FrontendError)
    stored = read_file(file)
    shape = check_shape(input_shape)
    rows, before, whole = [], shape, ""
    for item in stored:
        try:
            layer = read_layer(item, before)
        except FrontendError as problem:
            name = f"{item.kind}_{item.index}"
            reason = str(problem).removeprefix(f"{item.where}: ").rstrip(".")
            rows.append(LayerRow(name, None, 0, 0, 0, f"nothing: {reason}", False))
            before = _claimed_shape(item)
        else:
            rows.append(_row(layer))
            before = layer.shape
    try:
        read_layers(stored, shape)
    except FrontendError as problem:
        whole = str(problem).removeprefix(f"{file}: ").rstrip(".")
    return NetxDescription(str(file), tuple(rows), whole)


def _claimed_shape(item: StoredLayer) -> Shape | None:
    """Return the shape that a layer says it has, for the layers behind it."""
    found = np.ravel(item.members.get("shape", []))
    try:
        return tuple(int(n) for n in found) if 1 <= found.size <= 3 else None
    except (TypeError, ValueError, OverflowError):
        return None


def _row(layer: NetxLayer) -> LayerRow:
    words = "no neurons"
    if layer.kind == "average":
        words = f"mean of each {math.prod(layer.input_shape) // math.prod(layer.shape)} outputs"
    elif layer.neuron is not None:
        words = _MODELS[layer.neuron.model]
        longest = int(layer.neuron.delay.max())
        words += f", delays to {counted(longest, 'step')}" if longest else ""
    if layer.weight is not None and layer.kind == "conv":
        words += f", kernel {layer.weight.shape[2]} x {layer.weight.shape[3]} shared"
    if layer.weight_rec is not None:
        words += ", recurrent"
    return LayerRow(
        layer.name, layer.shape, layer.n_neurons, layer.n_weights, layer.n_synapses, words
    )
