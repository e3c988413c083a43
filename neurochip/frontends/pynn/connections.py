"""The synapses of a projection: columns of arrays, and views of single synapses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, overload

import numpy as np
from pyNN import common, errors

from ...typing import Float64Array, Int32Array

__all__ = ["Batch", "Connection", "Connections", "Synapses"]


class Batch(NamedTuple):
    """Some synapses of a projection, as a connector makes them.

    Parameters
    ----------
    pre, post : array_like of int, shape (n,) or ()
        Indices in both ends of the projection; at least one of them has the shape (n,).
    values : dict of str to array_like, shape (n,) or ()
        Parameters of the synapses.
    """

    pre: Any
    post: Any
    values: Mapping[str, Any]


class Synapses:
    """Synapses as columns, sorted by their source, then by their target.

    A parameter that all synapses share is stored once.

    Parameters
    ----------
    batches : sequence of Batch
        The synapses in the order of their creation, which is kept among those of one pair.
    names : sequence of str
        Parameters that all batches have.

    Attributes
    ----------
    pre, post : ndarray of int32, shape (n_synapses,)
        Indices in both ends of the projection.
    """

    def __init__(self, batches: Sequence[Batch], names: Sequence[str]) -> None:
        sizes = [max(np.size(batch.pre), np.size(batch.post)) for batch in batches]
        pre = _joined([batch.pre for batch in batches], sizes).astype(np.int32)
        post = _joined([batch.post for batch in batches], sizes).astype(np.int32)
        order = np.lexsort((post, pre))
        self.pre: Int32Array = pre[order]
        self.post: Int32Array = post[order]
        self._columns: dict[str, Float64Array] = {}
        for name in names:
            values = [batch.values[name] for batch in batches]
            shared = _shared(values)
            if shared is None:
                self._columns[name] = _joined(values, sizes).astype(np.float64)[order]
            else:
                self._columns[name] = np.array(shared, dtype=np.float64)

    def __len__(self) -> int:
        return len(self.pre)

    def values(self, name: str) -> Float64Array:
        """Return a parameter of each synapse, shape (n_synapses,), to be read only."""
        values = np.broadcast_to(self._columns[name], self.pre.shape)
        values.flags.writeable = False
        return values

    def write(self, name: str, values: Any, where: Any = slice(None)) -> None:
        """Write a parameter.

        Parameters
        ----------
        name : str
            The parameter.
        values : array_like of float, shape (n,) or ()
            Its new values.
        where : slice, int or ndarray of int, shape (n,)
            Synapses. Default: all.
        """
        column = self._columns[name]
        if not column.ndim:
            column = np.full(self.pre.shape, column)
        column[where] = values
        self._columns[name] = column


def _joined(values: Sequence[Any], sizes: Sequence[int]) -> Any:
    """Return one array of scalars and arrays, each of which stands for some synapses."""
    if not values:
        return np.empty(0)
    if not any(map(np.ndim, values)):
        return np.repeat(values, sizes)
    spread = (np.broadcast_to(value, size) for value, size in zip(values, sizes, strict=True))
    return np.concatenate(list(spread))


def _shared(values: Sequence[Any]) -> Any:
    """Return the number that all values are, or None."""
    if any(map(np.ndim, values)) or len(set(values)) != 1:
        return None
    return values[0]


class Connection(common.Connection):
    """One synapse of a projection: its parameters are attributes, which write through.

    Parameters
    ----------
    projection : Projection
        The projection.
    index : int
        Number of the synapse in it.
    """

    projection: Any
    index: int

    def __init__(self, projection: Any, index: int) -> None:
        object.__setattr__(self, "projection", projection)
        object.__setattr__(self, "index", index)

    @property
    def presynaptic_index(self) -> int:
        """Index of the source in ``projection.pre``."""
        return int(self.projection.column("presynaptic_index")[self.index])

    @property
    def postsynaptic_index(self) -> int:
        """Index of the target in ``projection.post``."""
        return int(self.projection.column("postsynaptic_index")[self.index])

    @property
    def presynaptic_cell(self) -> Any:
        """The source, as an ID."""
        return self.projection.pre[self.presynaptic_index]

    @property
    def postsynaptic_cell(self) -> Any:
        """The target, as an ID."""
        return self.projection.post[self.postsynaptic_index]

    source, target = presynaptic_cell, postsynaptic_cell

    def __getattr__(self, name: str) -> float:
        if name in {"projection", "index"}:  # while it is being copied
            raise AttributeError(name)
        try:
            return float(self.projection.column(name)[self.index])
        except errors.NonExistentParameterError as problem:
            raise AttributeError(str(problem)) from None

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            self.projection.write(name, value, self.index)
        except errors.NonExistentParameterError as problem:
            raise AttributeError(str(problem)) from None

    def __repr__(self) -> str:
        ends = f"{self.presynaptic_index} -> {self.postsynaptic_index}"
        return f"Connection({self.projection.label!r}, {ends}, weight={self.weight:g})"

    def as_tuple(self, *attribute_names: str) -> tuple[Any, ...]:
        """Return the values of some attributes.

        Parameters
        ----------
        *attribute_names : str
            Such as ``"presynaptic_index"`` or ``"weight"``.
        """
        return tuple(getattr(self, name) for name in attribute_names)


class Connections(Sequence[Connection]):
    """The synapses of a projection as views, which are made when they are asked for."""

    def __init__(self, projection: Any) -> None:
        self._projection = projection

    def __len__(self) -> int:
        return len(self._projection)

    @overload
    def __getitem__(self, index: int) -> Connection: ...

    @overload
    def __getitem__(self, index: slice) -> list[Connection]: ...

    def __getitem__(self, index: int | slice) -> Connection | list[Connection]:
        chosen = range(len(self))[index]
        if isinstance(chosen, int):
            return Connection(self._projection, chosen)
        return [Connection(self._projection, each) for each in chosen]

    def __iter__(self) -> Iterator[Connection]:
        return (Connection(self._projection, each) for each in range(len(self)))
