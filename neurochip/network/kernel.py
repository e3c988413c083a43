"""Convolutions: which synapses of a connection have the same weight."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.convolving import meetings
from .._support.values import integer, integers, shown
from ..errors import NetworkError, NeurochipError
from ..typing import Int64Array

__all__ = ["ConvolutionShape", "numbers_of", "places_of"]

_OWNER = "convolution shape"
_FIELDS = (  # name, number of dimensions, smallest value
    ("source_shape", 3, 1),
    ("target_shape", 3, 1),
    ("kernel_shape", 4, 1),
    ("stride", 2, 1),
    ("padding", 2, 0),
    ("dilation", 2, 1),
)


@dataclass(frozen=True)
class ConvolutionShape:
    """Shape of a convolution between two layers of neurons: a cross-correlation, as in torch.

    Neurons are numbered by channel, row, column. The synapse between a source and a target has the
    weight of one entry of the kernel, the same for all places. A connection with a shape may lack
    synapses, such as those with a weight of 0; compilers check whether weights are really shared.

    Parameters
    ----------
    source_shape, target_shape : tuple of int
        (channels, rows, columns).
    kernel_shape : tuple of int
        (channels of the target, channels of the source / groups, rows, columns).
    stride, padding, dilation : tuple of two int
        Of rows and columns.
    groups : int
        Groups of channels that are convolved each on their own.

    Raises
    ------
    NetworkError
        If a value is not allowed, or the shapes do not fit each other.
    """

    source_shape: tuple[int, int, int]
    target_shape: tuple[int, int, int]
    kernel_shape: tuple[int, int, int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    def __post_init__(self) -> None:
        for name, n, least in _FIELDS:
            numbers = numbers_of(_OWNER, name, getattr(self, name), n, least, NetworkError)
            object.__setattr__(self, name, numbers)
        groups = integer(_OWNER, "groups", self.groups, at_least=1, error=NetworkError)
        object.__setattr__(self, "groups", groups)
        (channels, *size), (out, inside, *taps) = self.source_shape, self.kernel_shape
        places = places_of(size, taps, vars(self))
        fits = inside * groups == channels and out % groups == 0
        if not fits or self.target_shape != (out, *places):
            raise NetworkError(
                f"{_OWNER}: target_shape = {self.target_shape}; allowed: what kernel_shape "
                f"{self.kernel_shape} in {shown(groups)} groups makes of {self.source_shape}."
            )

    @classmethod
    def of(
        cls,
        source_shape: Any,
        kernel_shape: Any,
        *,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> ConvolutionShape:
        """Return the shape of a convolution whose targets follow from its sources.

        Parameters are those of the class; one number may stand for rows and columns.

        Raises
        ------
        NetworkError
            If a value is not allowed, or the kernel is larger than its padded sources.
        """
        given = {"source_shape": source_shape, "kernel_shape": kernel_shape}
        given |= {"stride": stride, "padding": padding, "dilation": dilation}
        found = {
            name: numbers_of(_OWNER, name, given[name], n, least, NetworkError)
            for name, n, least in _FIELDS
            if name in given
        }
        places = places_of(found["source_shape"][1:], found["kernel_shape"][2:], found)
        if min(places) < 1:
            raise NetworkError(
                f"{_OWNER}: kernel_shape = {found['kernel_shape']}; allowed: a kernel that fits "
                f"the padded sources of shape {found['source_shape']}."
            )
        target_shape: Any = (found["kernel_shape"][0], *places)
        settings: dict[str, Any] = {**found, "groups": groups}
        return cls(target_shape=target_shape, **settings)

    @property
    def n_sources(self) -> int:
        """Number of sources."""
        return math.prod(self.source_shape)

    @property
    def n_targets(self) -> int:
        """Number of targets."""
        return math.prod(self.target_shape)

    @property
    def n_synapses(self) -> int:
        """Number of synapses, those with a weight of 0 included."""
        out, inside = self.kernel_shape[:2]
        return int(out * inside * self.places().sum())

    def synapses(self) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Return source, target and entry of the flattened kernel of each synapse."""
        (y, i, from_y), (x, j, from_x) = self._meetings(0), self._meetings(1)
        out, inside = self.kernel_shape[:2]
        k, c, row, column = (
            part.ravel() for part in np.indices((out, inside, len(y), len(x)), dtype=np.int32)
        )
        channel = k // (out // self.groups) * inside + c
        return (
            np.ravel_multi_index((channel, from_y[row], from_x[column]), self.source_shape),
            np.ravel_multi_index((k, y[row], x[column]), self.target_shape),
            np.ravel_multi_index((k, c, i[row], j[column]), self.kernel_shape),
        )

    def entries(self, pre: Any, post: Any) -> Int64Array:
        """Return for each synapse which entry of the flattened kernel it has; -1 for none.

        Parameters
        ----------
        pre, post : array_like of int, shape (n_synapses,)
            Source and target of each synapse.
        """
        channel, ys, xs = np.unravel_index(pre, self.source_shape)
        out, yt, xt = np.unravel_index(post, self.target_shape)
        inside, per_group = self.kernel_shape[1], self.kernel_shape[0] // self.groups
        row, column = self._table(0)[yt, ys], self._table(1)[xt, xs]
        entry = (out * inside + channel % inside) * self.kernel_shape[2] + row
        entry = entry * self.kernel_shape[3] + column
        met = (row >= 0) & (column >= 0) & (channel // inside == out // per_group)
        return np.where(met, entry, -1)

    def places(self) -> Int64Array:
        """Return how many synapses share each entry, shape ``kernel_shape[2:]``."""
        rows, columns = (
            np.bincount(self._meetings(axis)[1], minlength=self.kernel_shape[2 + axis])
            for axis in range(2)
        )
        return np.outer(rows, columns)

    def _meetings(self, axis: int) -> tuple[Int64Array, Int64Array, Int64Array]:
        return meetings(
            self.source_shape[1 + axis],
            self.target_shape[1 + axis],
            self.kernel_shape[2 + axis],
            self.stride[axis],
            self.padding[axis],
            self.dilation[axis],
        )

    def _table(self, axis: int) -> Int64Array:
        """Return the entry that each target (row) and source (column) share; -1 for none."""
        found = np.full((self.target_shape[1 + axis], self.source_shape[1 + axis]), -1)
        target, tap, source = self._meetings(axis)
        found[target, source] = tap
        return found


def numbers_of(
    owner: str, name: str, given: Any, n: int, least: int, error: type[NeurochipError]
) -> tuple[int, ...]:
    """Return n integers, or raise; one number stands for two equal ones."""
    allowed = f"{n} integers of at least {least}"
    found = integers(owner, name, given, allowed=allowed, error=error)
    if found.ndim == 0 and n == 2:
        found = np.array([found, found])
    if found.shape != (n,) or found.min() < least or found.max() >= 1 << 31:
        raise error(f"{owner}: {name} = {shown(given)}; allowed: {allowed}.")
    return tuple(found.tolist())


def places_of(
    size: Sequence[int], taps: Sequence[int], given: Mapping[str, Any]
) -> tuple[int, ...]:
    """Return the rows and columns of the targets, given those of the sources and of the kernel."""
    settings = (given[name] for name in ("stride", "padding", "dilation"))
    sizes = zip(size, taps, *settings, strict=True)
    return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in sizes)
