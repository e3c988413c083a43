"""Convolutions: synapses that share the weights of a kernel.

Import :class:`Convolution` from ``neurochip.image``.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.brief import line
from .._support.text import counted
from .._support.values import ArrayValue, choice, instance, integer, shown
from ..chip.registers import SynapseFormat
from ..errors import ImageError
from ..network.kernel import ConvolutionShape, numbers_of, places_of
from ..typing import Int16Array, Int32Array
from .parts import SynapseGroup, check_array

__all__ = ["Convolution"]

_SOURCES = ("inputs", "compartments")
_DIMENSIONS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Convolution(ArrayValue):
    """Synapses between two layers of neurons in space, with one kernel of weights for all places.

    A cross-correlation, as in torch: the target at (k, y, x) receives from the source at
    (c, y stride - padding + i dilation, x stride - padding + j dilation) the weight
    ``kernel[k, c, i, j]``, for all c of its group, i and j that lie within the source. Layers are
    in the order channel, row, column. Weights of 0 are synapses, too.

    Parameters
    ----------
    source : str
        ``"inputs"`` or ``"compartments"``.
    sources : ndarray of int32, shape (C * H * W,)
        Number of each source.
    targets : ndarray of int32, shape (C_out * H_out * W_out,)
        Compartment of each target.
    source_shape, target_shape : tuple of int
        (C, H, W) and (C_out, H_out, W_out).
    kernel : ndarray of int16, shape (C_out, C // groups, kernel height, kernel width)
        Weight mantissas.
    format : SynapseFormat
        Exponent, stored bits, sign mode.
    stride, padding, dilation : int or tuple of two int
        Of rows and columns.
    groups : int
        Groups of channels that are convolved each on their own.
    delay : int
        Delay in steps of all synapses, in addition to the one step that every spike takes.
    receptor : int
        Accumulator of the targets: 0, or 1 for programs with two inputs.

    Raises
    ------
    ImageError
        If a shape, a type or a value is not allowed.
    """

    source: str
    sources: Int32Array
    targets: Int32Array
    source_shape: tuple[int, int, int]
    target_shape: tuple[int, int, int]
    kernel: Int16Array
    format: SynapseFormat
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    delay: int = 0
    receptor: int = 0

    def __post_init__(self) -> None:
        allowed = "'inputs' or 'compartments'"
        choice(_OWNER, "source", self.source, _SOURCES, allowed=allowed, error=ImageError)
        instance(
            _OWNER, "format", self.format, SynapseFormat, "a SynapseFormat(...)", error=ImageError
        )
        for name, n, least in (
            ("source_shape", 3, 1),
            ("target_shape", 3, 1),
            ("stride", 2, 1),
            ("padding", 2, 0),
            ("dilation", 2, 1),
        ):
            numbers = numbers_of(_OWNER, name, getattr(self, name), n, least, ImageError)
            object.__setattr__(self, name, numbers)
        for name, least, most in (("groups", 1, 1 << 20), ("delay", 0, 255), ("receptor", 0, 1)):
            value = integer(
                _OWNER, name, getattr(self, name), at_least=least, at_most=most, error=ImageError
            )
            object.__setattr__(self, name, value)
        check_array(_OWNER, "sources", self.sources, np.int32, math.prod(self.source_shape))
        check_array(_OWNER, "targets", self.targets, np.int32, math.prod(self.target_shape))
        self._check_kernel()

    def _check_kernel(self) -> None:
        kernel, (channels, *_), (out, *places) = self.kernel, self.source_shape, self.target_shape
        if channels % self.groups or out % self.groups:
            raise ImageError(
                f"{_OWNER}: groups = {self.groups}; allowed: a divisor of the channels, {channels} "
                f"and {out}."
            )
        shape = (out, channels // self.groups)
        if (
            not isinstance(kernel, np.ndarray)
            or kernel.dtype != np.int16
            or kernel.ndim != 2 + 2
            or kernel.shape[:2] != shape
            or 0 in kernel.shape
        ):
            found = (
                f"has shape {kernel.shape} and type {kernel.dtype}"
                if isinstance(kernel, np.ndarray)
                else f"= {shown(kernel)}"
            )
            raise ImageError(
                f"{_OWNER}: kernel {found}; allowed: an array of int16, shape ({shape[0]}, "
                f"{shape[1]}, height, width)."
            )
        expected = places_of(self.source_shape[1:], kernel.shape[2:], vars(self))
        if tuple(places) != expected:
            raise ImageError(
                f"{_OWNER}: target_shape = {self.target_shape}; allowed: {(out, *expected)}, from "
                "source_shape, kernel, stride, padding and dilation."
            )

    @property
    def shape(self) -> ConvolutionShape:
        """Which synapses there are, and which entry of the kernel each has."""
        return ConvolutionShape(
            source_shape=self.source_shape,
            target_shape=self.target_shape,
            kernel_shape=self.kernel.shape,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
        )

    @property
    def n_synapses(self) -> int:
        """Number of synapses if each place had its own."""
        return self.shape.n_synapses

    @property
    def max_delay(self) -> int:
        """Longest delay in steps."""
        return self.delay

    def unrolled(self, n_sources: int) -> SynapseGroup:
        """Return the same synapses one by one.

        Parameters
        ----------
        n_sources : int
            Number of sources of that kind in the image.

        Raises
        ------
        ImageError
            If a source is not below ``n_sources``.
        """
        pre, post, entry = self.shape.synapses()
        return SynapseGroup.from_coo(
            self.source,
            n_sources,
            self.format,
            pre=self.sources[pre],
            target=self.targets[post],
            mantissa=self.kernel.ravel()[entry],
            delay=self.delay,
            receptor=self.receptor,
        )

    def integers(self) -> tuple[str, list[Any]]:
        """Return all integers of the convolution for a digest, as text and arrays."""
        return f"convolution {self.settings}", [self.sources, self.targets, self.kernel]

    @property
    def settings(self) -> dict[str, Any]:
        """All fields that are no arrays, by name."""
        arrays = {"sources", "targets", "kernel"}
        names = (field.name for field in dataclasses.fields(self) if field.name not in arrays)
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        shapes = " to ".join(
            " x ".join(map(str, s)) for s in (self.source_shape, self.target_shape)
        )
        return line(
            self,
            repr(self.source),
            shapes,
            f"{counted(self.kernel.size, 'weight')}",
            repr(self.format),
        )


_OWNER = "convolution"
