"""Connectors of PyNN whose own code is slow for many neurons or synapses.

The sources of each target are found at once; all else, also the order of random draws, is PyNN's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pyNN.connectors import FixedTotalNumberConnector, FromListConnector, OneToOneConnector
from pyNN.errors import ConnectionError as PyNNConnectionError
from pyNN.random import NumpyRNG, RandomDistribution

__all__ = ["connect"]


def connect(connector: Any, projection: Any) -> None:
    """Let a connector connect a projection.

    Raises
    ------
    ConnectionError
        If a list names a neuron that does not exist, since PyNN leaves out such targets; or has no
        column for a parameter that is an expression, of which PyNN takes places in the list for
        distances.
    """
    find = _SOURCES.get(type(connector))
    sources = None if find is None else find(connector, *projection.shape)
    if sources is None:
        connector.connect(projection)
    else:
        connector._standard_connect(projection, lambda mask=None: sources)  # noqa: ARG005
    if isinstance(connector, FromListConnector) and len(connector.conn_list):
        _check_list(connector.conn_list, connector.column_names, projection)


def _check_list(listed: Any, columns: Any, projection: Any) -> None:
    for name, value in projection.synapse_type.parameter_space.items():
        if callable(value.base_value) and name not in columns:
            raise PyNNConnectionError(
                f"projection {projection.label!r}: a list of connections, and an expression for "
                f"{name}; allowed: a column of the list for {name}, or set({name}=...) afterwards."
            )
    for end, indices, size in zip(("source", "target"), listed.T, projection.shape, strict=False):
        bad = indices[~np.isin(indices, np.arange(size))]
        if len(bad):
            raise PyNNConnectionError(
                f"projection {projection.label!r}: a list of connections with {end} {bad[0]:g}; "
                f"allowed: whole numbers from 0 to {size - 1}."
            )


def _one_to_one(connector: Any, n_pre: int, n_post: int) -> list[Any]:  # noqa: ARG001
    """Return the source of each target; PyNN compares all pairs of indices."""
    return np.split(np.arange(min(n_pre, n_post)), np.arange(1, n_post))


def _fixed_total_number(connector: Any, n_pre: int, n_post: int) -> list[Any] | None:
    """Return the sources of each target; PyNN draws one synapse at a time.

    Source and target of each synapse are drawn in turn, after a number of synapses that is always n
    where there is one process.
    """
    if not isinstance(connector.rng, NumpyRNG):
        return None
    RandomDistribution("binomial", (connector.n, 1.0), connector.rng).next()
    drawn = connector.rng.randint(0, np.tile((n_pre, n_post), connector.n)).reshape(-1, 2)
    order = np.argsort(drawn[:, 1], kind="stable")
    sources, targets = drawn[order].T
    return np.split(sources, np.searchsorted(targets, np.arange(1, n_post)))


_SOURCES: dict[type, Callable[[Any, int, int], list[Any] | None]] = {
    OneToOneConnector: _one_to_one,
    FixedTotalNumberConnector: _fixed_total_number,
}
