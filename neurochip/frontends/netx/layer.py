"""One layer of a lava-dl network: plain arrays with their meaning, as integers.

Numbers of neurons and weights follow torch: channel, row, column (C, H, W) in C order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from ..._support.brief import brief
from ..._support.convolving import meetings
from ..._support.values import ArrayValue
from ...typing import Int16Array, Int32Array, UInt8Array

__all__ = ["NetxLayer", "NetxNeuron", "Shape"]

Shape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class NetxNeuron(ArrayValue):
    """The neurons of a layer; arrays of shape (n,), one value for each neuron.

    Parameters
    ----------
    model : str
        ``"lif"`` (types LOIHI and CUBA), or of the type SDNN: ``"delta"`` in an input layer,
        ``"sigma"`` in a layer with ``sigma_output``, ``"sigma_delta"`` in all others.
    decay_u, decay_v : ndarray of int32
        Decay of current and voltage in a step, in 1/4096; 0 to 4096. Zeros unless LIF.
    threshold : ndarray of int32
        Mantissa: a LIF neuron spikes if v exceeds ``threshold << 6``; a delta or sigma-delta neuron
        sends a change of at least ``threshold << 12``. 0 to 131071.
    bias : ndarray of int32
        Mantissa: ``bias << 6`` is added to v in each step (LIF), or ``bias << 12`` to the
        activation (sigma-delta).
    delay : ndarray of uint8
        Steps that the spikes of each neuron wait in addition to the one step of every spike.
    """

    model: str
    decay_u: Int32Array
    decay_v: Int32Array
    threshold: Int32Array
    bias: Int32Array
    delay: UInt8Array

    __repr__ = brief

    def __post_init__(self) -> None:
        self._freeze()


@dataclass(frozen=True, kw_only=True, eq=False)
class NetxLayer(ArrayValue):
    """A layer of a lava-dl network.

    Parameters
    ----------
    index : int
        Number of the layer in the file.
    kind : str
        ``"input"``, ``"dense"``, ``"dense_rec"``, ``"conv"``, ``"flatten"`` or ``"average"``.
    input_shape, shape : tuple of int
        Shapes of what comes in and what goes out: (channels, rows, columns), or (neurons,).
    neuron : NetxNeuron or None
        Its neurons. None for ``flatten``, ``average``, and an input without neurons.
    weight : ndarray of int16 or None
        Shape (neurons, inputs) or, if ``conv``, (output channels, input channels / groups, rows,
        columns). None if it has no weights.
    weight_rec : ndarray of int16, shape (neurons, neurons), or None
        Weights from the layer to itself, if ``dense_rec``.
    stride, padding, dilation : tuple of two int
        Of rows and columns, if ``conv``.
    groups : int
        Groups of channels, if ``conv``.
    input_scale, input_offset : int
        An ``input`` layer gets ``2 scale x - scale + offset`` for a value x from 0 to 1.
    """

    index: int
    kind: str
    input_shape: Shape
    shape: Shape
    neuron: NetxNeuron | None = None
    weight: Int16Array | None = None
    weight_rec: Int16Array | None = None
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    input_scale: int = 64
    input_offset: int = 0

    __repr__ = brief

    def __post_init__(self) -> None:
        self._freeze()

    @property
    def name(self) -> str:
        """Return kind and number, such as ``"conv_1"``: the layer's name in the network."""
        return f"{self.kind}_{self.index}"

    @property
    def n_neurons(self) -> int:
        """Number of neurons; 0 if it has none."""
        return 0 if self.neuron is None else math.prod(self.shape)

    @property
    def n_weights(self) -> int:
        """Number of stored weights."""
        return sum(part.size for part in (self.weight, self.weight_rec) if part is not None)

    @property
    def n_synapses(self) -> int:
        """Number of synapses if each neuron had its own: one per weight and place of its use."""
        if self.kind != "conv" or self.weight is None:
            return self.n_weights
        places = [
            len(meetings(*sizes)[0])
            for sizes in zip(
                self.input_shape[1:],
                self.shape[1:],
                self.weight.shape[2:],
                self.stride,
                self.padding,
                self.dilation,
                strict=True,
            )
        ]
        return math.prod((*self.weight.shape[:2], *places))
