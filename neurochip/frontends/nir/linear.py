"""Linear nodes as sparse matrices: what a spike of one element adds to another.

Elements of a tensor are numbered row by row, as in ``ndarray.ravel``. Layouts and arithmetic are
those of PyTorch, which NIR refers to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..._extras import require
from ...errors import FrontendError
from ...typing import Float64Array, Int64Array
from .graph import NirNode, describe

__all__ = ["Matrix", "Shape", "Transform", "transform"]

Shape: TypeAlias = tuple[int, ...]
Matrix: TypeAlias = Any  # scipy.sparse.csr_array; scipy is imported where it is used


@dataclass(frozen=True, eq=False)
class Transform:
    """``y = matrix @ x + bias`` for flattened x and y; ``shape`` is that of y."""

    matrix: Matrix
    bias: Float64Array
    shape: Shape


def transform(name: str, node: NirNode, shape: Shape) -> Transform:
    """Return what a linear node does to a tensor of ``shape``.

    Raises
    ------
    FrontendError
        If the shape does not fit the node, or the node is not exactly linear.
    """
    return _TRANSFORMS[type(node).__name__](describe(name, node), node, shape)


def _sparse() -> Any:
    return require("scipy.sparse", "nir", "reading a NIR graph")


def _size(shape: Shape) -> int:
    return int(np.prod(shape, dtype=np.int64))


def _identity(_: str, __: NirNode, shape: Shape) -> Transform:
    size = _size(shape)
    return Transform(_sparse().eye_array(size, format="csr"), np.zeros(size), shape)


def _dense(label: str, node: NirNode, shape: Shape) -> Transform:
    weight = np.asarray(node.weight, dtype=np.float64)
    if weight.ndim != 2:
        raise FrontendError(
            f"{label}: weight has shape {weight.shape}; allowed: two dimensions, outputs and "
            "inputs."
        )
    outputs, inputs = weight.shape
    if _size(shape) != inputs:
        raise FrontendError(
            f"{label}: weight takes {inputs} inputs and gets shape {shape}. Correct the weight, or "
            "flatten what comes before."
        )
    bias = np.zeros(outputs)
    if type(node).__name__ == "Affine":
        bias = np.asarray(node.bias, dtype=np.float64).ravel()
        if bias.size != outputs:
            raise FrontendError(f"{label}: bias has {bias.size} values; allowed: {outputs}.")
    return Transform(_sparse().csr_array(weight), bias, (outputs,))


def _scale(label: str, node: NirNode, shape: Shape) -> Transform:
    scale = np.asarray(node.scale, dtype=np.float64)
    if scale.size != 1 and scale.shape != shape:
        raise FrontendError(
            f"{label}: scale has shape {scale.shape} and gets shape {shape}; allowed: one shape, "
            "or one value."
        )
    size = _size(shape)
    diagonal = np.broadcast_to(scale.ravel(), (size,))
    return Transform(_sparse().diags_array(diagonal, format="csr"), np.zeros(size), shape)


def _flatten(label: str, node: NirNode, shape: Shape) -> Transform:
    begin, end = (_axis(label, name, getattr(node, name), shape) for name in _DIMS)
    if begin > end:
        raise FrontendError(
            f"{label}: start_dim = {node.start_dim} lies after end_dim = {node.end_dim}."
        )
    middle = _size(shape[begin : end + 1])
    return _identity(label, node, (*shape[:begin], middle, *shape[end + 1 :]))


_DIMS = ("start_dim", "end_dim")


def _axis(label: str, name: str, value: Any, shape: Shape) -> int:
    # A graph has no batch dimension, but files that come from tensors with one count from it: a
    # vector has nothing to flatten from dimension 1 on, and stays as it is.
    axis = min(int(value), len(shape) - 1)
    if axis < -len(shape):
        raise FrontendError(f"{label}: {name} = {value}; allowed: -{len(shape)} or more.")
    return axis % len(shape)


def _conv(label: str, node: NirNode, shape: Shape) -> Transform:
    """Convolution in one or two dimensions (as cross-correlation, like PyTorch's)."""
    weight = np.asarray(node.weight, dtype=np.float64)
    dims = 1 if type(node).__name__ == "Conv1d" else 2
    outputs, per_group, *kernel = weight.shape
    groups = int(np.asarray(node.groups).item())
    if len(shape) != dims + 1 or shape[0] != per_group * groups or outputs % groups:
        raise FrontendError(
            f"{label}: weight has shape {weight.shape} in {groups} groups and gets shape {shape}; "
            f"allowed: {per_group * groups} channels of {dims} dimensions."
        )
    stride = _per_axis(label, "stride", node.stride, dims)
    dilation = _per_axis(label, "dilation", node.dilation, dims)
    padding = _padding(label, node.padding, kernel, stride, dilation)
    window, outer, inner, size = _windows(
        label, shape[1:], tuple(kernel), stride, padding, dilation
    )
    positions, cells = _size(size), _size(shape[1:])
    # Channel pairs of the groups, and every window of every pair.
    out = np.arange(outputs)
    first = out // (outputs // groups) * per_group
    row = out[:, None, None] * positions + outer
    channel = first[:, None] + np.arange(per_group)
    column = channel[:, :, None] * cells + inner
    values = weight.reshape(outputs, per_group, -1)[:, :, window]
    rows, columns = np.broadcast_arrays(row, column)
    matrix = _sparse().csr_array(
        (values.ravel(), (rows.ravel(), columns.ravel())),
        shape=(outputs * positions, _size(shape)),
    )
    matrix.eliminate_zeros()
    bias = np.broadcast_to(np.asarray(node.bias, dtype=np.float64).ravel(), (outputs,))
    return Transform(matrix, np.repeat(bias, positions), (outputs, *size))


def _pool(label: str, node: NirNode, shape: Shape) -> Transform:
    if len(shape) != 3:
        raise FrontendError(f"{label}: gets shape {shape}; allowed: channels, height and width.")
    kernel = _per_axis(label, "kernel_size", node.kernel_size, 2)
    stride = _per_axis(label, "stride", node.stride, 2)
    padding = _per_axis(label, "padding", node.padding, 2)
    average = type(node).__name__ == "AvgPool2d"
    if average and any(padding):
        raise FrontendError(
            f"{label}: padding = {padding}, and NIR does not say whether the mean counts padded "
            "cells; allowed: no padding. Use a SumPool2d and a Scale."
        )
    borders = [(pad, pad) for pad in padding]
    _, outer, inner, size = _windows(label, shape[1:], kernel, stride, borders, (1, 1))
    channel = np.arange(shape[0])[:, None]
    rows = (channel * _size(size) + outer).ravel()
    columns = (channel * _size(shape[1:]) + inner).ravel()
    value = 1 / _size(kernel) if average else 1.0
    matrix = _sparse().csr_array(
        (np.full(len(rows), value), (rows, columns)), shape=(shape[0] * _size(size), _size(shape))
    )
    return Transform(matrix, np.zeros(matrix.shape[0]), (shape[0], *size))


def _per_axis(label: str, name: str, value: Any, dims: int) -> Shape:
    array = np.asarray(value).ravel()
    if array.size not in {1, dims} or array.dtype.kind not in "iu":
        raise FrontendError(f"{label}: {name} = {value!r}; allowed: {dims} integers, or one.")
    return tuple(int(item) for item in np.broadcast_to(array, (dims,)))


def _padding(
    label: str, value: Any, kernel: list[int], stride: Shape, dilation: Shape
) -> list[tuple[int, int]]:
    """Padded cells before and after each axis."""
    if isinstance(value, bytes):
        value = value.decode()
    if value == "valid":
        return [(0, 0)] * len(kernel)
    if value == "same":
        if any(step != 1 for step in stride):
            raise FrontendError(f"{label}: padding = 'same' with stride {stride}; allowed: 1.")
        totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return [(total // 2, total - total // 2) for total in totals]
    return [(pad, pad) for pad in _per_axis(label, "padding", value, len(kernel))]


def _windows(
    label: str,
    cells: Shape,
    kernel: Shape,
    stride: Shape,
    padding: list[tuple[int, int]],
    dilation: Shape,
) -> tuple[Int64Array, Int64Array, Int64Array, Shape]:
    """Which cell of the kernel meets which input for which output, where all are inside.

    Returns
    -------
    window, outer, inner : ndarray of int64, shape (n,)
        Flat indices into kernel, output and input.
    size : tuple of int
        Shape of the output.
    """
    axes, size = [], []
    for n, k, step, (before, after), gap in zip(
        cells, kernel, stride, padding, dilation, strict=True
    ):
        length = (n + before + after - gap * (k - 1) - 1) // step + 1
        if length < 1:
            raise FrontendError(f"{label}: a kernel of {kernel} is larger than its input {cells}.")
        size.append(length)
        axes.append(np.arange(length)[:, None] * step - before + np.arange(k)[None, :] * gap)
    if len(axes) == 1:
        (position,) = axes
        inside = (position >= 0) & (position < cells[0])
        outer, window = np.nonzero(inside)
        return window, outer, position[inside], tuple(size)
    down, across = axes
    inside = ((down >= 0) & (down < cells[0]))[:, None, :, None] & (
        (across >= 0) & (across < cells[1])
    )[None, :, None, :]
    i, j, p, q = np.nonzero(inside)
    window = p * kernel[1] + q
    return window, i * size[1] + j, down[i, p] * cells[1] + across[j, q], tuple(size)


_TRANSFORMS: dict[str, Callable[[str, NirNode, Shape], Transform]] = {
    "Affine": _dense,
    "AvgPool2d": _pool,
    "Conv1d": _conv,
    "Conv2d": _conv,
    "Flatten": _flatten,
    "Input": _identity,
    "Linear": _dense,
    "Output": _identity,
    "Scale": _scale,
    "SumPool2d": _pool,
    "Threshold": _identity,  # where it passes on spikes
}
