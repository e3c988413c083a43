"""Linear nodes as sparse matrices of weights between elements.

Elements of a tensor are numbered in C order, as in ``ndarray.ravel``. Layouts and arithmetic follow
PyTorch, to which NIR refers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..._support.extras import require
from ...errors import FrontendError
from ...network.kernel import ConvolutionShape
from ...typing import Float64Array, Int32Array, Int64Array
from .node import MOST_ENTRIES, NirNode, Shape, fit, size_of

__all__ = [
    "Matrix",
    "Transform",
    "convolution_shape",
    "sparse",
    "transform",
    "weight_matrix",
]

Matrix: TypeAlias = Any  # scipy.sparse.csr_array; scipy is imported where it is used


@dataclass(frozen=True, eq=False)
class Transform:
    """The map ``y = build() @ x + bias`` of flattened x and y; ``shape`` is the shape of y.

    The shape is known before the matrix, which may be large, is built.
    """

    shape: Shape
    bias: Float64Array
    build: Callable[[], Matrix]


def transform(node: NirNode, shape: Shape) -> Transform:
    """Return the transform of a linear node for a tensor of ``shape``.

    Raises
    ------
    FrontendError
        If the shape does not fit the node, the node is not exactly linear, or its matrix would be
        too large.
    """
    return _TRANSFORMS[node.kind](node, shape)


def sparse() -> Any:
    """Return scipy.sparse.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    return require("scipy.sparse", "nir", "reading a NIR graph")


def weight_matrix(node: NirNode) -> Matrix:
    """Return the weight of a dense node as a sparse matrix, as nodes from a file have it."""
    weight = node.members["weight"]
    if hasattr(weight, "tocsr"):
        return weight
    return sparse().csr_array(node.numbers("weight", 2))


def _identity(node: NirNode, shape: Shape) -> Transform:
    size = size_of(node.label, shape)
    return Transform(shape, np.zeros(size), lambda: sparse().eye_array(size, format="csr"))


def _end(node: NirNode, shape: Shape) -> Transform:
    """Return the identity, for an Output or the Input of a nested graph."""
    _check_declared(node, "shape", shape)
    return _identity(node, shape)


def _check_declared(node: NirNode, member: str, shape: Shape) -> None:
    declared = node.shape(member)
    # Some tools write 0 for an unknown size.
    if declared is None or 0 in declared:
        return
    if not fit(declared, shape):
        raise FrontendError(
            f"{node.label}: {member} = {declared} and gets shape {shape}; allowed: the same "
            "shape, or a vector of equal size."
        )


def _dense(node: NirNode, shape: Shape) -> Transform:
    weight = weight_matrix(node)
    outputs, inputs = weight.shape
    if size_of(node.label, shape) != inputs:
        raise FrontendError(
            f"{node.label}: weight takes {inputs} inputs and gets shape {shape}. Correct the "
            "weight, or flatten its input."
        )
    size_of(node.label, (outputs,))
    bias = _bias(node, outputs) if node.kind == "Affine" else np.zeros(outputs)
    return Transform((outputs,), bias, lambda: weight)


def _bias(node: NirNode, outputs: int) -> Float64Array:
    bias = node.numbers("bias")
    if bias.size != 1 and bias.shape != (outputs,):
        raise FrontendError(
            f"{node.label}: bias has shape {bias.shape}; allowed: ({outputs},), or one value."
        )
    return np.broadcast_to(bias.ravel(), (outputs,))


def _scale(node: NirNode, shape: Shape) -> Transform:
    scale = node.numbers("scale")
    if scale.size != 1 and scale.shape != shape:
        raise FrontendError(
            f"{node.label}: scale has shape {scale.shape} and gets shape {shape}; allowed: the "
            "same shape, or one value."
        )
    size = size_of(node.label, shape)
    diagonal = np.broadcast_to(scale.ravel(), (size,))
    return Transform(shape, np.zeros(size), lambda: sparse().diags_array(diagonal, format="csr"))


def _flatten(node: NirNode, shape: Shape) -> Transform:
    _check_declared(node, "input_type", shape)
    begin, end = (_axis(node, name, shape) for name in ("start_dim", "end_dim"))
    if begin > end:
        raise FrontendError(
            f"{node.label}: start_dim = {node.integers('start_dim')[0]} lies after end_dim = "
            f"{node.integers('end_dim')[0]}."
        )
    middle = size_of(node.label, shape[begin : end + 1])
    return _identity(node, (*shape[:begin], middle, *shape[end + 1 :]))


def _axis(node: NirNode, name: str, shape: Shape) -> int:
    # A graph has no batch dimension, but files written from batched tensors count that dimension
    # as number 0. A vector has no dimension 1 to flatten and stays unchanged.
    (value,) = node.integers(name)
    axis = min(value, len(shape) - 1)
    if axis < -len(shape):
        raise FrontendError(f"{node.label}: {name} = {value}; allowed: -{len(shape)} or more.")
    return axis % len(shape)


def _conv(node: NirNode, shape: Shape) -> Transform:
    """Return a convolution in one or two dimensions (a cross-correlation, as in PyTorch)."""
    dims = 1 if node.kind == "Conv1d" else 2
    weight = node.numbers("weight", dims + 2)
    outputs, per_group, *kernel = weight.shape
    (groups,) = node.integers("groups", at_least=1)
    if len(shape) != dims + 1 or shape[0] != per_group * groups or outputs % groups:
        raise FrontendError(
            f"{node.label}: weight has shape {weight.shape} in {groups} groups and gets shape "
            f"{shape}; allowed: {per_group * groups} channels of {dims} dimensions."
        )
    declared = node.shape("input_shape")
    if declared is not None and declared[-dims:] != shape[1:]:
        raise FrontendError(
            f"{node.label}: input_shape = {declared} and gets shape {shape}; allowed: the same "
            "shape. Correct one of them."
        )
    stride = node.integers("stride", dims, at_least=1)
    dilation = node.integers("dilation", dims, at_least=1)
    padding = _padding(node, kernel, stride, dilation)
    grid = _Grid(node.label, shape[1:], tuple(kernel), stride, padding, dilation)
    grid.check(outputs * per_group)
    size_of(node.label, (outputs, *grid.size))

    def build() -> Matrix:
        window, inner, counts = grid.meetings()
        # A row of the matrix is one output; its entries run over window cells, then channels.
        first = np.arange(outputs) // (outputs // groups) * per_group
        channel = first[:, None, None] + np.arange(per_group)
        column = (channel * grid.cells).astype(np.int32) + inner[:, None]
        values = weight.reshape(outputs, per_group, -1).transpose(0, 2, 1)[:, window]
        ends = np.cumsum(np.tile(counts * per_group, outputs))
        matrix = sparse().csr_array(
            (values.ravel(), column.ravel(), np.concatenate([[0], ends])),
            shape=(outputs * grid.positions, size_of(node.label, shape)),
        )
        matrix.eliminate_zeros()
        return matrix

    bias = np.repeat(_bias(node, outputs), grid.positions)
    return Transform((outputs, *grid.size), bias, build)


def convolution_shape(nodes: Sequence[NirNode], shape: Shape) -> ConvolutionShape | None:
    """Return the shape of a Conv2d, also behind a pool, for a tensor of ``shape``.

    A pool and a convolution are one convolution with a larger kernel and stride. Other nodes, and a
    convolution that is padded by other numbers before and after its input, have none.

    Parameters
    ----------
    nodes : sequence of NirNode
        The nodes that a tensor passes, from first to last.
    shape : tuple of int
        Shape of the tensor.
    """
    *pools, node = nodes
    if node.kind != "Conv2d" or len(pools) > 1 or any(p.kind not in _POOLS for p in pools):
        return None
    out, inside, *kernel = node.numbers("weight", 4).shape
    stride, dilation = (node.integers(key, 2, at_least=1) for key in ("stride", "dilation"))
    padding = _padding(node, kernel, stride, dilation)
    if any(before != after for before, after in padding):
        return None
    sizes = zip(shape[1:], kernel, stride, padding, dilation, strict=True)
    axes = [(n, k, s, p, d) for n, k, s, (p, _), d in sizes]
    for pool in pools:
        width, step = (pool.integers(key, 2, at_least=1) for key in ("kernel_size", "stride"))
        padded = pool.integers("padding", 2, at_least=0)
        axes = [
            (n, (k - 1) * d * u + w, s * u, p * u + q, 1)
            for (n, k, s, p, d), w, u, q in zip(axes, width, step, padded, strict=True)
        ]
    _, taps, strides, paddings, dilations = (tuple(part) for part in zip(*axes, strict=True))
    return ConvolutionShape.of(
        shape,
        (out, inside, *taps),
        stride=strides,
        padding=paddings,
        dilation=dilations,
        groups=node.integers("groups", at_least=1)[0],
    )


_POOLS = ("AvgPool2d", "SumPool2d")


def _pool(node: NirNode, shape: Shape) -> Transform:
    if len(shape) != 3:
        raise FrontendError(
            f"{node.label}: gets shape {shape}; allowed: channels, height and width."
        )
    kernel = node.integers("kernel_size", 2, at_least=1)
    stride = node.integers("stride", 2, at_least=1)
    padding = node.integers("padding", 2, at_least=0)
    average = node.kind == "AvgPool2d"
    if average and any(padding):
        raise FrontendError(
            f"{node.label}: padding = {padding}, and NIR does not say whether the mean counts "
            "padded cells; allowed: no padding. Use a SumPool2d and a Scale."
        )
    grid = _Grid(node.label, shape[1:], kernel, stride, [(n, n) for n in padding], (1, 1))
    grid.check(shape[0])

    def build() -> Matrix:
        _, inner, counts = grid.meetings()
        value = 1 / size_of(node.label, kernel) if average else 1.0
        one = sparse().csr_array(
            (np.full(len(inner), value), inner, np.concatenate([[0], np.cumsum(counts)])),
            shape=(grid.positions, grid.cells),
        )
        return sparse().kron(sparse().eye_array(shape[0]), one, format="csr")

    return Transform((shape[0], *grid.size), np.zeros(shape[0] * grid.positions), build)


def _padding(
    node: NirNode, kernel: list[int], stride: Shape, dilation: Shape
) -> list[tuple[int, int]]:
    """Return the padded cells before and after each axis."""
    text = node.text("padding")
    if text is None:
        return [(pad, pad) for pad in node.integers("padding", len(kernel), at_least=0)]
    if text == "valid":
        return [(0, 0)] * len(kernel)
    if text != "same":
        raise FrontendError(
            f"{node.label}: padding = {text!r}; allowed: 'same', 'valid', or integers."
        )
    if any(step != 1 for step in stride):
        raise FrontendError(f"{node.label}: padding = 'same' with stride {stride}; allowed: 1.")
    totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    return [(total // 2, total - total // 2) for total in totals]


class _Grid:
    """Positions of a kernel on a tensor with one channel.

    Parameters
    ----------
    label : str
        Name of the node in messages.
    cells, kernel, stride, dilation : tuple of int
        Sizes along each axis.
    padding : list of pairs of int
        Padded cells before and after each axis.
    """

    def __init__(
        self,
        label: str,
        cells: Shape,
        kernel: Shape,
        stride: Shape,
        padding: list[tuple[int, int]],
        dilation: Shape,
    ) -> None:
        self._label, self._kernel, self._cells = label, kernel, cells
        self._axes = list(zip(cells, kernel, stride, padding, dilation, strict=True))
        self.size: Shape = tuple(
            (n + before + after - gap * (k - 1) - 1) // step + 1
            for n, k, step, (before, after), gap in self._axes
        )
        if min(self.size) < 1:
            raise FrontendError(f"{label}: a kernel of {kernel} is larger than its input {cells}.")
        self.positions = size_of(label, self.size)
        self.cells = size_of(label, cells)

    def check(self, channels: int) -> None:
        """Raise a FrontendError if the matrix of this many channels or channel pairs is too big."""
        entries = channels * self.positions
        for k in self._kernel:
            entries *= k
        if entries > MOST_ENTRIES:
            raise FrontendError(
                f"{self._label}: would be a matrix of {entries} entries; allowed: {MOST_ENTRIES}."
            )

    def meetings(self) -> tuple[Int32Array, Int32Array, Int64Array]:
        """Return the pairs of a kernel cell and an input cell, without padded cells.

        Returns
        -------
        window, inner : ndarray of int32, shape (n,)
            Flat indices into kernel and input, ordered by output.
        counts : ndarray of int64, shape (positions,)
            Number of pairs of each output.
        """
        dims = len(self.size)
        inside: Any = True
        inner: Any = np.int32(0)
        for axis, (n, k, step, (before, _), gap) in enumerate(self._axes):
            cell = np.arange(self.size[axis])[:, None] * step - before + np.arange(k) * gap
            within = (cell >= 0) & (cell < n)
            shape = [1] * (2 * dims)
            shape[axis], shape[dims + axis] = cell.shape
            inside = inside & within.reshape(shape)
            inner = inner * n + np.where(within, cell, 0).astype(np.int32).reshape(shape)
        taps = np.arange(math.prod(self._kernel), dtype=np.int32).reshape(self._kernel)
        window = np.broadcast_to(taps, inside.shape)[inside]
        return window, inner[inside], inside.reshape(self.positions, -1).sum(axis=1)


_TRANSFORMS: dict[str, Callable[[NirNode, Shape], Transform]] = {
    "Affine": _dense,
    "AvgPool2d": _pool,
    "Conv1d": _conv,
    "Conv2d": _conv,
    "Delay": _identity,  # except for the delay itself
    "Flatten": _flatten,
    "Input": _end,
    "Linear": _dense,
    "Output": _end,
    "Scale": _scale,
    "SumPool2d": _pool,
    "Threshold": _identity,  # of nodes that pass on spikes
}
