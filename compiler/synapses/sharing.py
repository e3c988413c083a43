"""Find connections whose synapses share the weights of a kernel after rounding."""

from __future__ import annotations

import numpy as np

from neurochip.network import Connection
from neurochip.typing import Int16Array, UInt8Array

__all__ = ["shared_kernel"]


def shared_kernel(
    connection: Connection, mantissa: Int16Array, delays: UInt8Array
) -> Int16Array | None:
    """Return the kernel of a connection in mantissas, or None if its synapses share none.

    A kernel says the same as the synapses if the connection has the shape of a convolution, all
    synapses with the same entry have the same mantissa, none of them is missing, and all delays are
    equal. Targets with different scales, or weights that are rounded with those of their target,
    have no kernel.

    Parameters
    ----------
    connection : Connection
        The synapses.
    mantissa : ndarray of int16, shape (n_synapses,)
        Their mantissas.
    delays : ndarray of uint8
        Their delays in steps; empty if all are 0.
    """
    shape = connection.convolution
    if shape is None or not connection.n_synapses or (delays != delays[:1]).any():
        return None
    entry = shape.entries(connection.pre, connection.post)
    if entry.min() < 0:
        return None
    kernel = np.zeros(shape.kernel_shape, dtype=np.int16)
    kernel.ravel()[entry] = mantissa
    if (kernel.ravel()[entry] != mantissa).any():
        return None
    used = np.bincount(entry[mantissa != 0], minlength=kernel.size).reshape(kernel.shape)
    complete = np.where(kernel != 0, shape.places(), 0)
    return kernel if np.array_equal(used, complete) else None
